"""Recordings of the simulated pump station and what the contract makes of them: features, conditions, true wear."""

import csv
import io
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "common"))
import features  # noqa: E402

TEMPLATE = tomllib.loads((HERE / "contract.template.toml").read_text(encoding="utf-8"))
ROWS = 20  # window.length / window.step
SETTLING_S = 30  # condition.for
WEAR_S = 25.0  # a bearing is done for so long after the switch, and new again within a fifth of it


def history(hours, seed, faults=()):
    """A recording as the simulator writes it, a CSV file with one row a second. `faults`: [(name, on_s, off_s)]."""
    built = os.environ.get("LASTMILE_PUMP_HISTORY")  # tests have built the simulator's example already
    program = [built] if built else ["cargo", "run", "--quiet", "--package", "simulator", "--example", "pump_history", "--"]
    switches = [part for name, on, off in faults for part in ("--fault", f"{name}@{on}-{off}")]
    command = [*program, "--hours", str(hours), "--seed", str(seed), "--every", "1", *switches]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def record(hours, seed, faults=()):
    """The same as column -> values."""
    rows = list(csv.DictReader(io.StringIO(history(hours, seed, faults))))
    wanted = [signal["name"] for signal in TEMPLATE["signal"]]
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in wanted}


def episodes(name, rng, hours, every_s, longest_s):
    """A fault that comes again and again, 20 s to `longest_s` long: [(name, on_s, off_s)]."""
    starts = np.arange(every_s, hours * 3600 - longest_s, every_s)
    starts = (starts + rng.uniform(0, every_s / 2, len(starts))).astype(int)
    return [(name, int(s), int(s + rng.integers(20, longest_s + 1))) for s in starts]


def wear(length, faults):
    """The true wear, 0 to 1, in each second (while the pump turns)."""
    worn, now = np.zeros(length), 0.0
    on = np.zeros(length, dtype=bool)
    for name, start, stop in faults:
        if name == "bearing-wear":
            on[start:stop] = True
    for second in range(1, length):
        now = min(now + 1 / WEAR_S, 1.0) if on[second - 1] else max(now - 5 / WEAR_S, 0.0)
        worn[second] = now
    return worn


def condition(recording):
    """For each window: 1 or 2 where the model applies to that product, else 0."""
    running = (recording["state"] == 2) & (np.abs(recording["speed"] - 1480) <= 80)
    product = np.where(running, recording["product"], 0)
    held, applies = 0, np.zeros(len(product), dtype=int)
    for second in range(1, len(product)):
        held = held + 1 if product[second] == product[second - 1] else 0
        applies[second] = product[second] if held >= SETTLING_S else 0
    return applies[ROWS - 1 :]


def windows(recording):
    """[windows, features] as the tensor of the contract, and which windows the model applies to (by product)."""
    x = features.matrix(TEMPLATE["feature"], recording, ROWS, 1.0)
    usable = np.isfinite(x).all(axis=1)
    return x, np.where(usable, condition(recording), 0)
