"""What the makers of models share: building a graph, tensors as JSON, and what onnxruntime makes of a model."""

import math

import numpy as np
import onnxruntime as ort
from onnx import helper as h
from onnx import numpy_helper as nh

OPSET = 17


def graph_model(nodes, inputs, outputs, initializers=(), opset=OPSET, extra=()):
    graph = h.make_graph(nodes, "g", inputs, outputs, [nh.from_array(v, k) for k, v in initializers])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset), *extra])
    model.ir_version = 8
    return model


def value(name, kind, shape):
    return h.make_tensor_value_info(name, kind, shape)


def plain(element):
    """JSON knows no NaN and no infinity: `lastmile model run` reads and writes them as these texts."""
    if isinstance(element, float) and not math.isfinite(element):
        return "NaN" if math.isnan(element) else ("Infinity" if element > 0 else "-Infinity")
    return element


def as_json(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "data": [plain(element) for element in array.reshape(-1).tolist()]}


def all_json(arrays):
    return {name: as_json(array) for name, array in arrays.items()}


def session(data):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def answers(data, inputs):
    """What onnxruntime's Python package gives, by output name."""
    runs = session(data)
    return dict(zip([output.name for output in runs.get_outputs()], runs.run(None, inputs)))
