"""Writes a bundle folder (contract.toml, model.onnx, golden.json) as docs/how-to/bundle-contract.md describes it.

Shared by the examples. It checks nothing that `lastmile bundle check` checks; it only writes, always in the same way.
"""

import json
import math
from pathlib import Path

import numpy as np
import onnx
import onnxruntime


def toml(table):
    """A dict as TOML: plain values and dicts of plain values first, then lists of dicts as [[tables]]."""
    head, tables = [], []
    for key, value in table.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for entry in value:
                long = {k: v for k, v in entry.items() if isinstance(v, dict) and len(v) > 4}
                tables.append(f"\n[[{key}]]\n" + toml_keys({k: v for k, v in entry.items() if k not in long}))
                tables += [f"\n[{key}.{k}]\n" + toml_keys(v) for k, v in long.items()]
        elif isinstance(value, dict) and not is_words(value):
            tables.append(f"\n[{key}]\n" + toml_keys(value))
        else:
            head.append(toml_keys({key: value}))
    return "".join(head) + "".join(tables)


def is_words(value):
    return isinstance(value, dict) and "en" in value


def toml_keys(table):
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in table.items() if value is not None)


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        assert math.isfinite(value), value
        text = f"{float(value):.9g}"
        return text if any(c in text for c in ".en") else text + ".0"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }"
    return "[" + ", ".join(toml_value(v) for v in value) + "]"


def span(seconds):
    """A time as the contract writes it, in whole milliseconds: the path's clock has no finer step."""
    millis = round(seconds * 1000)
    if abs(millis - seconds * 1000) > 1e-6:
        raise SystemExit(f"{seconds} s is not a whole number of milliseconds: choose a speed that divides 60000")
    return f"{millis // 1000}s" if millis % 1000 == 0 else f"{millis}ms"


def baseline(signal, values, condition=None):
    """The normal band (0.5 % to 99.5 %) and the deciles of a signal in normal data."""
    low, high = (rounded(q) for q in np.quantile(values, [0.005, 0.995]))
    quantiles = [rounded(q) for q in np.quantile(values, np.linspace(0, 1, 11))]
    entry = {"condition": condition, "signal": signal, "low": low, "high": high, "quantiles": quantiles}
    return {key: value for key, value in entry.items() if value is not None}


def rounded(value):
    """Six digits: for people, and so that the last digits of a sum do not change the file."""
    return float(f"{value:.6g}")


def tensor(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "data": [float(f"{v:.9g}") for v in array.ravel()]}


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def golden(model, inputs, tolerance):
    """One golden case per input tensor, with what ONNX Runtime gives here. The input is rounded first, as it is in the file."""
    run, cases = session(model), []
    name, outputs = run.get_inputs()[0].name, [o.name for o in run.get_outputs()]
    for x in inputs:
        x = np.asarray(x, dtype=np.float32)
        results = run.run(outputs, {name: x})
        given = {o: tensor(r) for o, r in zip(outputs, results)}
        cases.append({"inputs": {name: tensor(x)}, "outputs": given, "tolerance": tolerance})
    return cases


def write(folder, contract, model, cases):
    onnx.checker.check_model(model, full_check=True)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / contract["model"]).write_bytes(model.SerializeToString())
    (folder / contract["golden"]["file"]).write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    (folder / "contract.toml").write_text(toml(contract), encoding="utf-8")
