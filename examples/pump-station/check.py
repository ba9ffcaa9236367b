#!/usr/bin/env python3
"""Checks the committed bundle of the pump station: the same seeds still give the same model, and it does what README.md says.

  check.py            # about two minutes: trains again, then healthy and faulty recordings that no training saw
  check.py --no-train # only the recordings
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

import station
import train

ADVICE_FROM, CLEAR, IN_ROW = 60.0, 0.8, 3
HEALTHY_SEEDS, HEALTHY_HOURS = (21, 22), 48
WORN_SEED, OTHER_SEED = 31, 41


def scores(folder, recording):
    """Score of each window, NaN where the model does not apply."""
    model = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    x, applies = station.windows(recording)
    result = np.full(len(x), np.nan)
    result[applies > 0] = model.run(["score"], {"x": x[applies > 0].astype(np.float32)})[0][:, 0]
    return result


def raises(values):
    """Seconds at which the advisory is raised."""
    up, above, clear, at = False, 0, 0, []
    for second, value in enumerate(values, start=station.ROWS - 1):
        if np.isnan(value):
            continue
        above = above + 1 if value > ADVICE_FROM else 0
        clear = clear + 1 if value <= ADVICE_FROM * CLEAR else 0
        if not up and above >= IN_ROW:
            up = True
            at.append(second)
        elif up and clear >= IN_ROW:
            up = False
    return np.array(at)


def healthy(folder):
    bad = 0
    for seed in HEALTHY_SEEDS:
        values = scores(folder, station.record(HEALTHY_HOURS, seed))
        found = len(raises(values))
        bad += found
        share = np.isfinite(values).mean()
        print(f"healthy, seed {seed}, {HEALTHY_HOURS} h: {found} advisories, highest score {np.nanmax(values):.1f}, applicable {share:.0%} of the time")
    return [f"{bad} false advisories"] if bad else []


def worn(folder):
    """A worn bearing for two minutes each quarter of an hour, wherever restarts and product changes fall."""
    faults = [(name, on, on + 120) for name, on, _ in station.episodes("bearing-wear", np.random.default_rng(99), 12, 900, 120)]
    values = scores(folder, station.record(12, WORN_SEED, faults))
    at, delays, late = raises(values), [], []
    for _, on, off in faults:
        found = at[(at >= on) & (at < off + 5)]
        blind = np.isnan(values[on - station.ROWS : on + 40]).any()
        if blind:
            late.append(found[0] - on if len(found) else np.inf)
        else:
            delays.append(found[0] - on if len(found) else np.inf)
    print(f"worn bearing, {len(delays)} times while the model applied: advisory after {np.median(delays):.0f} s (median), {max(delays):.0f} s at most; "
          f"{len(late)} times during a restart or product change: {np.median(late):.0f} s, {max(late):.0f} s at most")  # fmt: skip
    return [f"a worn bearing took {max(delays)} s"] if max(delays) > 30 else []


def others(folder):
    problems = []
    for name in ("cavitation", "sensor-stuck", "sensor-drift", "sensor-break", "product-change"):
        faults = [(name, on, on + 300) for _, on, _ in station.episodes(name, np.random.default_rng(98), 12, 1200, 300)]
        values = scores(folder, station.record(12, OTHER_SEED, faults))
        found = len(raises(values))
        print(f"{name}, {len(faults)} times 5 min: {found} advisories, highest score {np.nanmax(values):.1f}")
        problems += [f"{name} is taken for wear"] if found else []
    return problems


def same_model(folder):
    """Trains anew and compares scores on worn and healthy windows; optimisers differ in the last digits between machines."""
    with tempfile.TemporaryDirectory() as fresh:
        fresh = Path(fresh)
        recorded = train.recordings()
        train.build(recorded, fresh)
        recording, faults = recorded[1]
        differs = np.abs(scores(folder, recording) - scores(fresh, recording))
        contracts = [(f / "contract.toml").read_text(encoding="utf-8") for f in (folder, fresh)]
    mean, worst = np.nanmean(differs), np.nanquantile(differs, 0.999)
    print(f"trained anew: scores differ by {mean:.2f} on average, {worst:.2f} in all but 0.1 % of the windows")
    problems = [] if mean < 1.0 and worst < 10.0 else ["the committed model is not what train.py gives: run train.py and commit the bundle"]
    return problems + ([] if contracts[0] == contracts[1] else ["the committed contract is not what train.py gives"])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bundle", type=Path, default=station.HERE / "bundle")
    ap.add_argument("--no-train", action="store_true")
    a = ap.parse_args()
    problems = [] if a.no_train else same_model(a.bundle)
    problems += healthy(a.bundle) + worn(a.bundle) + others(a.bundle)
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
