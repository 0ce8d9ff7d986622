"""Precision and recall of the check for wrong labels, on embedded sets of which some labels were changed."""

from typing import Any

from bench.children import empty_home, run_json

SETS = ("digits", "fashion", "movie-snippets", "tweets", "spoken-digits", "penguins", "titanic", "wine")


def measure() -> dict[str, Any]:
    """Return for each set the accuracy of the classifier, and of what was marked how much was changed, and the reverse."""
    with empty_home() as environment:
        return {name: _tested(name, environment) for name in SETS}


def _tested(name: str, environment: dict[str, str]) -> dict[str, Any]:
    return run_json("-m", "bench.mislabels", name, environment=environment)


def _measured(name: str) -> dict[str, Any]:
    from engine.inspection.mislabels import find_mislabels
    from engine.preparation.prepare import prepare
    from engine.runs import RunSpec
    from engine.settings import settings

    found = find_mislabels(prepare(RunSpec.build({"dataset": name}).dataset), settings().max_inspected)
    test = found["test"]
    return {
        "accuracy": round(found["accuracy"], 3),
        "examined": found["examined"],
        "marked_as_they_are": found["count"],
        "precision": round(test["found"] / max(test["marked"], 1), 2) if test else None,
        "recall": round(test["found"] / test["changed"], 2) if test else None,
    }


if __name__ == "__main__":
    import json
    import sys

    print(json.dumps(_measured(sys.argv[1])))
