"""Published demos in the API: what visitors may know of them, and what their owners change."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from engine import service
from engine.access import Action, Actor, Forbidden
from engine.api.bodies import parse_body
from engine.api.networks import describe_network, setting_of
from engine.api.problems import Problem
from engine.api.shapes import DemoChanges, DemoList, DemoModel, DemoSummary, DemoVersion, NewDemo, Status, VersionStatus
from engine.demos.card import Card, facts_of
from engine.demos.versions import version_of
from engine.errors import StoreUnavailable, TrainyardError
from engine.runs import RunSpec
from engine.service.demos import Changes, Wanted
from engine.serving.client import Predictor
from engine.tasks.base import tasks

if TYPE_CHECKING:
    from engine.store.demos import Demo, Version


def find(actor: Actor, name: str, wanted: Wanted, action: Action = Action.LOOK) -> "tuple[Demo, Version] | None":
    """Return a demo and its version; None where there is no such demo. Raise `Problem` for a version that is not there."""
    try:
        demo = service.demos.get(actor, name, action)
    except Forbidden:
        raise
    except StoreUnavailable:
        raise
    except TrainyardError:
        return None
    try:
        return demo, version_of(demo, wanted)
    except TrainyardError as error:
        raise Problem(HTTPStatus.NOT_FOUND, error.sentence) from error


def known(actor: Actor, name: str, action: Action = Action.CHANGE) -> "Demo":
    """Return a demo for an action, or raise `Problem`."""
    try:
        return service.demos.get(actor, name, action)
    except (StoreUnavailable, Forbidden):
        raise
    except TrainyardError as error:
        raise Problem(HTTPStatus.NOT_FOUND, error.sentence) from error


def list_demos(actor: Actor) -> DemoList:
    """Return all that somebody may use."""
    return DemoList(demos=[DemoSummary(**_summary(demo)) for demo in service.demos.list_all(actor)])


def describe(actor: Actor, demo: "Demo", version: "Version", wanted: Wanted) -> DemoModel:
    """Return what is known of a demo before it is asked, as its version has it; nothing else of the run."""
    task = tasks[version.spec["task"]["name"]]
    info = service.demos.info(actor, demo.name, version.number)
    card = Card.from_dict(version.card)
    facts = facts_of(card, demo.texts)
    shown = [version] if wanted is not None else [*demo.versions.values()]
    return DemoModel(
        **_summary(demo),
        **describe_network(task, info),
        answering=[setting_of(field) for field in RunSpec.from_dict(version.spec).answering],
        model_version_status=[
            VersionStatus(version=str(one.number), state="AVAILABLE", status=Status()) for one in shown
        ],
        card={
            "intended_use": demo.texts.get("use") or str(card.use),
            "limits": demo.texts.get("limits") or str(card.limits),
            "facts": {str(fact.name): str(fact.value) for fact in facts},
            "owners_words": {str(fact.name): str(fact.recorded) for fact in facts if fact.corrected},
            "figures": [list(map(str, card.head)), *(list(map(str, row)) for row in card.rows)],
        },
    )


def publish(actor: Actor, predictor: Predictor, body: bytes) -> DemoSummary:
    """Make a run a demo, or its next version."""
    asked = parse_body(NewDemo, body)
    made = service.demos.publish(
        actor,
        asked.run,
        asked.name,
        Changes(asked.title, asked.texts, asked.origins, asked.collects),
        examples=asked.examples,
        note=asked.note,
        current=asked.current,
        warm=lambda run_id: predictor.predict(run_id, []),
    )
    return DemoSummary(**_summary(made))


def change(actor: Actor, name: str, body: bytes) -> DemoSummary:
    """Change what the body names."""
    asked, demos = parse_body(DemoChanges, body), service.demos
    given, made = asked.model_fields_set, known(actor, name)
    changes = Changes(asked.title, asked.texts, asked.origins, asked.collects)
    if changes != Changes():
        made = demos.edit(actor, name, changes)
    if asked.current is not None:
        made = demos.choose(actor, name, asked.current)
    if asked.roll_back:
        made = demos.roll_back(actor, name)
    for label, number in (asked.version_labels or {}).items():
        made = demos.label(actor, name, label, number)
    if "beside" in given:
        made = demos.compare(actor, name, asked.beside)
    if asked.open is not None:
        made = demos.show(actor, name, asked.open)
    return DemoSummary(**_summary(made))


def delete(actor: Actor, name: str) -> None:
    """Forget a demo."""
    service.demos.delete(actor, known(actor, name, Action.DELETE).name)


def withdraw(actor: Actor, name: str, number: int) -> DemoSummary:
    """Forget a version."""
    return DemoSummary(**_summary(service.demos.withdraw(actor, known(actor, name).name, number)))


def _summary(demo: "Demo") -> dict[str, Any]:
    current = demo.versions[demo.current]
    return {
        "name": demo.name,
        "title": demo.title,
        "about": demo.texts.get("about", ""),
        "task": current.spec["task"]["name"],
        "open": demo.open,
        "current": demo.current,
        "version_labels": demo.labels,
        "versions": [
            DemoVersion(version=str(one.number), published_at=one.made_at, note=one.note, examples=one.examples)
            for one in demo.versions.values()
        ],
    }
