"""The detector: how far the last 20 rows are from normal operation. NumPy for training, the same arithmetic as an ONNX graph.

Three statistics, each a squared Mahalanobis distance over its limit:
  change        what the newest 2 and 5 rows do that a linear prediction from the row before does not expect
  state         Hotelling's T2 of the newest row in the principal components
  restlessness  means and log standard deviations of the whole window
The score is the root of the largest. A row that repeats the one before (the edge was late, the same scan served two rows)
says nothing about change and is left out there; held analyser values are ordinary, the fast measurements never repeat.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

ROWS = 20  # of a window
IN_ROW = 3  # predictions in a row above the limit raise the advisory
SHORT, LONG = 2, 5  # rows whose unexpected change is averaged
CLIP = 100.0


def windows(x, rows=ROWS):
    """[time, signals] -> [time - rows + 1, rows, signals], a view."""
    return np.lib.stride_tricks.sliding_window_view(x, rows, axis=0).transpose(0, 2, 1)


def held(values):
    """The highest value that IN_ROW predictions in a row reached."""
    return np.lib.stride_tricks.sliding_window_view(values, IN_ROW, axis=0).min(axis=-1).max(axis=0)


class Whitener:
    """Turns rows into ones whose sum of squares is the squared Mahalanobis distance in the given share of the variance."""

    def __init__(self, rows, share):
        pca = PCA(n_components=share, svd_solver="full").fit(rows)
        self.mean, self.matrix = pca.mean_, pca.components_.T / np.sqrt(pca.explained_variance_)

    def distance(self, rows):
        return (((rows - self.mean) @ self.matrix) ** 2).sum(axis=-1)


class Detector:
    """Signals are in the order of the tensor: `fast` ones first, of which the first `noisy` never repeat, then analysers."""

    def __init__(self, fast, noisy):
        self.fast, self.noisy = fast, noisy
        self.limits = np.ones(4)

    def fit(self, runs):
        """runs: normal operation, each [time, signals] at a distance of one window step."""
        everything = np.concatenate(runs)
        self.mean, self.std = everything.mean(axis=0), everything.std(axis=0)
        scaled = [(run - self.mean) / self.std for run in runs]
        before = np.concatenate([z[:-1, : self.fast] for z in scaled])
        after = np.concatenate([z[1:, : self.fast] for z in scaled])
        self.step = Ridge(alpha=50.0, fit_intercept=False).fit(before, after).coef_.T
        w = np.concatenate([windows(z) for z in scaled])
        short, long = self.changes(w, np.ones(w.shape[:2]))
        self.short, self.long = Whitener(short[0], None), Whitener(long[0], None)
        self.state = Whitener(np.concatenate(scaled), 0.99)
        self.restless = Whitener(self.summary(w, np.ones(w.shape[:2])), None)
        return self

    def fresh(self, w):
        """1 for a row that differs from the one before in any of the noisy signals; the first row has none before it."""
        moved = np.abs(w[:, 1:, : self.noisy] - w[:, :-1, : self.noisy]).max(axis=2) > 0
        return np.concatenate([np.ones((len(w), 1)), moved], axis=1)

    def changes(self, w, fresh):
        """For the newest 2 and 5 rows: mean of what was not expected, over the rows that count, and their number."""
        unexpected = w[:, -LONG:, : self.fast] - w[:, -LONG - 1 : -1, : self.fast] @ self.step
        counts = (fresh[:, -LONG:] * fresh[:, -LONG - 1 : -1])[:, :, None]
        result = []
        for rows in (SHORT, LONG):
            number = counts[:, -rows:].sum(axis=1)
            total = (unexpected[:, -rows:] * counts[:, -rows:]).sum(axis=1)
            result.append((total / np.maximum(number, 1.0), number[:, 0]))
        return result

    def summary(self, w, fresh):
        """Means of all signals and log standard deviations of the fast ones, over the fresh rows."""
        weight = fresh[:, :, None]
        number = np.maximum(weight.sum(axis=1), 2.0)
        mean = (w * weight).sum(axis=1) / number
        off = w[:, :, : self.fast] - mean[:, None, : self.fast]
        std = np.sqrt((off * off * weight).sum(axis=1) / number)
        return np.concatenate([mean, np.log(std + 1e-2)], axis=1)

    def statistics(self, x):
        """[time, signals] -> [time - 19, 4]: short change, long change, state, restlessness, each over its limit."""
        w = windows((x - self.mean) / self.std)
        fresh = self.fresh(windows(x))
        (short, n_short), (long, n_long) = self.changes(w, fresh)
        columns = (
            self.short.distance(short) * n_short / SHORT,
            self.long.distance(long) * n_long / LONG,
            self.state.distance(w[:, -1]),
            self.restless.distance(self.summary(w, fresh)),
        )
        return np.stack(columns, axis=1) / self.limits

    def calibrate(self, runs, margin):
        """Limits from normal runs that were not trained on: what each statistic held for three predictions, then all of
        them together, and `margin` more."""
        self.limits = np.ones(4)
        self.limits = np.max([held(self.statistics(run)) for run in runs], axis=0)
        joint = max(held(self.statistics(run).max(axis=1)) for run in runs)
        self.limits *= joint * margin
        return self

    def onnx(self):
        """The graph: input x [N, 20, signals], outputs score, change, state, restlessness [N, 1]."""
        g = Graph()
        signals = len(self.mean)
        z = g.mul(g.sub("x", g.const(self.mean)), g.const(1.0 / self.std))
        newest = g.slice(g.slice("x", 2, 0, self.noisy), 1, 1, ROWS)
        before = g.slice(g.slice("x", 2, 0, self.noisy), 1, 0, ROWS - 1)
        moved = g.reduce("ReduceMax", g.op("Abs", g.sub(newest, before)), 2)
        moved = g.op("Cast", g.op("Greater", moved, g.const(0.0)), to=TensorProto.FLOAT)
        first = g.op("Add", g.mul(g.slice(moved, 1, 0, 1), g.const(0.0)), g.const(1.0))
        fresh = g.op("Concat", first, moved, axis=1)  # [N, 20, 1]
        stats = self.onnx_changes(g, z, fresh)
        last = g.op("Reshape", g.slice(z, 1, ROWS - 1, ROWS), g.ints([-1, signals]))
        stats.append(g.distance(last, self.state, self.limits[2]))
        stats.append(g.distance(self.onnx_summary(g, z, fresh), self.restless, self.limits[3]))
        change = g.op("Max", stats[0], stats[1])
        for name, stat in (("change", change), ("state", stats[2]), ("restlessness", stats[3])):
            g.op("Min", g.op("Sqrt", stat), g.const(CLIP), output=name)
        g.op("Max", "change", "state", "restlessness", output="score")
        outputs = ("score", "change", "state", "restlessness")
        return g.model("tep_monitor", [None, ROWS, signals], outputs)

    def onnx_changes(self, g, z, fresh):
        fast = g.slice(z, 2, 0, self.fast)
        rows, before = g.slice(fast, 1, ROWS - LONG, ROWS), g.slice(fast, 1, ROWS - LONG - 1, ROWS - 1)
        counts = g.mul(g.slice(fresh, 1, ROWS - LONG, ROWS), g.slice(fresh, 1, ROWS - LONG - 1, ROWS - 1))
        unexpected = g.mul(g.sub(rows, g.op("MatMul", before, g.const(self.step))), counts)
        stats = []
        for k, white, limit in ((SHORT, self.short, self.limits[0]), (LONG, self.long, self.limits[1])):
            number = g.reduce("ReduceSum", g.slice(counts, 1, LONG - k, LONG), 1, keep=False)
            total = g.reduce("ReduceSum", g.slice(unexpected, 1, LONG - k, LONG), 1, keep=False)
            mean = g.op("Div", total, g.op("Max", number, g.const(1.0)))
            stats.append(g.mul(g.distance(mean, white, limit), g.mul(number, g.const(1.0 / k))))
        return stats

    def onnx_summary(self, g, z, fresh):
        number = g.op("Max", g.reduce("ReduceSum", fresh, 1), g.const(2.0))
        mean = g.op("Div", g.reduce("ReduceSum", g.mul(z, fresh), 1), number)  # [N, 1, signals]
        off = g.slice(g.sub(z, mean), 2, 0, self.fast)
        square = g.reduce("ReduceSum", g.mul(g.mul(off, off), fresh), 1)
        log = g.op("Log", g.op("Add", g.op("Sqrt", g.op("Div", square, number)), g.const(1e-2)))
        both = g.op("Concat", mean, log, axis=2)
        return g.op("Reshape", both, g.ints([-1, len(self.mean) + self.fast]))


class Graph:
    """Builds an ONNX graph node by node; every call gives the name of its result."""

    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def op(self, kind, *inputs, output=None, **attributes):
        self.count += 1
        output = output or f"{kind.lower()}_{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=f"n{self.count}", **attributes))
        return output

    def array(self, values):
        self.count += 1
        self.constants.append(numpy_helper.from_array(values, f"c{self.count}"))
        return f"c{self.count}"

    def const(self, values):
        return self.array(np.asarray(values, dtype=np.float32))

    def ints(self, values):
        return self.array(np.asarray(values, dtype=np.int64))

    def sub(self, a, b):
        return self.op("Sub", a, b)

    def mul(self, a, b):
        return self.op("Mul", a, b)

    def slice(self, x, axis, start, end):
        return self.op("Slice", x, self.ints([start]), self.ints([end]), self.ints([axis]))

    def reduce(self, kind, x, axis, keep=True):
        if kind == "ReduceSum":  # takes its axes as an input since opset 13, ReduceMax only since 18
            return self.op(kind, x, self.ints([axis]), keepdims=int(keep))
        return self.op(kind, x, axes=[axis], keepdims=int(keep))

    def distance(self, rows, whitener, limit):
        """[N, features] -> [N, 1]; the limit goes into the matrix."""
        white = self.op("MatMul", self.sub(rows, self.const(whitener.mean)), self.const(whitener.matrix / np.sqrt(limit)))
        return self.reduce("ReduceSum", self.mul(white, white), 1)

    def model(self, name, shape, outputs):
        floats = lambda label, dims: helper.make_tensor_value_info(label, TensorProto.FLOAT, dims)
        results = [floats(output, [None, 1]) for output in outputs]
        graph = helper.make_graph(self.nodes, name, [floats("x", shape)], results, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="lastmile example")
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model
