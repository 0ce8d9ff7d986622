"""The right to use the imported set that a run, a study or a preview reads."""

from engine.access import Action, Actor, check
from engine.datasets.base import Dataset
from engine.own_data import set_of


def check_data(actor: Actor, dataset: Dataset) -> None:
    """Raise `Forbidden` where a dataset reads an imported set that `actor` may not use."""
    if own := set_of(dataset):
        check(actor, Action.USE, own)
