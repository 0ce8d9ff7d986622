"""Published demos: publish a run under a name, change what is current, and predict with it without seeing the run."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from engine import access
from engine.access import Action, Actor, Visibility, check, reach, visible
from engine.artifacts import artifacts_of
from engine.data_info import DataInfo
from engine.demos.card import card_of, clean_texts
from engine.demos.names import check_labels, clean_label, clean_name, clean_origins
from engine.demos.versions import check_alike, check_publishable, check_unused, same_inputs, version_of
from engine.errors import TrainyardError
from engine.naming import clean_name as clean_title
from engine.naming import clean_note
from engine.own_data import set_of
from engine.runs import Run, RunSpec
from engine.service import reports, runs
from engine.service.audited import audited
from engine.service.opened import store
from engine.service.spending import spend_openings, spend_predictions
from engine.settings import settings
from engine.store.demos import Demo, WrongAnswer, changed_to, unknown_demo

if TYPE_CHECKING:
    from engine.serving.client import Predictor
    from engine.serving.opened import Opened

T = TypeVar("T")
Wanted = int | str | None
"""A version by number or by label; None: the current one."""
logger = logging.getLogger(__name__)
_DAY = 86_400.0


@dataclass(frozen=True)
class Changes:
    """What an owner writes about a demo. What is None stays as it is."""

    title: str | None = None
    texts: Mapping[str, str] | None = None
    """Texts of the model card by part (`engine.demos.card`), all that there are to be."""
    origins: Sequence[str] | None = None
    collects: bool | None = None

    def values(self) -> dict[str, Any]:
        """Return what is stored, by column."""
        found = {
            "title": None if self.title is None else clean_title(self.title),
            "texts": None if self.texts is None else clean_texts(self.texts),
            "origins": None if self.origins is None else clean_origins(self.origins),
            "collects": None if self.collects is None else int(self.collects),
        }
        return {name: value for name, value in found.items() if value is not None}


# -- reading ---------------------------------------------------------------------------------------------------------------


def list_all(actor: Actor) -> list[Demo]:
    """Return the demos that somebody may use, by name; closed ones for their owner and admins."""
    return visible(actor, store().demos.list(reach(actor, Action.LOOK)))


def get(actor: Actor, name: str, action: Action = Action.LOOK) -> Demo:
    """Return a demo for an action. Of one that is closed is said what is said of one that is not there.

    A token that is for the action alone finds it, too.
    """
    found = store().demos.get(name)
    if found is None or not any(access.allowed(actor, known, found) for known in (Action.LOOK, action)):
        raise unknown_demo(name)
    check(actor, action, found)
    return found


def of_run(actor: Actor, run: Run) -> list[Demo]:
    """Return the demos of which a run is a version."""
    check(actor, Action.LOOK, run)
    names = dict.fromkeys(name for _run, name, _number in store().demos.uses([run.id]))
    return visible(actor, [demo for name in names if (demo := store().demos.get(name)) is not None])


def frame_origins(actor: Actor, name: str) -> list[str]:
    """Return the sites that may show the page of a demo in a frame; none of one that is not there."""
    demo = store().demos.get(name)
    if demo is None or not access.allowed(actor, Action.LOOK, demo):
        return []
    return [*demo.origins] if settings().max_demo_origins else []


# -- publishing ------------------------------------------------------------------------------------------------------------


@audited("demo {name}", detail="run {run_id}")
def publish(
    actor: Actor,
    run_id: int,
    name: str,
    changes: Changes | None = None,
    *,
    examples: bool = False,
    note: str = "",
    current: bool = True,
    warm: Callable[[int], object] = lambda _run_id: None,
) -> Demo:
    """Make a run the next version of a demo, or the first one under a new name. `examples`: examples of its data are shown.

    `warm` loads the model before anybody is sent to it; what it raises leaves everything as it was.
    """
    run = runs.get(actor, run_id)
    check(actor, Action.CHANGE, run)
    known = store().demos.get(name)
    if known is not None and not access.allowed(actor, Action.CHANGE, known):
        raise TrainyardError("The name {name!r} is taken. Choose another name.", name=name)
    check_publishable(run, artifacts_of(run.id).model.is_file())
    if examples:
        _check_examples(run)
    spec, written = run.parsed(), (changes or Changes()).values()
    version = {
        "run_id": run.id,
        "spec": run.spec,
        "card": card_of(reports.subject(actor, run)).to_dict(),
        "examples": int(examples),
        "note": clean_note(note),
        "made_by": actor.name,
    }
    if known is None:
        clean_name(name)
        _check_count(run.owner)
        warm(run.id)
        return store().demos.create(name, run.owner, version, **written)
    check_alike(known, spec.task.name)
    warm(run.id)

    def fits(demo: Demo) -> None:
        check_alike(demo, spec.task.name)
        if len(demo.versions) >= settings().max_demo_versions:
            raise TrainyardError(
                "The demo {demo!r} has {most} versions, and TRAINYARD_MAX_DEMO_VERSIONS allows no more. Withdraw one first.",
                demo=demo.name,
                most=len(demo.versions),
            )

    made = store().demos.add_version(name, version, fits, current=current)
    return store().demos.change(name, lambda _demo: written) if written else made


def _check_count(owner: str) -> None:
    mine = [demo for demo in store().demos.list(access.Reach(owner=owner)) if demo.owner == owner]
    if len(mine) >= settings().max_demos:
        raise TrainyardError(
            "{owner} has {count} demos, and TRAINYARD_MAX_DEMOS allows no more. Delete one first.",
            owner=owner,
            count=len(mine),
        )


def _check_examples(run: Run) -> None:
    """Raise where examples are of data of somebody else's that is not published."""
    own = set_of(run.parsed().dataset)
    if own is not None and own.owner != run.owner and own.visibility is not Visibility.PUBLISHED:
        raise TrainyardError(
            "The dataset {reference!r} is {owner}'s: its examples cannot be shown with a demo. Publish without examples.",
            reference=own.reference,
            owner=own.owner,
        )


@audited("demo {name}")
def edit(actor: Actor, name: str, changes: Changes) -> Demo:
    """Change title, texts of the model card, sites, and whether visitors may send what was wrong."""
    get(actor, name, Action.CHANGE)
    values = changes.values()
    return store().demos.change(name, lambda _demo: values)


@audited("demo {name}", detail="version {wanted}")
def choose(actor: Actor, name: str, wanted: Wanted) -> Demo:
    """Make a version the current one: the next answer is its."""
    get(actor, name, Action.CHANGE)
    return store().demos.change(name, lambda demo: changed_to(demo, version_of(demo, wanted).number))


@audited("demo {name}")
def roll_back(actor: Actor, name: str) -> Demo:
    """Make the version current that was so before."""
    get(actor, name, Action.CHANGE)

    def back(demo: Demo) -> dict[str, Any]:
        before = [number for number in demo.history if number in demo.versions and number != demo.current]
        if not before:
            raise TrainyardError("No other version of {demo!r} was current before.", demo=demo.name)
        return {"current": before[-1], "history": before[:-1]}

    return store().demos.change(name, back)


@audited("demo {name}", detail="{text} {number}")
def label(actor: Actor, name: str, text: str, number: int | None) -> Demo:
    """Give a label to a version, or take it away where no version is named."""
    get(actor, name, Action.CHANGE)
    clean_label(text)

    def labelled(demo: Demo) -> dict[str, Any]:
        rest = {known: version for known, version in demo.own_labels.items() if known != text}
        labels = rest if number is None else rest | {text: version_of(demo, number).number}
        check_labels(labels)
        return {"labels": labels}

    return store().demos.change(name, labelled)


@audited("demo {name}", detail="version {wanted}")
def compare(actor: Actor, name: str, wanted: Wanted) -> Demo:
    """Show the answer of a version beside that of the current one; None: of the current one alone."""
    get(actor, name, Action.CHANGE)

    def shown(demo: Demo) -> dict[str, Any]:
        if wanted is None:
            return {"beside": None}
        one, other = version_of(demo), version_of(demo, wanted)
        if not same_inputs(artifacts_of(one.run_id).read_info(), artifacts_of(other.run_id).read_info()):
            raise TrainyardError(
                "Versions {one} and {other} take different columns, so one input cannot be given to both.",
                one=one.number,
                other=other.number,
            )
        return {"beside": other.number}

    return store().demos.change(name, shown)


@audited("demo {name}", detail="open {is_open}")
def show(actor: Actor, name: str, is_open: bool) -> Demo:
    """Open a demo to everybody, or close it: then it is there for its owner and admins only."""
    get(actor, name, Action.CHANGE)
    visibility = str(Visibility.PUBLISHED if is_open else Visibility.PRIVATE)
    return store().demos.change(name, lambda _demo: {"visibility": visibility})


@audited("demo {name}", detail="version {number}")
def withdraw(actor: Actor, name: str, number: int) -> Demo:
    """Forget a version that is not in use; its run can be deleted then."""
    get(actor, name, Action.CHANGE)
    return store().demos.withdraw(name, number, lambda demo: check_unused(demo, number))


@audited("demo {name}")
def delete(actor: Actor, name: str) -> None:
    """Forget a demo with its versions and what visitors have sent. The runs stay."""
    get(actor, name, Action.DELETE)
    store().demos.delete(name)


# -- using -----------------------------------------------------------------------------------------------------------------


def ask(actor: Actor, name: str, wanted: Wanted, answer: Callable[[int], T], cost: float = 1) -> T:
    """Return what `answer` makes of the run behind a version: something of the predictor's, which counts as `cost` predictions.

    What goes wrong with the run itself is for its owner: an error that names it is told in other words.
    """
    demo = get(actor, name, Action.USE)
    version = version_of(demo, wanted)
    if cost:
        spend_predictions(actor, demo.name, cost)
    try:
        return answer(version.run_id)
    except TrainyardError as error:
        values = error.sentence.values
        if isinstance(values, Mapping) and "run" in values:
            logger.warning("Version %s of the demo %s cannot answer: %s", version.number, name, error)
            raise TrainyardError(
                "Version {version} of {demo!r} cannot answer now. Its owner can see why.",
                version=version.number,
                demo=name,
            ) from error
        raise


def opened(
    actor: Actor, predictor: "Predictor", name: str, wanted: Wanted, files: list[tuple[str, bytes]], pixels: int
) -> "list[Opened]":
    """Return what is seen or heard of files that are given to a demo. It counts as no prediction, and each as opened."""
    modality = spec(actor, name, wanted).task.modality
    spend_openings(actor, len(files))
    return predictor.opened(modality, files, pixels)


def info(actor: Actor, name: str, wanted: Wanted = None) -> DataInfo | None:
    """Return what the network of a version takes and answers with: for who looks at it and for who uses it."""
    demo = _looked_at_or_used(actor, name)
    return artifacts_of(version_of(demo, wanted).run_id).read_info()


def _looked_at_or_used(actor: Actor, name: str) -> Demo:
    try:
        return get(actor, name)
    except TrainyardError:
        return get(actor, name, Action.USE)


def spec(actor: Actor, name: str, wanted: Wanted = None) -> RunSpec:
    """Return what a version was trained with, for the program's own pages: people are shown the model card."""
    demo = get(actor, name, Action.USE)
    return RunSpec.from_dict(version_of(demo, wanted).spec)


def shows_examples(actor: Actor, name: str, wanted: Wanted = None) -> bool:
    """Return whether examples of its data may be shown with a version: its owner has said so, and nobody else's are meant."""
    demo = get(actor, name, Action.USE)
    version = version_of(demo, wanted)
    if not version.examples:
        return False
    own = set_of(RunSpec.from_dict(version.spec).dataset)
    return own is None or own.owner == demo.owner or own.visibility is Visibility.PUBLISHED


# -- what was wrong ----------------------------------------------------------------------------------------------------------


def collects(actor: Actor, name: str) -> bool:
    """Return whether visitors may send wrongly answered examples to the owner of a demo: owner and server allow it."""
    demo = get(actor, name, Action.USE)
    return demo.collects and settings().max_wrong_answers > 0


def send_wrong(
    actor: Actor, name: str, wanted: Wanted, file: tuple[str, bytes], answer: Mapping[str, Any], remark: str = ""
) -> None:
    """Keep an example for the owner of a demo, with the consent of who gave it."""
    demo = get(actor, name, Action.USE)
    version = version_of(demo, wanted)
    limits = settings()
    if not (demo.collects and limits.max_wrong_answers):
        raise TrainyardError("The demo {demo!r} keeps no examples.", demo=name)
    if len(file[1]) > limits.max_wrong_answer_kb * 1_000:
        raise TrainyardError(
            "The example has {size:,.0f} kB, and TRAINYARD_MAX_WRONG_ANSWER_KB allows {most:,}. It was not sent.",
            size=len(file[1]) / 1_000,
            most=limits.max_wrong_answer_kb,
        )
    values = {
        "version": version.number,
        "filename": clean_title(file[0][:100]),
        "content": file[1],
        "answer": dict(answer),
        "remark": clean_title(remark),
    }
    if not store().demos.add_wrong(demo.id, limits.max_wrong_answers, _kept_since(), **values):
        raise TrainyardError(
            "The owner of {demo!r} has {most} examples to look at already, and no more are kept. It was not sent.",
            demo=name,
            most=limits.max_wrong_answers,
        )


def wrong(actor: Actor, name: str) -> list[WrongAnswer]:
    """Return the examples that visitors have sent, the newest first: for the owner and admins."""
    demo = get(actor, name, Action.CHANGE)
    return store().demos.wrong(demo.id, _kept_since())


@audited("demo {name}")
def delete_wrong(actor: Actor, name: str, ids: Iterable[int] | None = None) -> int:
    """Delete these examples, or all; return how many."""
    demo = get(actor, name, Action.CHANGE)
    return store().demos.delete_wrong(demo.id, None if ids is None else [*ids])


def _kept_since() -> float:
    return time.time() - settings().wrong_answer_days * _DAY
