"""The features of a contract in NumPy, by the formulas of crates/inference/src/features.rs (all but `band`)."""

import numpy as np


def windows(values, rows):
    """[time] -> [time - rows + 1, rows], a view."""
    return np.lib.stride_tricks.sliding_window_view(np.asarray(values, dtype=np.float64), rows)


def compute(feature, w, step_s):
    """One feature of each window: [windows, rows] -> [windows]."""
    op = feature["op"]
    centre = w.mean(axis=1, keepdims=True)
    if op == "last":
        return w[:, -1]
    if op in ("mean", "std", "min", "max"):
        return getattr(w, op)(axis=1)
    if op == "rms":
        return np.sqrt((w**2).mean(axis=1))
    if op == "kurtosis":
        variance = ((w - centre) ** 2).mean(axis=1)
        rounding = np.abs(centre[:, 0]) * np.finfo(float).eps * 4
        flat = variance <= rounding**2
        return np.where(flat, 0.0, ((w - centre) ** 4).mean(axis=1) / np.where(flat, 1.0, variance) ** 2)
    if op == "crest":
        rms = np.sqrt((w**2).mean(axis=1))
        return np.where(rms == 0, 0.0, np.abs(w).max(axis=1) / np.where(rms == 0, 1.0, rms))
    if op == "lag":
        return w[:, -1 - feature["steps"]]
    if op == "diff":
        return w[:, -1] - w[:, -2]
    if op == "rate":
        return (w[:, -1] - w[:, 0]) / ((w.shape[1] - 1) * step_s)
    raise ValueError(f"feature {op} is not known here")


def matrix(contract_features, columns, rows, step_s):
    """[windows, features] in tensor order; `columns` gives the values of a signal. NaN where a row has no value."""
    with np.errstate(invalid="ignore"):
        return np.stack([compute(f, windows(columns[f["signal"]], rows), step_s) for f in contract_features], axis=1)
