#!/usr/bin/env python3
"""Trains the bearing model of the pump station on recordings of the simulator and writes the bundle folder.

  train.py [--out bundle]       # about a minute; `cargo` builds the simulator's example at the first start

The model is a small neural network (scikit-learn) that estimates the mean wear in the window from the contract's features.
It sees healthy operation with restarts and product changes, worn bearings, and what must not be taken for wear: cavitation,
a stuck vibration sensor, a drifting temperature sensor. Scaling and the limits 0 and 100 are in the ONNX graph.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from onnx import helper
from skl2onnx import to_onnx
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import station

sys.path.insert(0, str(station.HERE.parent / "common"))
import bundle_writer as bundle  # noqa: E402

FULL_SCORE_AT = 0.6  # mean wear in the window that is called 100
HEALTHY_SEED, WORN_SEED, OTHER_SEED = 11, 12, 13


def recordings():
    """(recording, faults): a day healthy, a day with a worn bearing each 10 minutes, a day of other faults."""
    rng = np.random.default_rng(7)
    worn = station.episodes("bearing-wear", rng, 24, 600, 90)
    other = []
    for i, name in enumerate(("cavitation", "sensor-stuck", "sensor-drift", "product-change")):
        other += [(n, on + 150 * i, off + 150 * i) for n, on, off in station.episodes(name, rng, 23, 1200, 240)]
    plan = ((24, HEALTHY_SEED, []), (24, WORN_SEED, worn), (24, OTHER_SEED, other))
    return [(station.record(hours, seed, faults), faults) for hours, seed, faults in plan]


def samples(recording, faults):
    """Features, target score and product of the windows to which the model applies."""
    x, applies = station.windows(recording)
    worn = station.wear(len(recording["state"]), faults)
    mean = np.convolve(worn, np.full(station.ROWS, 1 / station.ROWS), mode="valid")
    target = 100 * np.clip(mean / FULL_SCORE_AT, 0, 1)
    use = applies > 0
    return x[use], target[use], applies[use]


def train(recorded):
    parts = [samples(*r) for r in recorded]
    x, y = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    # every fifth healthy window is enough: neighbours share 19 of 20 rows
    keep = (y > 0) | (np.arange(len(y)) % 5 == 0)
    network = MLPRegressor(hidden_layer_sizes=(16, 8), activation="tanh", solver="lbfgs", alpha=1.0, max_iter=600, random_state=1)
    return make_pipeline(StandardScaler(), network).fit(x[keep], y[keep] / 100)


def onnx(pipeline, columns):
    """Input x [N, features], output score [N, 1] from 0 to 100."""
    model = to_onnx(pipeline, np.zeros((1, columns), dtype=np.float32), target_opset={"": 17, "ai.onnx.ml": 3})
    graph = model.graph
    old = graph.output[0].name
    given = graph.input[0].name  # skl2onnx calls it X
    graph.input[0].name = "x"
    for node in graph.node:
        node.input[:] = ["x" if name == given else name for name in node.input]
    for name, value in (("hundred", 100.0), ("lowest", 0.0)):
        graph.initializer.append(helper.make_tensor(name, 1, [], [value]))
    graph.node.append(helper.make_node("Mul", [old, "hundred"], ["of_hundred"]))
    graph.node.append(helper.make_node("Clip", ["of_hundred", "lowest", "hundred"], ["score"]))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("score", 1, [None, 1]))
    model.ir_version = 8
    return model


def contract(recorded):
    text = dict(station.TEMPLATE)
    healthy = recorded[0][0]
    _, applies = station.windows(healthy)
    bands = []
    for product, name in ((1, "running-base"), (2, "running-rich")):
        rows = np.flatnonzero(applies == product) + station.ROWS - 1
        for signal in text["signal"]:
            if signal.get("role") is None:
                bands.append(bundle.baseline(signal["name"], healthy[signal["name"]][rows], name))
    order = {}
    for key, value in text.items():
        if key == "tunable":
            order["baseline"] = bands
        order[key] = value
    return {**order, "golden": {"file": "golden.json"}}


def golden_inputs(recorded):
    """Both products healthy, a worn bearing, cavitation."""
    picked = []
    for recording, faults in recorded:
        x, y, product = samples(recording, faults)
        picked += [x[(product == p) & (y == 0)][1000:1001] for p in (1, 2)] if not faults else [x[np.argsort(y)[[-1, -500]]]]
    return [np.concatenate(picked[:2]), *picked[2:]]


def build(recorded, folder):
    model = onnx(train(recorded), len(station.TEMPLATE["feature"]))
    bundle.write(folder, contract(recorded), model, bundle.golden(model, golden_inputs(recorded), tolerance=0.05))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", type=Path, default=station.HERE / "bundle", help="bundle folder (default: the committed one)")
    a = ap.parse_args()
    build(recordings(), a.out)
    print(f"{(a.out / 'model.onnx').stat().st_size} bytes of model, bundle in {a.out}")


if __name__ == "__main__":
    main()
