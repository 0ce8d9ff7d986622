"""The datasets that have a leaderboard: each imported set has one of its own."""

from engine import service
from engine.datasets.base import datasets
from engine.imports.own_kinds import kind_of_dataset
from engine.imports.titles import own_reference, own_title
from engine.runs import Run
from ui import lab
from ui.language import _
from ui.plain import plain_text

_BETWEEN = "/"
"""Between a dataset and the imported set that it reads, in the address: `my-table/leaves@2`."""


def list_boards() -> dict[str, str]:
    """Title by the word in the address, those with most runs first."""
    found: dict[str, str] = {}
    for name in service.runs.evaluated_datasets(lab.actor()):
        if kind_of_dataset(name) is None:
            found[name] = _(datasets[name].title) if name in datasets else plain_text(name)
            continue
        for run in runs_of_board(name):
            part = run.spec["dataset"]
            word = f"{name}{_BETWEEN}{own_reference(name, part)}"
            found.setdefault(word, plain_text(own_title(name, part) or name))
    return found


def runs_of_board(word: str) -> list[Run]:
    """Return the completed runs on the dataset, or the imported set, that this word names."""
    name, _between, reference = word.partition(_BETWEEN)
    runs = service.runs.list_all(lab.actor(), states=["completed"], dataset=name, trials=False)
    return [run for run in runs if not reference or own_reference(name, run.spec["dataset"]) == reference]
