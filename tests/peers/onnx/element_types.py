"""One small model per element type that travels to the worker and back, and the odd shapes: scalar, empty, two inputs."""

import numpy as np
from onnx import TensorProto as T
from onnx import helper as h

from common import graph_model, value


def all_types(_rng):
    for kind, dtype in [
        (T.DOUBLE, np.float64), (T.FLOAT16, np.float16), (T.INT64, np.int64), (T.INT32, np.int32), (T.INT16, np.int16),
        (T.INT8, np.int8), (T.UINT8, np.uint8), (T.UINT16, np.uint16), (T.UINT32, np.uint32), (T.UINT64, np.uint64),
    ]:
        largest = np.finfo(dtype).max if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
        yield f"identity_{np.dtype(dtype).name}", graph_model(
            [h.make_node("Identity", ["x"], ["y"])], [value("x", kind, [None])], [value("y", kind, [None])],
        ), {"x": np.array([0, 1, 2, 100, largest], dtype=dtype)}
    yield "not", graph_model(
        [h.make_node("Not", ["x"], ["y"])], [value("x", T.BOOL, [None, 2])], [value("y", T.BOOL, [None, 2])],
    ), {"x": np.array([[True, False], [False, False]])}
    yield "text", graph_model(
        [h.make_node("Identity", ["x"], ["y"])], [value("x", T.STRING, [None])], [value("y", T.STRING, [None])],
    ), {"x": np.array(["base", "Ä", ""], dtype=object)}
    yield "not_finite", graph_model(
        [h.make_node("Neg", ["x"], ["y"])], [value("x", T.FLOAT, [None])], [value("y", T.FLOAT, [None])],
    ), {"x": np.array([np.nan, np.inf, -np.inf], dtype=np.float32)}
    yield "scalar", graph_model(
        [h.make_node("Neg", ["x"], ["y"])], [value("x", T.FLOAT, [])], [value("y", T.FLOAT, [])],
    ), {"x": np.array(2.5, dtype=np.float32)}
    yield "empty", graph_model(
        [h.make_node("Neg", ["x"], ["y"])], [value("x", T.FLOAT, ["N", 3])], [value("y", T.FLOAT, ["N", 3])],
    ), {"x": np.zeros((0, 3), dtype=np.float32)}
    yield "two_inputs", graph_model(
        [h.make_node("Add", ["a", "b"], ["sum"]), h.make_node("Sub", ["a", "b"], ["difference"])],
        [value("a", T.FLOAT, ["N"]), value("b", T.FLOAT, ["N"])],
        [value("sum", T.FLOAT, ["N"]), value("difference", T.FLOAT, ["N"])],
    ), {"a": np.array([1, 2], dtype=np.float32), "b": np.array([3, 5], dtype=np.float32)}
