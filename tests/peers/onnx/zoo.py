"""Small models of the kinds that industry uses: networks, scikit-learn, boosted trees. Each yields its name, the model and
inputs for it; everything is seeded.

Classifiers are exported without ZipMap, as a bundle needs them; labels are numbers or texts, inputs singles or doubles,
as the field has them.
"""

import numpy as np
from onnx import TensorProto as T
from onnx import helper as h

from common import OPSET, graph_model, value

TARGET = {"": OPSET, "ai.onnx.ml": 3}


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
    for name, gates, biases in [("LSTM", 4, 8), ("GRU", 3, 6)]:
        yield name.lower(), graph_model(
            [h.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
             h.make_node(name, ["t", "w", "r", "b"], ["", "last"], hidden_size=hidden),
             h.make_node("Squeeze", ["last", "zero"], ["s"]), h.make_node("Gemm", ["s", "wo"], ["y"])],
            [value("x", T.FLOAT, ["N", steps, signals])], [value("y", T.FLOAT, ["N", 1])],
            [("w", weights(1, gates * hidden, signals)), ("r", weights(1, gates * hidden, hidden)),
             ("b", weights(1, biases * hidden)), ("wo", weights(hidden, 1)), ("zero", np.array([0], dtype=np.int64))],
        ), {"x": rng.standard_normal((4, steps, signals)).astype(np.float32)}

    yield "conv1d", graph_model(
        [h.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1]),
         h.make_node("Conv", ["t", "w", "b"], ["c"], kernel_shape=[5], dilations=[2], pads=[4, 4]),
         h.make_node("Relu", ["c"], ["r"]), h.make_node("GlobalAveragePool", ["r"], ["p"]),
         h.make_node("Flatten", ["p"], ["y"])],
        [value("x", T.FLOAT, ["N", 64, signals])], [value("y", T.FLOAT, ["N", 4])],
        [("w", weights(4, signals, 5)), ("b", weights(4))],
    ), {"x": rng.standard_normal((2, 64, signals)).astype(np.float32)}

    # causal, dilated, with a residual at each level: what is called a temporal convolutional network
    levels, width = [1, 2, 4], 6
    nodes = [h.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), h.make_node("Conv", ["t", "w_in"], ["r0"])]
    kept = [("w_in", weights(width, signals, 1)), ("zero", np.array([63], dtype=np.int64)), ("wo", weights(width, 1))]
    for level, dilation in enumerate(levels):
        nodes += [
            h.make_node("Conv", [f"r{level}", f"w{level}", f"b{level}"], [f"c{level}"], kernel_shape=[3],
                        dilations=[dilation], pads=[2 * dilation, 0]),
            h.make_node("LeakyRelu", [f"c{level}"], [f"a{level}"]),
            h.make_node("Add", [f"r{level}", f"a{level}"], [f"r{level + 1}"]),
        ]
        kept += [(f"w{level}", weights(width, width, 3)), (f"b{level}", weights(width))]
    nodes += [h.make_node("Gather", [f"r{len(levels)}", "zero"], ["g"], axis=2), h.make_node("Flatten", ["g"], ["f"]),
              h.make_node("Gemm", ["f", "wo"], ["y"])]
    yield "tcn", graph_model(
        nodes, [value("x", T.FLOAT, ["N", 64, signals])], [value("y", T.FLOAT, ["N", 1])], kept,
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


def plant(rng, dtype=np.float32):
    """Six signals, a number to be predicted, a yes or no, and a name of a state."""
    x = rng.standard_normal((200, 6)).astype(dtype)
    y = (x[:, 0] * 2 + x[:, 1] ** 2 + 0.1 * rng.standard_normal(200)).astype(dtype)
    label = (y > 1).astype(np.int64)
    state = np.array(["idle", "running", "overload"])[np.digitize(y, [0.0, 2.0])]
    return x, y, label, state


def scikit(rng):
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.cross_decomposition import PLSRegression
    from sklearn.decomposition import PCA, TruncatedSVD
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
    from sklearn.ensemble import (
        AdaBoostRegressor, ExtraTreesRegressor, GradientBoostingClassifier, GradientBoostingRegressor, IsolationForest,
        RandomForestClassifier, RandomForestRegressor, VotingRegressor,
    )
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import BayesianRidge, ElasticNet, HuberRegressor, LogisticRegression, Ridge
    from sklearn.mixture import GaussianMixture
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import (
        KBinsDiscretizer, MinMaxScaler, Normalizer, PolynomialFeatures, RobustScaler, StandardScaler,
    )
    from sklearn.svm import SVC, SVR, OneClassSVM
    from sklearn.tree import DecisionTreeClassifier

    x, y, label, state = plant(rng)
    kinds = {
        "isolation_forest": (make_pipeline(StandardScaler(), IsolationForest(n_estimators=10, random_state=1)), None),
        "random_forest_classifier": (RandomForestClassifier(n_estimators=20, random_state=1), label),
        "random_forest_of_states": (RandomForestClassifier(n_estimators=10, random_state=1), state),
        "random_forest_regressor": (RandomForestRegressor(n_estimators=20, random_state=1), y),
        "extra_trees": (ExtraTreesRegressor(n_estimators=10, random_state=1), y),
        "decision_tree_of_states": (DecisionTreeClassifier(max_depth=5, random_state=1), state),
        "gradient_boosting": (GradientBoostingRegressor(n_estimators=30, random_state=1), y),
        "gradient_boosting_classifier": (GradientBoostingClassifier(n_estimators=20, random_state=1), label),
        "ada_boost": (AdaBoostRegressor(n_estimators=10, random_state=1), y),
        "one_class_svm": (make_pipeline(StandardScaler(), OneClassSVM()), None),
        "svr": (make_pipeline(StandardScaler(), SVR()), y),
        "svc": (make_pipeline(StandardScaler(), SVC()), label),
        "calibrated": (CalibratedClassifierCV(LogisticRegression(), cv=2), label),
        "pca_logreg": (make_pipeline(StandardScaler(), PCA(3), LogisticRegression()), label),
        "pca": (make_pipeline(StandardScaler(), PCA(3)), None),
        "truncated_svd": (make_pipeline(TruncatedSVD(3, random_state=1), Ridge()), y),
        "lda": (LinearDiscriminantAnalysis(), state),
        "qda": (QuadraticDiscriminantAnalysis(), label),
        "naive_bayes": (GaussianNB(), state),
        "ridge_poly": (make_pipeline(PolynomialFeatures(2), Ridge()), y),
        "elastic_net": (make_pipeline(MinMaxScaler(), ElasticNet(alpha=0.01)), y),
        "huber": (make_pipeline(RobustScaler(), HuberRegressor()), y),
        "bayesian_ridge": (make_pipeline(Normalizer(), BayesianRidge()), y),
        "pls": (PLSRegression(2), y),
        "bins_ridge": (make_pipeline(KBinsDiscretizer(4, encode="ordinal", strategy="uniform"), Ridge()), y),
        "impute_robust_ridge": (make_pipeline(SimpleImputer(), RobustScaler(), Ridge()), y),
        "voting": (VotingRegressor([("a", Ridge()), ("b", RandomForestRegressor(n_estimators=5, random_state=1))]), y),
        "kmeans": (KMeans(4, random_state=1, n_init=3), None),
        "mini_batch_kmeans": (MiniBatchKMeans(3, random_state=1, n_init=3), None),
        "gaussian_mixture": (GaussianMixture(3, random_state=1), None),
        "mlp_regressor": (make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(16,), random_state=1, max_iter=300)), y),
        "mlp_classifier": (make_pipeline(StandardScaler(), MLPClassifier(hidden_layer_sizes=(8,), random_state=1, max_iter=300)), state),
        "knn_regressor": (KNeighborsRegressor(n_neighbors=5), y),
        "knn_classifier": (KNeighborsClassifier(n_neighbors=3), state),
        "local_outlier_factor": (LocalOutlierFactor(novelty=True), None),
        "gaussian_process": (GaussianProcessRegressor(random_state=1), y),
    }
    for name, (model, target) in kinds.items():
        yield name, exported(model, x, target), {"X": x[:7]}
    # a gap in a signal reaches the model as NaN, where the imputer is the model's own
    gaps = x[:5].copy()
    gaps[1, 2] = gaps[3, 0] = np.nan
    model, target = kinds["impute_robust_ridge"]
    yield "impute_gaps", exported(model, x, target), {"X": gaps}
    x, y, label, _ = plant(rng, np.float64)
    doubles = {
        "ridge_f64": (make_pipeline(StandardScaler(), Ridge()), y),
        "pca_logreg_f64": (make_pipeline(StandardScaler(), PCA(3), LogisticRegression()), label),
        "kmeans_f64": (KMeans(4, random_state=1, n_init=3), None),
    }
    for name, (model, target) in doubles.items():
        yield name, exported(model, x, target), {"X": x[:7]}


def scikit_few(rng):
    """Three that export quickly."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    x, y, label, state = plant(rng)
    for name, model, target in [
        ("forest_of_states", RandomForestClassifier(n_estimators=5, random_state=1), state),
        ("pca_logreg", make_pipeline(StandardScaler(), PCA(3), LogisticRegression()), label), ("svr", SVR(), y),
    ]:
        yield name, exported(model, x, target), {"X": x[:7]}


def with_zipmap(rng):
    """A classifier as it is exported when nobody says otherwise: its probabilities are no tensor."""
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    x, _, label, _ = plant(rng)
    return to_onnx(LogisticRegression().fit(x, label), x[:1], target_opset=TARGET), {"X": x[:3]}


def exported(model, x, target):
    from skl2onnx import to_onnx

    model.fit(x) if target is None else model.fit(x, target)
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    options = {id(last): {"zipmap": False}} if hasattr(last, "classes_") else None
    return to_onnx(model, x[:1], options=options, target_opset=TARGET)


def recipes(rng):
    """A column of texts and a column of whole numbers beside the signals: product, recipe, shift."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
    import pandas

    x, y, _, _ = plant(rng)
    product = np.array(["PE-80", "PE-100", "PVC"])[np.digitize(x[:, 2], [-0.5, 0.5])]
    shift = (np.arange(len(y)) % 3).astype(np.int64)
    frame = pandas.DataFrame({"speed": x[:, 0], "product": product, "shift": shift})
    columns = ColumnTransformer([
        ("speed", StandardScaler(), ["speed"]),
        ("product", OneHotEncoder(handle_unknown="ignore"), ["product"]),
        ("shift", OrdinalEncoder(), ["shift"]),
    ])
    model = make_pipeline(columns, RandomForestRegressor(n_estimators=8, random_state=1)).fit(frame, y)
    kinds = [("speed", FloatTensorType([None, 1])), ("product", StringTensorType([None, 1])),
             ("shift", Int64TensorType([None, 1]))]
    few = frame[:6]
    yield "recipe_forest", to_onnx(model, initial_types=kinds, target_opset=TARGET), {
        "speed": few[["speed"]].to_numpy(np.float32), "product": few[["product"]].to_numpy(object),
        "shift": few[["shift"]].to_numpy(np.int64),
    }


def boosted(rng):
    import lightgbm
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    x, y, label, _ = plant(rng)
    kinds = [("X", FloatTensorType([None, x.shape[1]]))]
    few = {"X": x[:7]}
    settings = {"n_estimators": 30, "max_depth": 4, "random_state": 1, "n_jobs": 1}
    for name, model, target in [
        ("xgboost_regressor", xgboost.XGBRegressor(**settings), y),
        ("xgboost_classifier", xgboost.XGBClassifier(**settings), label),
    ]:
        yield name, onnxmltools.convert_xgboost(model.fit(x, target), initial_types=kinds, target_opset=15), few
    for name, model, target in [
        ("lightgbm_regressor", lightgbm.LGBMRegressor(verbose=-1, **settings), y),
        ("lightgbm_classifier", lightgbm.LGBMClassifier(verbose=-1, **settings), label),
    ]:
        fitted = model.fit(x, target)
        yield name, onnxmltools.convert_lightgbm(fitted, initial_types=kinds, target_opset=15, zipmap=False), few


def all_kinds(rng):
    for family in (networks, scikit, recipes, boosted):
        yield from family(rng)
