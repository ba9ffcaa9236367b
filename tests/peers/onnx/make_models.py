"""Writes models, inputs for them, and what onnxruntime's Python package makes of them.

    python make_models.py OUT PART…

PART is `zoo` or `few` of it, `types`, `zipmap`, `hostile`, `mutants=COUNT`, `nodes=COUNT`. OUT gets the .onnx files and `manifest.json`, a list per
part: {"name", "model", "inputs": {name: {"shape", "data"}}} and, as far as the part has it, "outputs" (what is expected),
"rtol" and "atol" of a node test, "code" of a hostile one. Everything is seeded; one thread.
"""

import json
import pathlib
import sys
import warnings

import numpy as np

from common import all_json, answers

SEED = 7


def equal(models, write):
    for name, model, inputs in models:
        data = model.SerializeToString()
        yield {"name": name, "model": write(name, data), "inputs": all_json(inputs),
               "outputs": all_json(answers(data, inputs))}


def hostile_part(out, write):
    from hostile import all_hostile

    for name, model, inputs, code in all_hostile(out):
        yield {"name": name, "model": write(name, model.SerializeToString()), "inputs": all_json(inputs), "code": code}


def mutants_part(count, write):
    from element_types import all_types
    from hostile import mutants
    from zoo import boosted, networks, scikit_few

    rng = np.random.default_rng(SEED)
    whole = [(name, model.SerializeToString(), inputs)
             for family in (networks, scikit_few, boosted, all_types) for name, model, inputs in family(rng)]
    for name, data, inputs in mutants(SEED, count, whole):
        yield {"name": name, "model": write(name, data), "inputs": all_json(inputs)}


def nodes_part(count, write):
    from nodes import passing

    for at, (name, data, row) in enumerate(passing(SEED, count)):
        yield {"name": name, "model": write(f"node_{at}", data), **row}


def main(out, parts):
    warnings.simplefilter("ignore")
    out.mkdir(parents=True, exist_ok=True)

    def write(name, data):
        (out / f"{name}.onnx").write_bytes(data)
        return f"{name}.onnx"

    manifest = {}
    for part in parts:
        part, _, count = part.partition("=")
        rng = np.random.default_rng(SEED)
        match part:
            case "zoo":
                from zoo import all_kinds
                rows = equal(all_kinds(rng), write)
            case "few":
                from zoo import networks, scikit_few
                rows = equal([*networks(rng), *scikit_few(rng)], write)
            case "zipmap":
                from zoo import with_zipmap
                model, inputs = with_zipmap(rng)
                rows = [{"name": "zipmap", "model": write("zipmap", model.SerializeToString()), "inputs": all_json(inputs)}]
            case "types":
                from element_types import all_types
                rows = equal(all_types(rng), write)
            case "hostile":
                rows = hostile_part(out, write)
            case "mutants":
                rows = mutants_part(int(count), write)
            case "nodes":
                rows = nodes_part(int(count), write)
            case _:
                sys.exit(f"there is no part {part}")
        manifest[part] = list(rows)
    (out / "manifest.json").write_text(json.dumps(manifest))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2:])
