"""The right to use the imported set that a run, a study or a preview reads, and to see its examples in a run."""

from typing import Any

from engine import access
from engine.access import Action, Actor, Visibility, check
from engine.datasets.base import Dataset
from engine.datasets.stored.base import OwnDataset
from engine.errors import TrainyardError
from engine.imports.own_kinds import own_kinds
from engine.imports.sets import OwnSet, describe_set, gone, list_sets
from engine.own_data import set_of
from engine.runs import Run, RunSpec

_ORDER = [Visibility.PRIVATE, Visibility.SHARED, Visibility.PUBLISHED]


def check_data(actor: Actor, dataset: Dataset) -> None:
    """Raise unless `actor` may use the imported set that a dataset reads. One that they may not look at is not there."""
    if isinstance(dataset, OwnDataset):
        _check_set(actor, set_of(dataset), dataset.reference, dataset.kind)


def spec_for(actor: Actor, values: dict[str, Any]) -> RunSpec:
    """Return the spec with these values, after asking for its data: what is suggested for data tells of the data."""
    for kind in own_kinds().values():
        if values.get("dataset") == kind.dataset and (reference := str(values.get(kind.field) or "")):
            try:
                own = describe_set(reference)
            except TrainyardError:
                own = None
            _check_set(actor, own, reference, kind.name)
    return RunSpec.build(values)


def _check_set(actor: Actor, own: OwnSet | None, reference: str, kind: str) -> None:
    if own is None:  # whoever needs it says what is missing
        if access.reach(actor, Action.LOOK).everything or not reference:
            return
    elif access.allowed(actor, Action.LOOK, own):
        check(actor, Action.USE, own)
        return
    raise TrainyardError(gone(reference, access.visible(actor, list_sets(kind))))


def examples_shown(actor: Actor, run: Run, dataset: Dataset) -> bool:
    """Return whether the page of a run may show `actor` the examples that it was trained on.

    With a run its owner shows the examples of their own data, as they were told. Data of a third person is shown to whom it is
    shown otherwise.
    """
    own = set_of(dataset)
    if own is None or access.allowed(actor, Action.LOOK, own):
        return True
    return own.owner == run.owner and access.allowed(actor, Action.LOOK, run)


def check_shown(owner: str, visibility: Visibility, dataset: Dataset, *, examples: bool) -> None:
    """Raise unless `examples` says that the data of `owner` may be seen in what they show to more people than the data."""
    own = set_of(dataset)
    if own is None or examples or own.owner != owner or _ORDER.index(visibility) <= _ORDER.index(own.visibility):
        return
    raise TrainyardError(
        "The dataset {reference!r} is {data}. Whoever can see the run can see examples of it: among the mistakes, in the report, "
        "and on the Demo page. Confirm that examples may be seen, or keep it {data}.",
        reference=own.reference,
        data=access.word_of(own.visibility),
    )
