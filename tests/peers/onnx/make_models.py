"""Writes small models of the kinds that industry uses, inputs for them and what onnxruntime makes of them.

    python make_models.py OUT_DIR

OUT_DIR gets one .onnx per model and `manifest.json`:
    {"equal":   [{"name", "model", "inputs": {name: {"shape", "data"}}, "outputs": {...}}],
     "hostile": [{"name", "model", "inputs"}]}
Everything is seeded. The expected outputs come from onnxruntime's Python package with one thread.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh

SEED = 7
OPSET = 17


def graph_model(nodes, inputs, outputs, initializers=(), opset=OPSET, extra=()):
    graph = h.make_graph(nodes, "g", inputs, outputs, [nh.from_array(v, k) for k, v in initializers])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset), *extra])
    model.ir_version = 8
    return model


def value(name, kind, shape):
    return h.make_tensor_value_info(name, kind, shape)


def networks(rng):
    def weights(*shape):
        return (rng.standard_normal(shape) * 0.3).astype(np.float32)

    yield "mlp", graph_model(
        [h.make_node("Gemm", ["x", "w1", "b1"], ["a"]), h.make_node("Relu", ["a"], ["b"]),
         h.make_node("Gemm", ["b", "w2", "b2"], ["c"]), h.make_node("Sigmoid", ["c"], ["score"])],
        [value("x", T.FLOAT, ["N", 6])], [value("score", T.FLOAT, ["N", 1])],
        [("w1", weights(6, 16)), ("b1", weights(16)), ("w2", weights(16, 1)), ("b2", weights(1))],
    ), {"x": rng.standard_normal((5, 6)).astype(np.float32)}

    yield "autoencoder", graph_model(
        [h.make_node("Gemm", ["x", "w1", "b1"], ["a"]), h.make_node("Tanh", ["a"], ["b"]),
         h.make_node("Gemm", ["b", "w2", "b2"], ["y"]), h.make_node("Sub", ["x", "y"], ["d"]),
         h.make_node("ReduceSumSquare", ["d"], ["error"], axes=[1], keepdims=1)],
        [value("x", T.FLOAT, ["N", 12])], [value("error", T.FLOAT, ["N", 1])],
        [("w1", weights(12, 4)), ("b1", weights(4)), ("w2", weights(4, 12)), ("b2", weights(12))],
    ), {"x": rng.standard_normal((3, 12)).astype(np.float32)}

    hidden, signals, steps = 8, 3, 20
    yield "lstm", graph_model(
        [h.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
         h.make_node("LSTM", ["t", "w", "r", "b"], ["", "last"], hidden_size=hidden),
         h.make_node("Squeeze", ["last", "zero"], ["s"]), h.make_node("Gemm", ["s", "wo"], ["y"])],
        [value("x", T.FLOAT, ["N", steps, signals])], [value("y", T.FLOAT, ["N", 1])],
        [("w", weights(1, 4 * hidden, signals)), ("r", weights(1, 4 * hidden, hidden)),
         ("b", weights(1, 8 * hidden)), ("wo", weights(hidden, 1)), ("zero", np.array([0], dtype=np.int64))],
    ), {"x": rng.standard_normal((4, steps, signals)).astype(np.float32)}

    yield "conv1d", graph_model(
        [h.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1]),
         h.make_node("Conv", ["t", "w", "b"], ["c"], kernel_shape=[5], dilations=[2], pads=[4, 4]),
         h.make_node("Relu", ["c"], ["r"]), h.make_node("GlobalAveragePool", ["r"], ["p"]),
         h.make_node("Flatten", ["p"], ["y"])],
        [value("x", T.FLOAT, ["N", 64, signals])], [value("y", T.FLOAT, ["N", 4])],
        [("w", weights(4, signals, 5)), ("b", weights(4))],
    ), {"x": rng.standard_normal((2, 64, signals)).astype(np.float32)}

    yield "vibration_dft", graph_model(
        [h.make_node("Unsqueeze", ["x", "two"], ["u"]), h.make_node("DFT", ["u"], ["f"], axis=1, onesided=1),
         h.make_node("ReduceL2", ["f"], ["magnitude"], axes=[2], keepdims=0)],
        [value("x", T.FLOAT, ["N", 128])], [value("magnitude", T.FLOAT, ["N", 65])],
        [("two", np.array([2], dtype=np.int64))],
    ), {"x": rng.standard_normal((2, 128)).astype(np.float32)}

    yield "fixed_batch", graph_model(
        [h.make_node("ReduceMean", ["x"], ["score"], axes=[1], keepdims=1)],
        [value("x", T.FLOAT, [1, 4])], [value("score", T.FLOAT, [1, 1])],
    ), {"x": rng.standard_normal((1, 4)).astype(np.float32)}


def types(rng):
    """One model per element type that travels to the worker and back."""
    for kind, dtype in [
        (T.DOUBLE, np.float64), (T.FLOAT16, np.float16), (T.INT64, np.int64), (T.INT32, np.int32), (T.INT16, np.int16),
        (T.INT8, np.int8), (T.UINT8, np.uint8), (T.UINT16, np.uint16), (T.UINT32, np.uint32), (T.UINT64, np.uint64),
    ]:
        yield f"identity_{np.dtype(dtype).name}", graph_model(
            [h.make_node("Identity", ["x"], ["y"])], [value("x", kind, [None])], [value("y", kind, [None])],
        ), {"x": np.array([0, 1, 2, 100], dtype=dtype)}
    yield "not", graph_model(
        [h.make_node("Not", ["x"], ["y"])], [value("x", T.BOOL, [None, 2])], [value("y", T.BOOL, [None, 2])],
    ), {"x": np.array([[True, False], [False, False]])}
    yield "text", graph_model(
        [h.make_node("Identity", ["x"], ["y"])], [value("x", T.STRING, [None])], [value("y", T.STRING, [None])],
    ), {"x": np.array(["base", "Ä", ""], dtype=object)}
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


def scikit(rng):
    from skl2onnx import to_onnx
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.ensemble import GradientBoostingRegressor, IsolationForest, RandomForestClassifier, RandomForestRegressor
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.mixture import GaussianMixture
    from sklearn.neighbors import KNeighborsRegressor, LocalOutlierFactor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, RobustScaler, StandardScaler
    from sklearn.svm import SVC, SVR, OneClassSVM

    x = rng.standard_normal((200, 6)).astype(np.float32)
    y = (x[:, 0] * 2 + x[:, 1] ** 2 + 0.1 * rng.standard_normal(200)).astype(np.float32)
    label = (y > 1).astype(np.int64)
    kinds = {
        "isolation_forest": (make_pipeline(StandardScaler(), IsolationForest(n_estimators=10, random_state=1)), None),
        "random_forest_classifier": (RandomForestClassifier(n_estimators=20, random_state=1), label),
        "random_forest_regressor": (RandomForestRegressor(n_estimators=20, random_state=1), y),
        "gradient_boosting": (GradientBoostingRegressor(n_estimators=30, random_state=1), y),
        "one_class_svm": (make_pipeline(StandardScaler(), OneClassSVM()), None),
        "svr": (make_pipeline(StandardScaler(), SVR()), y),
        "svc": (make_pipeline(StandardScaler(), SVC()), label),
        "pca_logreg": (make_pipeline(StandardScaler(), PCA(3), LogisticRegression()), label),
        "ridge_poly": (make_pipeline(PolynomialFeatures(2), Ridge()), y),
        "impute_robust_ridge": (make_pipeline(SimpleImputer(), RobustScaler(), Ridge()), y),
        "kmeans": (KMeans(4, random_state=1, n_init=3), None),
        "gaussian_mixture": (GaussianMixture(3, random_state=1), None),
        "mlp_regressor": (make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(16,), random_state=1, max_iter=300)), y),
        "knn_regressor": (KNeighborsRegressor(n_neighbors=5), y),
        "local_outlier_factor": (LocalOutlierFactor(novelty=True), None),
        "gaussian_process": (GaussianProcessRegressor(random_state=1), y),
    }
    for name, (model, target) in kinds.items():
        model.fit(x) if target is None else model.fit(x, target)
        last = model.steps[-1][1] if hasattr(model, "steps") else model
        options = {id(last): {"zipmap": False}} if hasattr(last, "classes_") else None
        yield name, to_onnx(model, x[:1], options=options, target_opset={"": OPSET, "ai.onnx.ml": 3}), {"X": x[:7]}


def hostile(rng):
    def loop(trips):
        body = h.make_graph(
            [h.make_node("Identity", ["go"], ["on"]), h.make_node("Sin", ["s"], ["t"])], "body",
            [value("i", T.INT64, []), value("go", T.BOOL, []), value("s", T.FLOAT, [1])],
            [value("on", T.BOOL, []), value("t", T.FLOAT, [1])],
        )
        return graph_model(
            [h.make_node("Loop", ["n", "yes", "x"], ["y"], body=body)],
            [value("x", T.FLOAT, [1])], [value("y", T.FLOAT, [1])],
            [("n", np.array(trips, dtype=np.int64)), ("yes", np.array(True))],
        )

    one = {"x": np.array([1.0], dtype=np.float32)}
    yield "endless_loop", loop(2**62), one
    yield "huge", graph_model(
        [h.make_node("ConstantOfShape", ["n"], ["big"]), h.make_node("ReduceSum", ["big"], ["s"], keepdims=0),
         h.make_node("Add", ["s", "x"], ["y"])],
        [value("x", T.FLOAT, [1]), value("n", T.INT64, [1])], [value("y", T.FLOAT, [1])],
    ), {**one, "n": np.array([2**36], dtype=np.int64)}
    yield "gather_out_of_range", graph_model(
        [h.make_node("Gather", ["x", "i"], ["y"])], [value("x", T.FLOAT, [1])], [value("y", T.FLOAT, [1])],
        [("i", np.array([1000], dtype=np.int64))],
    ), one
    outside = graph_model(
        [h.make_node("Add", ["x", "w"], ["y"])], [value("x", T.FLOAT, [1])], [value("y", T.FLOAT, [1])],
        [("w", np.array([1.0], dtype=np.float32))],
    )
    tensor = outside.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = T.EXTERNAL
    for key, said in [("location", "../../../../../../etc/passwd"), ("length", "4")]:
        entry = tensor.external_data.add()
        entry.key, entry.value = key, said
    yield "external_data", outside, one
    unknown = graph_model(
        [h.make_node("Nonsense", ["x"], ["y"], domain="com.example")],
        [value("x", T.FLOAT, [1])], [value("y", T.FLOAT, [1])], extra=[h.make_opsetid("com.example", 1)],
    )
    yield "unknown_operator", unknown, one

    def nested(depth):
        if depth == 0:
            return [h.make_node("Neg", ["x"], ["y0"])]
        def branch(label):
            return h.make_graph(nested(depth - 1), f"{label}{depth}", [], [value(f"y{depth - 1}", T.FLOAT, [1])])
        return [h.make_node("If", ["yes"], [f"y{depth}"], then_branch=branch("t"), else_branch=h.make_graph(
            [h.make_node("Abs", ["x"], [f"e{depth}"])], f"e{depth}", [], [value(f"e{depth}", T.FLOAT, [1])]))]
    yield "if_20_deep", graph_model(
        nested(20), [value("x", T.FLOAT, [1]), value("yes", T.BOOL, [])], [value("y20", T.FLOAT, [1])],
    ), {**one, "yes": np.array(True)}

    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression
    x = rng.standard_normal((50, 4)).astype(np.float32)
    model = LogisticRegression().fit(x, (x[:, 0] > 0).astype(np.int64))
    yield "zipmap", to_onnx(model, x[:1], target_opset={"": OPSET, "ai.onnx.ml": 3}), {"X": x[:3]}


def as_json(array):
    flat = array.reshape(-1).tolist()
    return {"shape": list(array.shape), "data": flat}


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    manifest = {"equal": [], "hostile": []}
    for family in (networks, types, scikit):
        for name, model, inputs in family(rng):
            data = model.SerializeToString()
            (out / f"{name}.onnx").write_bytes(data)
            session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
            names = [output.name for output in session.get_outputs()]
            outputs = dict(zip(names, session.run(names, inputs)))
            manifest["equal"].append({
                "name": name, "model": f"{name}.onnx",
                "inputs": {key: as_json(array) for key, array in inputs.items()},
                "outputs": {key: as_json(np.asarray(array)) for key, array in outputs.items()},
            })
    for name, model, inputs in hostile(rng):
        (out / f"{name}.onnx").write_bytes(model.SerializeToString())
        manifest["hostile"].append({
            "name": name, "model": f"{name}.onnx", "inputs": {key: as_json(array) for key, array in inputs.items()},
        })
    (out / "manifest.json").write_text(json.dumps(manifest))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
