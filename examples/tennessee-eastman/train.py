#!/usr/bin/env python3
"""Trains the Tennessee Eastman monitor on normal operation of mode 1 and writes its bundle folder.

  train.py --speed 120 --out bundle      # for a plant that runs 120 times faster than real time
"""

import argparse
import sys
import time
import tomllib
from pathlib import Path

import numpy as np

import process
from detector import Detector

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import bundle_writer as bundle  # noqa: E402

TRAIN, LIMIT = (101, 102, 111, 112), (103, 113, 114, 115)  # seeds; 104 and 301, 302 are for the table, 16..20 for nobody
HOURS = 96  # per run, the first 24 for settling
MARGIN = 1.15


def train(jobs):
    """The detector and the rows it was trained on."""
    data = {job[0]: (times, values) for job, times, values in process.runs([(s, 0, HOURS) for s in TRAIN + LIMIT], jobs)}
    _, fast, noisy = process.signals()
    normal = [process.rows(*data[seed])[1] for seed in TRAIN]
    rng = np.random.default_rng(1)
    unseen = []
    for seed in LIMIT:  # limits hold for even rows, for uneven ones and for repeated ones
        unseen.append(process.rows(*data[seed])[1])
        unseen.append(process.rows(*data[seed], rng)[1])
        unseen.append(process.rows(*data[seed], rng, age_s=54, hiccups=0.05)[1])
    return Detector(fast, noisy).fit(normal).calibrate(unseen, MARGIN), np.concatenate(normal), unseen[0]


def contract(speed, normal):
    """contract.template.toml with its times divided by `speed`, and what follows from the signals and the training data."""
    text = tomllib.loads((process.HERE / "contract.template.toml").read_text(encoding="utf-8"))
    span = lambda seconds: bundle.span(seconds / speed)
    every, gap = text["signals"]["rate"], text["signals"]["max_gap"]
    signals = [
        {
            "name": tag["signal"],
            "title": {"en": tag["title"], "de": tag["title_de"]},
            "unit": tag["unit"],
            "range": [float(tag["low"]), float(tag["high"])],
            "rate": span(every),
            "max_gap": bundle.span(max(gap / speed, 1.0)),
        }
        for tag in process.signals()[0]
    ]
    window = text["window"]
    condition = text["condition"][0]["name"]
    return {
        **{key: text[key] for key in ("format", "name", "version", "title", "about", "model")},
        "trigger": {**text["trigger"], "period": span(text["trigger"]["period"])},
        "window": {**window, "length": span(window["length"]), "step": span(window["step"])},
        "signal": signals,
        "tensor": {"input": "x", "layout": "window", "dtype": "f32"},
        "output": text["output"],
        "condition": text["condition"],
        "baseline": [bundle.baseline(s["name"], normal[:, i], condition) for i, s in enumerate(signals)],
        "tunable": text["tunable"],
        "decision": text["decision"],
        "golden": {"file": "golden.json"},
    }


def golden_inputs(normal, std):
    """Normal windows, one in which rows repeat, one in which a signal jumped, one far away."""
    w = normal[1000:1060]
    repeated, jumped = w[:20].copy(), w[20:40].copy()
    repeated[15:17] = repeated[14]
    jumped[17:, 8] += 5 * std[8]
    return [np.stack([w[:20], w[40:60]]), repeated[None], jumped[None], (w[:20] + 50 * std)[None]]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--speed", type=float, default=120, help="process seconds in a wall second of the plant to watch (default 120)")
    ap.add_argument("--out", type=Path, default=process.SCRATCH / "bundle", help="bundle folder (default .scratch/tep/bundle)")
    ap.add_argument("--jobs", type=int, default=2, help="processes that simulate (default 2)")
    a = ap.parse_args()
    bundle.span(60 / a.speed)
    start = time.monotonic()
    detector, normal, unseen = train(a.jobs)
    model = detector.onnx()
    run, w = bundle.session(model), np.stack([unseen[i : i + 20] for i in range(500)]).astype(np.float32)
    here = np.sqrt(detector.statistics(unseen[:519]).max(axis=1))
    differs = float(np.abs(run.run(["score"], {"x": w})[0][:, 0] - here).max())
    assert differs < 1e-2, f"the ONNX graph differs from NumPy by {differs}"
    cases = bundle.golden(model, golden_inputs(normal, detector.std), tolerance=1e-3)
    bundle.write(a.out, contract(a.speed, normal), model, cases)
    size = (a.out / "model.onnx").stat().st_size
    print(f"trained on {len(normal)} rows of normal operation in {time.monotonic() - start:.0f} s; model {size / 1000:.0f} kB, "
          f"differs from NumPy by {differs:.1e}; bundle for speed {a.speed:g} in {a.out}")


if __name__ == "__main__":
    main()
