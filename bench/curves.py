"""What an amount of data gives: the test score of the defaults on parts of the embedded sets. The Train page tells it before Start.

`python -m bench curves` measures all of them, which takes hours; `python -m bench.curves number-words --examples 300 1000 --write`
some, and puts them into the table that ships (`engine/cost/curves.json`) in the place of earlier ones. Parts are trained for more
epochs than the whole, up to `MOST_TIMES` as many, so that the network takes about as many steps.
"""

import argparse
import json
import sys
from typing import Any

from bench.children import empty_home, run_json
from engine.cost.curves import TABLE
from engine.datasets.base import datasets
from engine.runs import RunSpec

EXAMPLES = {
    "number-words": (300, 1_000, 3_000, 0),
    "pronunciations": (4_000, 0),
    "tang-poems": (500, 2_000, 0),
    "digit-strings": (300, 1_000, 0),
    "digit-voices": (0,),
    "docstrings": (0,),
    "fillets-dialogues": (0,),
    "bible-verses": (0,),
    "co2": (0,),
}
"""For each set the examples of training and validation; 0: all."""
MADE = {"digit-strings": "strings"}
"""Sets that make as many examples as a setting says, those of the test among them."""
MOST_TIMES = 6
_SIZE = 3_000  # of sets that do not say how large they are


def measure() -> dict[str, Any]:
    """Return the rows of the table."""
    with empty_home() as environment:
        rows = [_run(name, count, environment) for name, counts in EXAMPLES.items() for count in counts]
    return {"rows": rows}


def spec_of(name: str, count: int) -> RunSpec:
    """Return the form's defaults with `count` examples of the set; 0: with all."""
    import bench.subsets  # noqa: F401  # registers parts of sets

    whole = RunSpec.build({"dataset": name})
    if not count:
        return whole
    times = min(MOST_TIMES, max(1, (datasets[name].num_examples or _SIZE) // count))
    epochs = times * whole.training.epochs
    if name in MADE:
        return RunSpec.build({"dataset": name, MADE[name]: count, "epochs": epochs})
    values = {**datasets[name].suggested, "task": whole.task.name, "model": whole.model.name, "epochs": epochs}
    return RunSpec.build({**values, "dataset": "bench-subset", "of": name, "per_class": count // 10})


def train(name: str, count: int) -> dict[str, Any]:
    """Train as `engine train` does; return a row of the table."""
    from engine.store import open_store
    from engine.training.fit import train_run

    spec, store = spec_of(name, count), open_store()
    metric = spec.task.metrics[0].name
    run = store.runs.create(spec, slot="bench")
    train_run(store, run)
    result = store.runs.get(run.id).result
    found = {"task": spec.task.name, "dataset": name, "model": spec.model.name, "metric": metric}
    return found | {"examples": result["num_train_examples"], "score": round(result[f"test_{metric}"], 4)}


def merged(rows: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return both; a new row takes the place of an old one about as many examples of the same."""
    same = ("task", "dataset", "model", "metric", "examples")
    found = {tuple(row[name] for name in same): row for row in [*rows, *new]}
    return [found[key] for key in sorted(found)]


def write(rows: list[dict[str, Any]]) -> None:
    """Put rows into the table that ships, a line each."""
    lines = ",\n".join(json.dumps(row) for row in merged(json.loads(TABLE.read_text()), rows))
    TABLE.write_text(f"[\n{lines}\n]\n")


def _run(name: str, count: int, environment: dict[str, str]) -> dict[str, Any]:
    row = run_json("-m", "bench.curves", name, "--examples", str(count), "--one", environment=environment)
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", choices=EXAMPLES)
    parser.add_argument("--examples", nargs="+", type=int, help="of training and validation; 0: all")
    parser.add_argument("--one", action="store_true", help="train here, and print the row")
    parser.add_argument("--write", action="store_true", help="put the rows into the table that ships")
    chosen = parser.parse_args()
    counts = chosen.examples or EXAMPLES[chosen.set]
    if chosen.one:
        print(json.dumps(train(chosen.set, counts[0])))
        return
    with empty_home() as environment:
        rows = [_run(chosen.set, count, environment) for count in counts]
    if chosen.write:
        write(rows)


if __name__ == "__main__":
    _main()
