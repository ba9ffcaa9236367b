"""Models that mean harm, or were made by a broken exporter. Each yields its name, the file's bytes, inputs, and how it must
end: the code of the problem (`lastmile` has a list of them), or None when it is no harm at all and simply runs.

All take one row or more of one number, `x` f32 [N, 1], and give `y`, so that each can be put into a bundle. Those named
`…_sometimes` harm with x = 1 and are good models with x = 0.
"""

import numpy as np
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh

from common import graph_model, value

ML = [h.make_opsetid("ai.onnx.ml", 3)]
ONE = {"x": np.array([[1.0]], dtype=np.float32)}


def one_number(nodes, initializers=(), width=1, extra=()):
    return graph_model(nodes, [value("x", T.FLOAT, ["N", 1])], [value("y", T.FLOAT, ["N", width])], initializers, extra=extra)


def constant(name, number, dtype=np.int64):
    return name, np.array(number, dtype=dtype)


def times_of_x(factor, shape):
    """Nodes for `count` = x · factor as a whole number of the given shape, so that x = 1 harms and x = 0 does not."""
    nodes = [
        h.make_node("ReduceMax", ["x"], ["most"], keepdims=0),
        h.make_node("Mul", ["most", "factor"], ["product"]),
        h.make_node("Cast", ["product"], ["whole"], to=T.INT64),
        h.make_node("Reshape", ["whole", "shape"], ["count"]),
    ]
    return nodes, [constant("factor", factor, np.float32), constant("shape", shape)]


def loops():
    def loop(before, trips):
        body = h.make_graph(
            [h.make_node("Identity", ["go"], ["on"]), h.make_node("Sin", ["s"], ["t"])], "body",
            [value("i", T.INT64, []), value("go", T.BOOL, []), value("s", T.FLOAT, ["N", 1])],
            [value("on", T.BOOL, []), value("t", T.FLOAT, ["N", 1])],
        )
        nodes = [*before, h.make_node("Loop", ["count", "yes", "x"], ["y"], body=body)]
        return one_number(nodes, [*trips, constant("yes", True, np.bool_)])

    yield "endless_loop", loop([], [constant("count", 2**62)]), ONE, "model.too-slow"
    nodes, initializers = times_of_x(2.0**62, [])
    yield "endless_sometimes", loop(nodes, initializers), ONE, "model.too-slow"
    # the engine computes what is constant while it loads: networks over four million steps each, which differ, so that
    # none is left out as the same as another
    steps, networks = 2**22, 64
    nodes = [h.make_node("ConstantOfShape", ["size"], ["long"])]
    initializers = [constant("size", [steps, 1, 1])]
    for one in range(networks):
        weights = np.full((1, 4, 1), 0.1 + one / 1000, dtype=np.float32)
        initializers += [(f"w{one}", weights), (f"r{one}", weights)]
        nodes += [h.make_node("LSTM", ["long", f"w{one}", f"r{one}"], ["", f"h{one}"], hidden_size=1),
                  h.make_node("ReduceSum", [f"h{one}"], [f"s{one}"], keepdims=0)]
    nodes.append(h.make_node("Sum", ["x", *(f"s{one}" for one in range(networks))], ["y"]))
    yield "slow_to_load", one_number(nodes, initializers), ONE, "model.too-slow"


def memory():
    def add_sum(big):
        return [h.make_node("ReduceSum", [big], ["s"], keepdims=0), h.make_node("Add", ["s", "x"], ["y"])]

    nodes, initializers = times_of_x(2.0**36, [1])
    yield "huge_sometimes", one_number(
        [*nodes, h.make_node("ConstantOfShape", ["count"], ["big"]), *add_sum("big")], initializers,
    ), ONE, "model.too-much-memory"
    yield "huge", one_number(
        [h.make_node("ConstantOfShape", ["count"], ["big"]), *add_sum("big")], [constant("count", [2**36])],
    ), ONE, "model.too-much-memory"
    nodes, initializers = times_of_x(2.0**34, [1])
    yield "huge_expand", one_number([*nodes, h.make_node("Expand", ["x", "count"], ["big"]), *add_sum("big")], initializers), ONE, (
        "model.too-much-memory")
    # 128 MiB fit into the worker's memory, but not into an answer
    nodes, initializers = times_of_x(2.0**25, [1])
    yield "huge_answer", one_number([*nodes, h.make_node("Expand", ["x", "count"], ["y"])], initializers, "M"), ONE, "model.failed"


def crashes():
    """The smallest whole number divided by -1 has no result: the processor stops the process, and nothing within it can
    help that."""
    def divided_by(nodes, initializers):
        return one_number(
            [*nodes, h.make_node("Cast", ["d0"], ["by"], to=T.INT32), h.make_node("Div", ["smallest", "by"], ["d"]),
             h.make_node("Cast", ["d"], ["y"], to=T.FLOAT)],
            [constant("smallest", -2**31, np.int32), *initializers],
        )

    # 1 - 2 x
    nodes = [h.make_node("Mul", ["x", "two"], ["double"]), h.make_node("Sub", ["one", "double"], ["d0"])]
    both = [constant("two", 2, np.float32), constant("one", 1, np.float32)]
    yield "crash_sometimes", divided_by(nodes, both), ONE, "model.crashed"
    # 0 x - 1
    nodes = [h.make_node("Mul", ["x", "nothing"], ["zero"]), h.make_node("Sub", ["zero", "one"], ["d0"])]
    both = [constant("nothing", 0, np.float32), constant("one", 1, np.float32)]
    yield "crash", divided_by(nodes, both), ONE, "model.crashed"
    yield "crash_at_load", one_number(
        [h.make_node("Div", ["smallest", "by"], ["d"]), h.make_node("Cast", ["d"], ["c"], to=T.FLOAT),
         h.make_node("Add", ["x", "c"], ["y"])],
        [constant("smallest", -2**31, np.int32), constant("by", -1, np.int32)],
    ), ONE, "model.crashed"


def broken():
    yield "gather_out_of_range", one_number(
        [h.make_node("Gather", ["x", "i"], ["y"], axis=1)], [constant("i", [1000])],
    ), ONE, "model.failed"
    yield "unknown_operator", one_number(
        [h.make_node("Nonsense", ["x"], ["y"], domain="com.example")], extra=[h.make_opsetid("com.example", 1)],
    ), ONE, "model.refused"
    for name, dims in [("lying_dims", [2**20]), ("lying_dims_beyond_memory", [2**31, 2**31])]:
        model = one_number([h.make_node("ReduceSum", ["w"], ["s"], keepdims=0), h.make_node("Add", ["x", "s"], ["y"])],
                           [("w", np.array([1.0], dtype=np.float32))])
        del model.graph.initializer[0].dims[:]
        model.graph.initializer[0].dims.extend(dims)
        yield name, model, ONE, "model.refused"

    def nested(depth):
        if depth == 0:
            return [h.make_node("Neg", ["x"], ["y0"])]
        number = [value(f"y{depth - 1}", T.FLOAT, ["N", 1])]
        other = [value(f"e{depth}", T.FLOAT, ["N", 1])]
        return [h.make_node(
            "If", ["yes"], [f"y{depth}"], then_branch=h.make_graph(nested(depth - 1), f"t{depth}", [], number),
            else_branch=h.make_graph([h.make_node("Abs", ["x"], [f"e{depth}"])], f"f{depth}", [], other),
        )]
    # not constant, or the engine takes the branches apart while it loads
    yield "if_20_deep", one_number(
        [h.make_node("ReduceMax", ["x"], ["most"], keepdims=0), h.make_node("Cast", ["most"], ["yes"], to=T.BOOL),
         *nested(20), h.make_node("Identity", ["y20"], ["y"])],
    ), ONE, None


def trees():
    """A small tree over one feature, with one thing wrong in each."""
    good = {
        "nodes_treeids": [0, 0, 0, 0, 0], "nodes_nodeids": [0, 1, 2, 3, 4], "nodes_featureids": [0, 0, 0, 0, 0],
        "nodes_modes": ["BRANCH_LEQ", "BRANCH_LEQ", "LEAF", "LEAF", "LEAF"], "nodes_values": [0.5, 0.2, 0.0, 0.0, 0.0],
        "nodes_truenodeids": [1, 3, 0, 0, 0], "nodes_falsenodeids": [2, 4, 0, 0, 0],
        "target_treeids": [0, 0, 0], "target_nodeids": [2, 3, 4], "target_ids": [0, 0, 0], "target_weights": [1.0, 2.0, 3.0],
    }

    def tree(**wrong):
        node = h.make_node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1, **{**good, **wrong})
        return one_number([node], extra=ML)

    yield "tree", tree(), ONE, None
    yield "cyclic_tree", tree(nodes_falsenodeids=[1, 0, 0, 0, 0]), ONE, "model.refused"
    yield "tree_without_child", tree(nodes_falsenodeids=[2, 9, 0, 0, 0]), ONE, "model.refused"
    yield "tree_beyond_features", tree(nodes_featureids=[1000, 0, 0, 0, 0]), ONE, "model.failed"


def outside(location):
    model = one_number([h.make_node("Add", ["x", "w"], ["y"])], [("w", np.array([1.0], dtype=np.float32))])
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = T.EXTERNAL
    for key, said in [("location", location), ("offset", "0"), ("length", "4")]:
        entry = tensor.external_data.add()
        entry.key, entry.value = key, said
    return model


def escapes(folder):
    """Weights in other files, anywhere on the machine."""
    (folder / "link.bin").unlink(missing_ok=True)
    (folder / "link.bin").symlink_to("/etc/passwd")
    (folder / "beside.bin").write_bytes(nh.from_array(np.array([1.0], dtype=np.float32)).raw_data)
    for name, location in [
        ("external_parent", "../../../../../../../../etc/passwd"), ("external_absolute", "/etc/passwd"),
        ("external_symlink", "link.bin"), ("external_beside", "beside.bin"),
    ]:
        yield name, outside(location), ONE, "model.refused"


def all_hostile(folder):
    for family in (loops(), memory(), crashes(), broken(), trees(), escapes(folder)):
        yield from family


def mutants(seed, count, models):
    """So many damaged copies of these (name, bytes, inputs): bits flipped in the head, where the structure is, or anywhere;
    cut; with bytes put in, or numbers overwritten by extreme ones."""
    rng = np.random.default_rng(seed)
    extremes = [b"\xff" * 9 + b"\x01", b"\xff\xff\xff\xff\x07", b"\x00", b"\x7f", b"\x80\x80\x80\x80\x10"]
    for number in range(count):
        name, whole, inputs = models[number % len(models)]
        data = bytearray(whole)
        reach = len(data) if rng.random() < 0.5 else min(len(data), 300)
        for _ in range(int(rng.integers(1, 4))):
            at = int(rng.integers(reach)) % max(len(data), 1)
            match int(rng.integers(5)):
                case 0 | 1:
                    data[at] ^= 1 << int(rng.integers(8))
                case 2:
                    data[at:at + 1] = extremes[int(rng.integers(len(extremes)))]
                case 3:
                    data[at:at] = rng.bytes(int(rng.integers(1, 9)))
                case 4:
                    del data[max(at, 1):]
        yield f"mutant_{number}_of_{name}", bytes(data), inputs
