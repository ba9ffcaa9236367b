"""The tests that ONNX itself has for its operators ("node tests"), made by the onnx package: a seeded sample of those that
onnxruntime's Python package passes."""

import warnings

import numpy as np
import onnx
from onnx import numpy_helper as nh

from common import as_json, session

# what a tensor on the way to the worker can hold
KINDS = {"bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
         "object"}


def passing(seed, count):
    """Yields `count` cases as the manifest has them, and at the end returns how many were looked at for that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = sorted(collect_testcases(None), key=lambda case: case.name)
    order = np.random.default_rng(seed).permutation(len(cases))
    found = looked = 0
    for at in order:
        if found == count:
            break
        looked += 1
        case = cases[at]
        # some cases share a name
        row = passes(case)
        if row is not None:
            found += 1
            yield case.name, case.model.SerializeToString(), row
    return looked, len(cases)


def passes(case):
    """Inputs and expected outputs of a case that onnxruntime's Python package passes, else None."""
    data = case.model.SerializeToString()
    given, expected = ([array(one) for one in side] for side in case.data_sets[0])
    feed = {port.name: one for port, one in zip(case.model.graph.input, given) if one is not None}
    try:
        results = session(data).run(None, feed)
        equal = len(results) == len(expected) and all(
            is_equal(result, one, case) for result, one in zip(results, expected))
    except Exception:  # noqa: BLE001 whatever stops it, it does not pass
        return None
    if not equal:
        return None
    row = {"rtol": float(case.rtol), "atol": float(case.atol), "outputs": {}}
    row["plain"] = all(is_plain(one) for one in [*feed.values(), *expected])
    if row["plain"]:
        row["inputs"] = {name: told(one) for name, one in feed.items()}
        row["outputs"] = {port.name: told(one) for port, one in zip(case.model.graph.output, expected)}
    return row


def is_plain(one):
    """A tensor, or a list of them, of a type that travels."""
    if isinstance(one, list):
        return all(isinstance(array(part), np.ndarray) and is_plain(array(part)) for part in one)
    return isinstance(one, np.ndarray) and str(one.dtype) in KINDS


def told(one):
    return [as_json(array(part)) for part in one] if isinstance(one, list) else as_json(one)


def array(one):
    if isinstance(one, onnx.TensorProto):
        return nh.to_array(one)
    if one is None or isinstance(one, list):
        return one
    one = np.asarray(one)
    return one.astype(object) if one.dtype.kind == "U" else one


def is_equal(result, expected, case):
    if isinstance(expected, list):
        return len(result) == len(expected) and all(is_equal(a, array(b), case) for a, b in zip(result, expected))
    if expected is None:
        return result is None
    if result.shape != expected.shape or result.dtype != expected.dtype:
        return False
    if expected.dtype.kind in "OSb":
        return bool(np.array_equal(result, expected))
    return np.allclose(result, expected, rtol=case.rtol, atol=case.atol, equal_nan=True)
