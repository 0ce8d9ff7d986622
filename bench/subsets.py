"""The defaults for imported data: subsets of the embedded sets as if they had been imported, against the baseline.

Each subset has so many examples of each class, from which training and validation are drawn; the rest of the set tests, at most
`TESTED` of it, so that a point of difference is not one example. Network and baseline have the same split. `python -m bench subsets`
measures all of them, which takes hours; `python -m bench.subsets --sets tweets wine --sizes 10 50 --seeds 0 1` some, and with
`--values` as JSON other values than the advice.
"""

import argparse
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from statistics import fmean, stdev
from typing import Annotated, Any, ClassVar

import numpy as np
from PIL import Image
from pydantic import Field

from bench.children import empty_home, run_json
from engine.advice.defaults import Facts
from engine.datasets.base import Dataset, Examples, datasets
from engine.runs import RunSpec
from engine.spec import ADVANCED
from engine.tasks.base import tasks

SEEDS = (0, 1, 2)
SIZES = (10, 20, 50, 200, 0)
"""Examples of each class; 0: all."""
SETS = tuple(cls.name for cls in datasets.values() if cls.embedded and not hasattr(cls, "kind"))
TESTED = 400
_PICTURES = 100  # the mean size is computed from this many


@datasets.register("bench-subset", "A part of an embedded set")
class Subset(Dataset):
    """Some examples of each class of an embedded set."""

    tasks: ClassVar[tuple[str, ...]] = tuple(tasks)

    of: Annotated[str, Field(), ADVANCED] = "movie-snippets"
    """The embedded set."""
    per_class: Annotated[int, Field(ge=0), ADVANCED] = 0
    """Number of training and validation examples of each class; for numbers, ten times as many in all."""
    part_seed: Annotated[int, ADVANCED] = 0
    """Seed of the draw."""

    def whole(self) -> Dataset:
        """Return the set that this is a part of."""
        return datasets[self.of]()

    def task(self) -> str:
        """Return the task of the set."""
        return self.whole().task()

    def fingerprint(self) -> str:
        """Changes with the set."""
        return f"{self.whole().fingerprint()} {TESTED}"

    def load(self) -> Examples:
        """Return examples of the subset, and others that test; groups stay together."""
        examples, rng = self.whole().load(), np.random.default_rng(self.part_seed)
        count = len(examples.inputs)
        groups = np.arange(count) if examples.groups is None else np.unique(examples.groups, return_inverse=True)[1]
        order = np.argsort(rng.permutation(groups.max() + 1)[groups], kind="stable")  # groups in any order
        test = np.zeros(count, bool)
        tested = groups[order[: min(TESTED, count // 5)]]
        test[np.isin(groups, tested)] = True
        learned = order[~test[order]]
        if self.per_class and examples.labels:
            classes = range(len(examples.labels))
            learned = np.concatenate([learned[examples.targets[learned] == k][: self.per_class] for k in classes])
        elif self.per_class:
            learned = learned[: 10 * self.per_class]
        chosen = np.sort(np.concatenate([np.flatnonzero(test), learned]))
        kept: dict[str, Any] = {
            name: [value[i] for i in chosen] if isinstance(value, list) else value[chosen]
            for name in ("inputs", "targets", "groups", "strata")
            if (value := getattr(examples, name)) is not None
        }
        return replace(examples, **kept, test=test[chosen], validation=None)

    def facts(self, modality: str, task: str) -> Facts:
        """Return the facts that an import would record for as many examples."""
        examples = _load(self)
        learned = np.flatnonzero(~examples.test)  # type: ignore[operator]
        validation = round(len(learned) * self.validation_fraction)
        size = _mean_size_bytes(examples.inputs[learned], modality)
        return Facts(modality, len(learned) - validation, validation, size)


def _mean_size_bytes(inputs: np.ndarray, modality: str) -> float:
    """Return the size of the examples on disk: texts as they are, images as PNG."""
    if modality == "text":
        return fmean(len(text.encode()) for text in inputs)
    return fmean(_png_bytes(picture) for picture in inputs[:_PICTURES]) if modality == "image" else 0.0


def _png_bytes(picture: np.ndarray) -> int:
    file = io.BytesIO()
    Image.fromarray(picture.squeeze()).save(file, "png")
    return file.tell()


@lru_cache(maxsize=1)
def _load(subset: Subset) -> Examples:
    return subset.load()


def measure(
    sets: Sequence[str] = SETS, sizes: Sequence[int] = SIZES, seeds: Sequence[int] = SEEDS, values: str = "{}"
) -> dict[str, Any]:
    """Return for each set and size the test metric of baseline and default, and their difference with its standard error."""
    with empty_home() as environment:
        return {name: _compare(name, sizes, seeds, values, environment) for name in sets}


def _compare(
    name: str, sizes: Sequence[int], seeds: Sequence[int], values: str, environment: dict[str, str]
) -> dict[str, Any]:
    """Measure one set; each size has a process, which imports TensorFlow once for all seeds."""
    found = {}
    for size in sizes:
        part = ["--one", "--sets", name, "--sizes", str(size), "--seeds", *map(str, seeds), "--values", values]
        each = run_json("-m", "bench.subsets", *part, environment=environment)["each"]
        found[str(size) if size else "all"] = _summary(each)
        print(name, size or "all", found[str(size) if size else "all"], file=sys.stderr, flush=True)
    return found


def _summary(each: list[dict[str, Any]]) -> dict[str, Any]:
    apart = [one["default"] - one["baseline"] for one in each]
    return {
        **{name: each[0][name] for name in ("modality", "metric", "num_train", "model", "epochs")},
        **{name: round(fmean(one[name] for one in each), 4) for name in ("baseline", "default")},
        "difference": round(fmean(apart), 4),
        "standard_error": round(stdev(apart) / len(apart) ** 0.5, 4) if len(apart) > 1 else None,
        "seconds": [one["seconds"] for one in each],
    }


def train(name: str, per_class: int, seed: int, changed: dict[str, Any]) -> dict[str, Any]:
    """Train the default on one subset as `engine train` does, and return what it and the baseline reach on the test."""
    from engine.store import open_store
    from engine.training.fit import forget, train_run

    values = {"task": datasets[name].tasks[0], "dataset": "bench-subset", "of": name, "per_class": per_class}
    spec = RunSpec.build(values | {"part_seed": seed, "split_seed": seed, "seed": seed} | changed)
    metric, store = spec.task.metric_names()[0], open_store()
    run = store.runs.create(spec, slot="bench")
    train_run(store, run)
    result = store.runs.get(run.id).result
    store.close()
    forget()
    return {
        "modality": spec.task.modality,
        "metric": metric,
        "num_train": result["num_train_examples"],
        "model": spec.model.name,
        "epochs": spec.training.epochs,
        "default": result[f"test_{metric}"],
        "baseline": result[f"baseline_{metric}"],
        "seconds": result["whole_seconds"],
    }


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="examples of each class; 0: all")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--values", default="{}", help="other values than the advice, as JSON")
    parser.add_argument("--one", action="store_true", help="train here: one set and one size")
    chosen = parser.parse_args()
    if not chosen.one:
        print(json.dumps(measure(chosen.sets, chosen.sizes, chosen.seeds, chosen.values), indent=2))
        return
    changed = json.loads(chosen.values)
    print(json.dumps({"each": [train(chosen.sets[0], chosen.sizes[0], seed, changed) for seed in chosen.seeds]}))


if __name__ == "__main__":
    _main()
