"""Labellings: pictures of one's own that get boxes or classes in a browser, and become a dataset.

Labels are stored at once, so that reloading a page or stopping the program loses nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from engine import access
from engine.access import Action, Actor, check
from engine.errors import TrainyardError
from engine.imports.boxed import boxes_of
from engine.imports.collected import read_stored
from engine.imports.labelled import Labelled, Proposal, Said, pack, png_size
from engine.imports.own_kinds import own_kind
from engine.imports.sets import LONGEST_TITLE, ImportReport, OwnSet, Problem, suggest_name
from engine.imports.understood import Choice
from engine.modalities.image.own import IMAGE, IMAGES, stored_png
from engine.modalities.scene.own import BOXED_PICTURES, LARGEST_SIDE
from engine.reading import plain_text
from engine.runs import Run, RunState
from engine.service import datasets, predictions
from engine.service.audited import audited
from engine.service.opened import store
from engine.service.runs import get as get_run
from engine.service.runs import list_all as list_runs
from engine.service.spending import spend_openings, spend_predictions
from engine.service.terms import check_disk
from engine.settings import settings
from engine.store.labellings import Labelling, unknown_labelling, unknown_picture

if TYPE_CHECKING:
    from engine.imports.apart import Importer
    from engine.imports.archive import Progress
    from engine.serving.client import Predictor
    from engine.serving.opened import Unfolded

KINDS = (BOXED_PICTURES.name, IMAGES.name)
"""Kinds of datasets that can be made by labelling: boxes in pictures, and a class a picture."""
_ALL = "labellings"
_SPLITS = ("train", "validation", "test")
LONGEST_CLASS = 80
"""Longest name of a class, in characters."""
_AT_ONCE = 8  # files that are opened together
_DETECTOR = "detector"
File = tuple[str, bytes]
"""Name and content."""


# -- what there is -----------------------------------------------------------------------------------------------------


def list_all(actor: Actor) -> list[Labelling]:
    """Return one's own labellings, the last changed first."""
    check(actor, Action.LOOK, _ALL)
    return store().labellings.list(actor.name)


def get(actor: Actor, labelling_id: int) -> Labelling:
    """Return a labelling. Raise `TrainyardError` where there is none that the actor may look at."""
    found = store().labellings.get(labelling_id)
    if found is None or not access.allowed(actor, Action.LOOK, found):
        raise unknown_labelling(labelling_id)
    return found


def picture(actor: Actor, labelling_id: int, number: int) -> Labelled:
    """Return a picture with its labels."""
    get(actor, labelling_id)
    found = store().labellings.picture(labelling_id, number)
    if found is None:
        raise unknown_picture(number)
    return found


def open_numbers(actor: Actor, labelling_id: int) -> list[int]:
    """Return the numbers of the pictures that are not labelled yet."""
    get(actor, labelling_id)
    return store().labellings.open_numbers(labelling_id)


def proposers(actor: Actor) -> list[Run]:
    """Return the completed runs that can propose boxes to the actor, the newest first."""
    task = own_kind(BOXED_PICTURES.name).task
    check(actor, Action.LOOK, _ALL)
    found = list_runs(actor, states=[RunState.COMPLETED], task=task, trials=False, limit=50)
    return [run for run in found if access.allowed(actor, Action.USE, run)]


# -- beginning ---------------------------------------------------------------------------------------------------------


@audited("labelling {made}")
def begin(actor: Actor, kind: str, title: str, classes: Sequence[str] = (), reference: str = "") -> Labelling:
    """Begin a labelling for a dataset of `kind`; with a `reference`, of the pictures of an imported dataset and with what is known of
    them."""
    check(actor, Action.CREATE, _ALL)
    if kind not in KINDS:
        raise TrainyardError(
            "{kind!r} cannot be labelled here. Choose one of: {kinds}.", kind=kind, kinds=", ".join(KINDS)
        )
    check_disk(actor)
    names, found = _named(classes), list[Labelled]()
    if reference:
        own = datasets.get_own(actor, reference)
        check(actor, Action.CHANGE, own)
        names, found = _of_set(own, kind, names)
    _check_room(actor, None, found)
    title = plain_text(title.strip(), LONGEST_TITLE) or "My pictures"
    made = store().labellings.create(actor.name, title, kind, names, reference, settings().max_labellings)
    store().labellings.add(made, found)
    return get(actor, made)


@audited("labelling {labelling_id}")
def add(
    actor: Actor,
    predictor: "Predictor",
    labelling_id: int,
    files: Sequence[File],
    progress: "Progress | None" = None,
) -> list[Problem]:
    """Add the pictures of some files and zips, which the predictor opens; return those that cannot be used, and why."""
    from engine.serving.portions import Portions

    labelling = get(actor, labelling_id)
    check(actor, Action.CHANGE, labelling)
    check_disk(actor)

    def unfold(file: File, first: int, spent_bytes: int) -> "Unfolded":
        return predictor.unfolded(IMAGE, file, (), first, spent_bytes)

    inputs = Portions(IMAGE, files, unfold)
    problems, position = list[Problem](), 0
    while position < len(inputs):
        members = inputs.take(position, _AT_ONCE)
        spend_openings(actor, len(members))
        contents, found = list[File](), list[Labelled]()
        for member in members:
            try:
                contents.append((member.name, member.read()))
            except TrainyardError as error:
                problems.append(Problem(plain_text(member.name, 120), error.sentence))
        for (name, _data), one in zip(contents, predictor.opened(IMAGE, contents, LARGEST_SIDE), strict=True):
            if one.pixels is None:
                problems.append(Problem(plain_text(name, 120), TrainyardError(one.error).sentence))
            else:
                found.append(Labelled(0, _file_name(name), _png(one.pixels), Said()))
        _check_room(actor, store().labellings.get(labelling_id), found)
        store().labellings.add(labelling_id, found)
        position += len(members)
        if progress is not None:
            progress(position, len(inputs))
    return problems


# -- labelling ---------------------------------------------------------------------------------------------------------


def save(actor: Actor, labelling_id: int, number: int, said: Said) -> None:
    """Store the labels of a picture, cut to what it can have."""
    labelling = get(actor, labelling_id)
    check(actor, Action.CHANGE, labelling)
    width, height = _size(picture(actor, labelling_id, number))
    said = replace(said, label=None) if own_kind(labelling.kind).boxed else Said(label=said.label)
    checked = said.checked(width, height, len(labelling.classes))
    store().labellings.say(labelling_id, number, lambda _before: checked)


def name_classes(actor: Actor, labelling_id: int, names: Sequence[str]) -> None:
    """Rename the classes by position, and add those beyond; none can be taken away, since boxes name them by position."""
    labelling = get(actor, labelling_id)
    check(actor, Action.CHANGE, labelling)
    if len(names) < len(labelling.classes):
        raise TrainyardError(
            "The labelling has {count} classes; {given} names were given. Classes without boxes are left out of the dataset.",
            count=len(labelling.classes),
            given=len(names),
        )
    store().labellings.name_classes(labelling_id, _named(names))


def propose(actor: Actor, predictor: "Predictor", labelling_id: int, number: int, run_id: int | None = None) -> int:
    """Have boxes proposed for a picture that has none yet: by a run, or by the detector that ships; return how many.

    Proposals are no boxes until somebody accepts them. Earlier proposals are replaced.
    """
    labelling = get(actor, labelling_id)
    check(actor, Action.CHANGE, labelling)
    shown = picture(actor, labelling_id, number)
    if run_id is None:
        spend_predictions(actor, _DETECTOR)
        found = predictor.propose([shown.content])[0]
    else:
        found = _by_run(actor, predictor, get_run(actor, run_id), shown)
    width, height = _size(shown)
    said = Said(proposals=tuple(found)).checked(width, height, 0).proposals
    store().labellings.say(labelling_id, number, lambda before: replace(before, proposals=said))
    return len(said or ())


def _by_run(actor: Actor, predictor: "Predictor", run: Run, shown: Labelled) -> list[Proposal]:
    """What a network finds, in pixels of the stored picture instead of its own."""
    (result,) = predictions.predict(actor, predictor.predict, run, [(shown.name, shown.content)])
    if result.prediction is None:
        raise TrainyardError(result.error)
    values = result.prediction.values
    if "objects" not in values:
        raise TrainyardError("Run {run} finds no boxes. Choose a run of object detection.", run=run.id)
    width, height = _size(shown)
    scale = max(width / values["width"], height / values["height"])
    sides = ("left", "top", "right", "bottom")
    return [
        Proposal(tuple(scale * one[side] for side in sides), one["label"], one["probability"])
        for one in values["objects"]
    ]


# -- the dataset -------------------------------------------------------------------------------------------------------


@audited("dataset {made.made.reference}")
def make(
    actor: Actor,
    labelling_id: int,
    title: str = "",
    progress: "Progress | None" = None,
    *,
    importer: "Importer | None" = None,
) -> ImportReport:
    """Import the labelled pictures as a dataset, as a zip of them would be. A title that is known makes a new version of that dataset;
    the labelling stays."""
    labelling = get(actor, labelling_id)
    check(actor, Action.CHANGE, labelling)
    name, title = name_of(actor, labelling, title)
    kind = own_kind(labelling.kind)
    file, arrangement = pack(kind, labelling.classes, store().labellings.done(labelling_id))
    choice = Choice(kind.name, name, title, arrangement=arrangement)
    return datasets.import_own(actor, file, f"{name}.zip", choice, progress, importer=importer)


def name_of(actor: Actor, labelling: Labelling, title: str) -> tuple[str, str]:
    """Return name and title of the dataset that `make` makes: those of the dataset that the pictures came from, unless its title or
    its kind is another."""
    check(actor, Action.LOOK, labelling)
    title = plain_text(title.strip(), LONGEST_TITLE) or labelling.title
    for own in datasets.list_own(actor, labelling.kind):
        if own.reference == labelling.reference and title in (own.title, labelling.title):
            return own.name, title
    return suggest_name(title), title


@audited("labelling {labelling_id}")
def delete(actor: Actor, labelling_id: int) -> None:
    """Forget a labelling with its pictures; datasets that were made of it stay."""
    check(actor, Action.DELETE, get(actor, labelling_id))
    store().labellings.delete(labelling_id)


# -- parts -------------------------------------------------------------------------------------------------------------


def _named(names: Sequence[str]) -> list[str]:
    """Names of classes as they are kept, each once. Raise `TrainyardError` for one that is empty or there twice."""
    kept = [plain_text(name.strip(), LONGEST_CLASS) for name in names]
    most = settings().max_labelling_classes
    if len(kept) > most:
        raise TrainyardError(
            "There are {count} classes; a labelling may have {most} (TRAINYARD_MAX_LABELLING_CLASSES).",
            count=len(kept),
            most=most,
        )
    for position, name in enumerate(kept):
        if not name:
            raise TrainyardError("Class {number} has no name. Name every class.", number=position + 1)
        if name in kept[:position]:
            raise TrainyardError("Two classes are called {label!r}. Give each class a name of its own.", label=name)
    return kept


def _of_set(own: OwnSet, kind: str, names: list[str]) -> tuple[list[str], list[Labelled]]:
    """The pictures of an imported set, with what is known of them where the labelling is of the same kind."""
    if own.kind not in KINDS:
        raise TrainyardError("The dataset {reference!r} has no pictures that can be labelled.", reference=own.reference)
    stored, same = read_stored(own.reference, own.kind), own.kind == kind
    classes = [*own.labels, *(name for name in names if name not in own.labels)] if same else names
    boxes = boxes_of(stored) if same and own_kind(kind).boxed else None
    found = []
    for index in range(len(stored)):
        if boxes is not None:
            rows = boxes.one(index)
            said = Said(
                tuple(map(tuple, rows[:, :4].tolist())), tuple(rows[:, 4].astype(int).tolist()), empty=not len(rows)
            )
        else:
            said = Said(label=int(stored.targets[index])) if same else Said()
        split = stored.more.get("split")
        group = stored.more.get("group")
        found.append(
            Labelled(
                0,
                _file_name(str(stored.names[index])),
                stored.bytes_of(index),
                said,
                "" if split is None else _SPLITS[int(split[index])],
                "" if group is None else str(int(group[index])),
            )
        )
    return _named(classes), found


def _check_room(actor: Actor, labelling: Labelling | None, more: Sequence[Labelled]) -> None:
    """Raise `TrainyardError` where so many more pictures would be too many or too large."""
    most, largest = settings().max_labelling_pictures, settings().max_labellings_mb
    count = (labelling.num_pictures if labelling else 0) + len(more)
    if count > most:
        raise TrainyardError(
            "There would be {count:,} pictures; a labelling may have {most:,} (TRAINYARD_MAX_LABELLING_PICTURES). Label them in parts.",
            count=count,
            most=most,
        )
    owner = labelling.owner if labelling else actor.name
    used = sum(one.size_bytes for one in store().labellings.list(owner)) + sum(len(one.content) for one in more)
    if used > largest * 1_000_000:
        raise TrainyardError(
            "The pictures of your labellings would take {used:,.0f} MB; they may take {largest:,} MB "
            "(TRAINYARD_MAX_LABELLINGS_MB). Delete labellings of which datasets were made.",
            used=used / 1e6,
            largest=largest,
        )


def _png(pixels: np.ndarray) -> bytes:
    from PIL import Image

    return stored_png(Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).convert("RGB"))


def _file_name(name: str) -> str:
    """The name of a picture in the zip that becomes a dataset: without folders, and a PNG."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    return f"{plain_text(stem, 100) or 'picture'}.png"


def _size(shown: Labelled) -> tuple[int, int]:
    return png_size(shown.content)
