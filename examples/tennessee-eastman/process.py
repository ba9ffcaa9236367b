"""Samples of the process for training and for the table: simulated once, kept in .scratch, read at any rhythm of scans."""

import csv
import multiprocessing
import os
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRATCH = ROOT / ".scratch" / "tep"
sys.path.insert(0, str(ROOT / "tests" / "peers" / "tep"))
import plant  # noqa: E402  (the peer is not a package: tests start it as a program)

SETTLE_H, ONSET_H, FAULT_H = 24, 26, 12
FINE_S, ROW_S = 6, 60  # the kept samples, and the rows of a window
STILL = ("compressor_recycle_valve", "stripper_steam_valve", "reactor_agitator_speed")  # nothing moves them in the base case


def tags():
    """The rows of tags.csv: 41 measurements, then 12 valves and drives."""
    with open(HERE / "tags.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def signals():
    """Tags in the order of the tensor: fast measurements, moving valves, analysers. How many are fast, and how many noisy."""
    rows = tags()
    assert [row["signal"] for row in rows] == plant.NAMES, "tags.csv and tep-studio name different tags"
    noisy, analysers = rows[:22], rows[22:41]
    moving = [row for row in rows[41:] if row["signal"] not in STILL]
    return noisy + moving + analysers, len(noisy) + len(moving), len(noisy)


def columns():
    return [plant.NAMES.index(row["signal"]) for row in signals()[0]]


def simulate(job):
    """One run after settling, a sample each 6 process seconds: (name, times, values). idv 0 = normal operation."""
    seed, idv, hours = job
    path = SCRATCH / f"run-seed{seed}-idv{idv}-{hours:g}h.npz"
    if not path.exists():
        plan = [(idv, ONSET_H * 3600.0, float("inf"))] if idv else []
        times, values, _ = plant.poll(plant.settled(seed, 1, SETTLE_H, plan), hours, FINE_S)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(part, times=times, values=values.astype(np.float32))
        part.replace(path)
    with np.load(path) as kept:
        return job, kept["times"], kept["values"]


def runs(jobs, processes):
    """(seed, idv, hours) -> (times, values), in the order given."""
    with multiprocessing.Pool(min(processes, len(jobs))) as pool:
        for job, times, values in pool.imap(simulate, jobs):
            yield job, times, values


def rows(times, values, rng=None, age_s=30, hiccups=0.0):
    """What a window's rows see, one each 60 s, as (times, [rows, signals]). Without `rng` every scan comes at the row's own
    time. With it a scan is up to `age_s` old, valves are read a moment after measurements, and now and then (`hiccups`, a
    share of the rows) the edge is late and one to three rows repeat the one before."""
    pick = np.arange(0, len(times), ROW_S // FINE_S)
    if rng is None:
        return times[pick], values[pick][:, columns()].astype(np.float64)
    pick = pick[1:]
    at = pick - rng.integers(0, age_s // FINE_S + 1, len(pick))
    for start in np.flatnonzero(rng.random(len(at)) < hiccups):
        at[start : start + rng.integers(1, 4)] = at[max(start - 1, 0)]
    seen = values[at].copy()
    seen[:, 41:] = values[np.minimum(at + rng.integers(0, 2, len(at)), len(values) - 1)][:, 41:]
    return times[pick], seen[:, columns()].astype(np.float64)
