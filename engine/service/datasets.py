"""Datasets: fetch those that are downloaded, import one's own, and delete these."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import access
from engine.access import Action, Actor, Visibility, check, visible
from engine.datasets.base import Dataset
from engine.datasets.stored.base import OwnDataset
from engine.errors import TrainyardError
from engine.imports.sets import LONGEST_NAME, ImportReport, OwnSet, describe_set, gone, list_sets
from engine.own_data import Uses, delete_own_data, set_of, uses_of
from engine.runs import Run
from engine.sentences import Sentence
from engine.service.audited import audited
from engine.service.data import examples_shown
from engine.service.leaving import mark_of
from engine.service.opened import store
from engine.service.terms import check_disk
from engine.store import Fetch

if TYPE_CHECKING:
    from engine.imports.apart import Importer
    from engine.imports.archive import Progress
    from engine.imports.recorded import Recorded
    from engine.imports.understood import Choice, Reading, Source, Understood
    from engine.readers.layout import Layout

_ALL = "datasets"

# -- downloads ---------------------------------------------------------------------------------------------------------


@audited("dataset {name}")
def begin_fetch(actor: Actor, name: str) -> None:
    """Write down that a download begins, before the process that does it has started."""
    check(actor, Action.CREATE, _ALL)
    store().fetches.report(name, "running")


@audited("dataset {name}")
def fetch(actor: Actor, name: str, source: Path | None, progress: Callable[[int, int], None]) -> None:
    """Download a dataset or a pretrained network, or copy it from the folder `source`; everybody who looks sees how far it is."""
    from engine.preparation.fetch import fetch as download

    def report(done: int, total: int) -> None:
        progress(done, total)
        store().fetches.report(name, "running", done, total)

    begin_fetch(actor, name)
    try:
        download(name, source, report)
    except TrainyardError as error:
        store().fetches.report(name, "failed", message=error.sentence)
        raise
    store().fetches.report(name, "completed")


def fetch_progress(actor: Actor, name: str) -> Fetch | None:
    """Return how far the last download of a dataset is, or None where there was none."""
    check(actor, Action.LOOK, _ALL)
    return store().fetches.get(name)


# -- one's own ---------------------------------------------------------------------------------------------------------


def understand(
    actor: Actor,
    source: "Source",
    filename: str,
    kind: str | None = None,
    layout: "Layout | None" = None,
    reading: "Reading | None" = None,
    importer: "Importer | None" = None,
) -> "Understood":
    """Return what an upload is probably meant as, without keeping anything. With an `importer`, its process reads it."""
    from engine.imports.understand import understand as understand_data

    check(actor, Action.CREATE, _ALL)
    if importer is not None and not isinstance(source, Path):
        return importer.understand(actor.name, source, filename, kind, layout, reading)
    return understand_data(source, filename, kind, layout, reading)


@audited("dataset {made.made.reference}")
def import_own(
    actor: Actor,
    source: "Source",
    filename: str,
    choice: "Choice",
    progress: "Progress | None" = None,
    *,
    found: "Understood | None" = None,
    importer: "Importer | None" = None,
) -> ImportReport:
    """Import what was understood, as somebody chose it; the set is the actor's. `found` spares reading it again, and the process
    of an `importer` knows it."""
    from engine.imports.importing import import_data
    from engine.imports.versions import owned_by

    check(actor, Action.CREATE, _ALL)
    check_disk(actor)
    choice = replace(choice, name=name_for(actor, choice.name))
    if importer is not None and not isinstance(source, Path):
        return importer.import_data(actor.name, source, filename, choice, progress)
    with owned_by(actor.name):
        return import_data(source, filename, choice, progress, found)


def name_for(actor: Actor, name: str) -> str:
    """Return the name under which an import is kept. A member's ends in letters of their own: whether others have a set of the
    same name cannot be told by its version."""
    check(actor, Action.CREATE, _ALL)
    if access.reach(actor, Action.LOOK).everything:
        return name
    mark = f"-{mark_of(actor.name)}"
    return name if name.endswith(mark) else name[: LONGEST_NAME - len(mark)].rstrip("-_") + mark


@audited("dataset {made.made.reference}")
def import_recorded(
    actor: Actor,
    kind: str,
    classes: "Recorded",
    ending: str,
    name: str,
    title: str,
    progress: "Progress | None" = None,
    *,
    importer: "Importer | None" = None,
) -> ImportReport:
    """Import samples recorded in a browser, class by class; the set is the actor's."""
    from engine.imports.recorded import pack
    from engine.imports.understood import Choice

    check(actor, Action.CREATE, _ALL)
    file, arrangement = pack(classes, ending)
    choice = Choice(kind, name, title, arrangement=arrangement)
    return import_own(actor, file, f"{name}.zip", choice, progress, importer=importer)


def get_own(actor: Actor, reference: str, kind: str | None = None) -> OwnSet:
    """Return what is known of an imported set, of this kind if one is given."""
    made = describe_set(reference, lambda: list_own(actor))
    check(actor, Action.LOOK, made)
    if kind not in (None, made.kind):
        raise TrainyardError(gone(reference, list_own(actor, kind)))
    return made


def list_own(actor: Actor, kind: str | None = None) -> list[OwnSet]:
    """Return the imported sets, by name and version."""
    return visible(actor, list_sets(kind))


def ready(actor: Actor, dataset: Dataset) -> bool:
    """Return whether a dataset is on this machine, and the actor may use it."""
    own = set_of(dataset)
    return dataset.available() and (own is None or access.allowed(actor, Action.USE, own))


def shown_with(actor: Actor, run: Run) -> bool:
    """Return whether the actor may see examples of a run's data with the run. Raises `TrainyardError` for an unknown dataset."""
    check(actor, Action.LOOK, run)
    return access.reach(actor, Action.LOOK).everything or examples_shown(actor, run, run.parsed().dataset)


def missing(actor: Actor, dataset: Dataset) -> Sentence:
    """Return what is to be done before a dataset can be used that is not `ready`; names only what the actor may see."""
    check(actor, Action.LOOK, _ALL)
    own = set_of(dataset)
    if isinstance(dataset, OwnDataset) and not (own and access.allowed(actor, Action.LOOK, own)):
        return gone(dataset.reference, list_own(actor, dataset.kind))
    return dataset.missing()


def uses(actor: Actor, reference: str) -> Uses:
    """Return which runs were trained on an imported set; those that the actor may not look at are only counted."""
    get_own(actor, reference)
    return _uses(actor, reference)


def _uses(actor: Actor, reference: str) -> Uses:
    return uses_of(store(), reference, lambda run: access.allowed(actor, Action.LOOK, run))


@audited("dataset {reference}", detail="{visibility}")
def show_own(actor: Actor, reference: str, visibility: Visibility) -> OwnSet:
    """Change who may look at an imported set, and train on it once it is published."""
    from engine.imports.versions import show_set

    check(actor, Action.CHANGE, get_own(actor, reference))
    return show_set(reference, visibility)


@audited("dataset {reference}")
def delete_own(actor: Actor, reference: str) -> None:
    """Delete an imported set that no unended run uses."""
    check(actor, Action.DELETE, get_own(actor, reference))
    delete_own_data(store(), reference, _uses(actor, reference))
