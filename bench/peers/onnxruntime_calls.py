"""How long a call of a model takes in onnxruntime's own Python package, within one process.

    onnxruntime_calls.py MANIFEST CALLS NAME…

As `crates/inference/examples/calls.rs`: the first row of the inputs, CALLS times, one thread. Ends with one line of JSON, per
model the median `NAME.call_us` and `NAME.call_p99_us`.
"""

import json
import pathlib
import sys
import time

import numpy as np
import onnxruntime as ort

WARM_UP = 200
KINDS = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(string)": object}

manifest, calls, *names = sys.argv[1:]
folder = pathlib.Path(manifest).parent
cases = {case["name"]: case for case in json.loads(pathlib.Path(manifest).read_text())["zoo"]}
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
figures = {}
for name in names:
    session = ort.InferenceSession(folder / cases[name]["model"], options, providers=["CPUExecutionProvider"])
    feed = {}
    for port in session.get_inputs():
        given = cases[name]["inputs"][port.name]
        feed[port.name] = np.array(given["data"], dtype=KINDS[port.type]).reshape(given["shape"])[:1]
    for _ in range(WARM_UP):
        session.run(None, feed)
    times = []
    for _ in range(int(calls)):
        begun = time.perf_counter_ns()
        session.run(None, feed)
        times.append(time.perf_counter_ns() - begun)
    times.sort()
    figures[f"{name}.call_us"] = times[len(times) // 2] / 1e3
    figures[f"{name}.call_p99_us"] = times[int(len(times) * 0.99)] / 1e3
print(json.dumps(figures))
