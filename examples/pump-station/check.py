#!/usr/bin/env python3
"""Checks the committed bundle of the pump station: the same seeds still give the same model, and it does what README.md says.

  check.py                        # everything, with the table of README.md
  check.py --no-train --hours 1   # a minute: shorter recordings

Recordings that no training saw go through `lastmile bundle run`: nothing of the model or of its rule is here.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import station
import train

HEALTHY_SEEDS, WORN_SEED, OTHER_SEED = (21, 22), 31, 41
HOURS = 48  # of healthy operation per seed; a quarter of it with each fault, at least one


def replay(folder, lastmile, seconds, seed, faults=()):
    """Score per second (NaN where there is none) and the seconds at which advice was raised."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "recording.csv"
        file.write_text(station.history(seconds / 3600, seed, faults), encoding="utf-8")
        with open(file, encoding="utf-8") as text:
            start = int((text.readline(), text.readline())[1].split(",")[0])
        run = subprocess.run([lastmile, "bundle", "run", folder, "--samples", file], check=True, stdout=subprocess.PIPE)
    scores, raised = np.full(seconds + 1, np.nan), []
    for line in map(json.loads, run.stdout.splitlines()):
        second = (line["arrival_us"] - start) // 1_000_000
        if line.get("output") == "score" and line["value"] is not None:
            scores[second] = line["value"]
        elif line.get("decision") == "raise":
            raised.append(second)
    return scores, np.array(raised, dtype=int)


def healthy(run, hours):
    bad = 0
    for seed in HEALTHY_SEEDS:
        scores, raised = run(hours * 3600, seed)
        bad += len(raised)
        share = np.isfinite(scores).mean()
        print(f"healthy, seed {seed}, {hours:g} h: {len(raised)} advisories, highest score {np.nanmax(scores):.1f}, applicable {share:.0%} of the time")
    return [f"{bad} false advisories"] if bad else []


def worn(run, hours):
    """A worn bearing for two minutes each quarter of an hour, wherever restarts and product changes fall."""
    episodes = station.episodes("bearing-wear", np.random.default_rng(99), hours, 900, 120)
    faults = [(name, on, on + 120) for name, on, _ in episodes]
    scores, raised = run(hours * 3600, WORN_SEED, faults)
    delays, late = [], []
    for _, on, off in faults:
        found = raised[(raised >= on) & (raised < off + 5)]
        blind = np.isnan(scores[on - 1 : on + station.ROWS + 39]).any()
        (late if blind else delays).append(found[0] - on if len(found) else np.inf)
    said = lambda all: f"{np.median(all):.0f} s (median), {max(all):.0f} s at most" if all else "-"
    print(f"worn bearing, {len(delays)} times while the model applied: advisory after {said(delays)}; "
          f"{len(late)} times during a restart or product change: {said(late)}")  # fmt: skip
    if not delays:
        return ["no bearing wore out while the model applied: measure for longer"]
    return [f"a worn bearing took {max(delays)} s"] if max(delays) > 30 else []


def others(run, hours):
    problems = []
    for name in ("cavitation", "sensor-stuck", "sensor-drift", "sensor-break", "product-change"):
        faults = [(name, on, on + 300) for _, on, _ in station.episodes(name, np.random.default_rng(98), hours, 1200, 300)]
        scores, raised = run(hours * 3600, OTHER_SEED, faults)
        print(f"{name}, {len(faults)} times 5 min: {len(raised)} advisories, highest score {np.nanmax(scores):.1f}")
        problems += [f"{name} is taken for wear"] if len(raised) else []
    return problems


def same_model(folder, lastmile):
    """Trains anew and compares scores on worn and healthy windows; optimisers differ in the last digits between machines."""
    with tempfile.TemporaryDirectory() as fresh:
        fresh = Path(fresh)
        recorded = train.recordings()
        train.build(recorded, fresh)
        given = (24 * 3600, train.WORN_SEED, recorded[1][1])
        differs = np.abs(replay(folder, lastmile, *given)[0] - replay(fresh, lastmile, *given)[0])
        contracts = [(f / "contract.toml").read_text(encoding="utf-8") for f in (folder, fresh)]
    mean, worst = np.nanmean(differs), np.nanquantile(differs, 0.999)
    print(f"trained anew: scores differ by {mean:.2f} on average, {worst:.2f} in all but 0.1 % of the windows")
    problems = [] if mean < 1.0 and worst < 10.0 else ["the committed model is not what train.py gives: run train.py and commit the bundle"]
    return problems + ([] if contracts[0] == contracts[1] else ["the committed contract is not what train.py gives"])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bundle", type=Path, default=station.HERE / "bundle")
    ap.add_argument("--lastmile", default=os.environ.get("LASTMILE_BIN", "lastmile"), help="the program (default: on the search path)")
    ap.add_argument("--no-train", action="store_true")
    ap.add_argument("--hours", type=int, default=HOURS, help="of healthy operation per seed (default 48)")
    a = ap.parse_args()
    os.environ.setdefault("LASTMILE_ONNXRUNTIME", str(station.ROOT / ".scratch/onnxruntime/libonnxruntime.so"))
    run = lambda seconds, seed, faults=(): replay(a.bundle, a.lastmile, seconds, seed, faults)
    problems = [] if a.no_train else same_model(a.bundle, a.lastmile)
    problems += healthy(run, a.hours) + worn(run, max(a.hours // 4, 1)) + others(run, max(a.hours // 4, 1))
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
