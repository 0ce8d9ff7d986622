"""Roles, actions and things: what each person is shown and may do, through the service, the pages, the API and the command line."""

import asyncio
import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from engine import service
from engine.access import Action, Actor, Forbidden, Role, Visibility, allowed
from engine.api.routes import api_routes
from engine.cli.commands import main
from engine.errors import TrainyardError
from engine.imports.understood import Choice
from engine.naming import Naming
from engine.runs import RunSpec
from engine.service import opened
from engine.settings import settings
from tests import seeding, study_seeding
from tests.filled_home import filled
from tests.pages.opening import open_page, words
from ui import lab

BOB, CAROL = Actor("bob", Role.MEMBER), Actor("carol", Role.MEMBER)
EVE, ROOT = Actor("eve", Role.VISITOR), Actor("root", Role.ADMIN)
PEOPLE = {"visitor": EVE, "member": BOB, "admin": ROOT}
TABLE = b"size,kind\n" + b"".join(b"%d,%s\n" % (i, (b"oak", b"elm")[i % 2]) for i in range(40))
THINGS = [(owner, visibility) for owner in (BOB, CAROL) for visibility in Visibility]


@dataclass(frozen=True)
class World:
    """A run, a study and a dataset of each owner and visibility; the fork of a private run that its owner shares."""

    runs: dict[tuple[Actor, Visibility], int]
    studies: dict[tuple[Actor, Visibility], int]
    data: dict[tuple[Actor, Visibility], str]
    fork: int


def may(actor: Actor, action: Action, owner: Actor, visibility: Visibility) -> bool:
    """The table itself, written down a second time."""
    if actor is ROOT or actor is owner:
        return True
    if actor is EVE:
        return visibility is Visibility.PUBLISHED and action in (Action.LOOK, Action.USE)
    if visibility is Visibility.PUBLISHED:
        return action in (Action.LOOK, Action.USE)
    return visibility is Visibility.SHARED and action is Action.LOOK


def marker(kind: str, owner: Actor, visibility: Visibility) -> str:
    """A name that nothing else has."""
    return f"{owner.name}s {visibility} {kind}"


def build() -> World:
    """Fill an empty home."""
    store, runs, studies, data = opened.store(), {}, {}, {}
    for owner, visibility in THINGS:
        run = seeding.completed(store, owner=owner.name, epochs=2, points=2)
        service.runs.rename(owner, run.id, Naming(marker("run", owner, visibility)))
        runs[owner, visibility] = service.runs.show(owner, run.id, visibility).id
        study = study_seeding.study(store, trials=1, name=marker("study", owner, visibility), owner=owner.name)
        study_seeding.begun(store, study, 1, study_seeding.draw(study.spec, np.random.default_rng(1)), [0.5])
        studies[owner, visibility] = service.studies.show(owner, study.id, visibility).id
        choice = Choice(
            "table", f"{visibility}", marker("data", owner, visibility), {"size": "number", "kind": "target"}
        )
        made = service.datasets.import_own(owner, io.BytesIO(TABLE), "t.csv", choice).made
        data[owner, visibility] = service.datasets.show_own(owner, made.reference, visibility).reference
    parent = store.runs.get(runs[CAROL, Visibility.PRIVATE])
    fork = store.runs.fork(parent, 1, parent.parsed(), "carol", prepare=lambda _run: None)
    return World(runs, studies, data, service.runs.show(CAROL, fork.id, Visibility.SHARED).id)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, World]]:
    """A home that is filled once."""
    with filled(tmp_path_factory.mktemp("access") / "home", build) as made:
        yield made


@pytest.fixture
def world(template: tuple[Path, World], home: Path) -> World:
    """The same in a home of the test's own."""
    shutil.copytree(template[0], home)
    return template[1]


def refused(call: Callable[[], Any]) -> bool:
    """Whether somebody may not, or is told that there is nothing."""
    try:
        call()
    except Forbidden:
        return True
    except TrainyardError as error:
        if "does not exist" in str(error) or "is not on this machine" in str(error):
            return True
        raise
    return False


# -- the service -------------------------------------------------------------------------------------------------------


def calls(
    actor: Actor, owner: Actor, visibility: Visibility, world: World, trial: int
) -> list[tuple[Action, Callable[[], Any]]]:
    """What somebody may ask for of each thing of an owner."""
    run_id, study_id, reference = (known[owner, visibility] for known in (world.runs, world.studies, world.data))
    run = service.runs.get(ROOT, run_id)
    return [
        (Action.LOOK, lambda: service.runs.get(actor, run_id)),
        (Action.LOOK, lambda: service.runs.get(actor, trial)),
        (Action.LOOK, lambda: service.studies.get(actor, study_id)),
        (Action.LOOK, lambda: service.datasets.get_own(actor, reference)),
        (Action.LOOK, lambda: service.artifacts.files(actor, run)),
        (Action.USE, lambda: service.scripts.write(actor, run, lambda _run: "script")),
        (Action.USE, lambda: service.predictions.predict(actor, lambda _id, _files: [], run, [])),
        (Action.CHANGE, lambda: service.runs.rename(actor, run_id, Naming(note="seen"))),
        (Action.CHANGE, lambda: service.runs.show(actor, run_id, visibility)),
        (Action.CHANGE, lambda: service.studies.rename(actor, study_id, Naming(note="seen"))),
        (Action.CHANGE, lambda: service.studies.show(actor, study_id, visibility)),
        (Action.CHANGE, lambda: service.datasets.show_own(actor, reference, visibility)),
    ]


@pytest.mark.parametrize("actor", PEOPLE.values(), ids=PEOPLE)
def test_the_service_keeps_to_the_table(actor: Actor, world: World) -> None:
    listed = {run.id for run in service.runs.list_all(actor)}
    studies = {study.id for study in service.studies.list_all(actor)}
    sets = {own.reference for own in service.datasets.list_own(actor)}
    for owner, visibility in THINGS:
        case = (actor.role, owner.name, visibility)
        run_id, study_id, reference = (known[owner, visibility] for known in (world.runs, world.studies, world.data))
        run, study = service.runs.get(ROOT, run_id), service.studies.get(ROOT, study_id)
        dataset = RunSpec.build({"dataset": "my-table", "table": reference}).dataset
        trial = service.runs.list_all(ROOT, trials=True, owner=owner.name)
        trials = [one.id for one in trial if one.study_id == study_id]
        look, use, change = (
            may(actor, action, owner, visibility) for action in (Action.LOOK, Action.USE, Action.CHANGE)
        )
        assert (run_id in listed, study_id in studies, reference in sets) == (look, look, look), case
        assert [one in listed for one in trials] == [look] * len(trials), case
        for number, (action, call) in enumerate(calls(actor, owner, visibility, world, trials[0])):
            assert refused(call) is not may(actor, action, owner, visibility), (*case, number)
        assert service.datasets.ready(actor, dataset) is use, case
        for thing in (run, study, service.datasets.get_own(ROOT, reference)):
            assert allowed(actor, Action.DELETE, thing) is change, case
        if not change:
            assert refused(partial(service.runs.delete, actor, run_id))
            assert refused(partial(service.studies.delete, actor, study_id))
            assert refused(partial(service.datasets.delete_own, actor, reference))


def test_a_member_gets_their_newest_runs_not_the_visible_part_of_the_newest(world: World) -> None:
    for _number in range(3):
        seeding.queued(opened.store(), owner="carol")
    assert [run.owner for run in service.runs.list_all(BOB, owner="bob", limit=2)] == ["bob", "bob"]
    assert len(service.runs.list_all(BOB, limit=4)) == 4


def test_the_private_parent_of_a_shared_fork_stays_out_of_its_curves_events_and_neighbours(world: World) -> None:
    fork = service.runs.get(BOB, world.fork)
    assert service.metrics.read_parent(BOB, fork) is None
    assert service.metrics.read_parent(CAROL, fork) is not None
    assert {event.kind for event in service.runs.events(CAROL, fork)} >= {"forked"}
    assert "forked" not in {event.kind for event in service.runs.events(BOB, fork)}


def test_the_queue_counts_what_others_have_waiting_without_naming_it(world: World) -> None:
    others, mine = seeding.queued(opened.store(), owner="carol"), seeding.queued(opened.store(), owner="bob")
    assert service.runs.queue(ROOT)[-2:] == [others.id, mine.id]
    assert service.runs.queue(BOB)[-2:] == [None, mine.id]


def test_of_what_is_private_is_said_what_is_said_of_what_is_not_there(world: World) -> None:
    hidden, fiction = world.runs[CAROL, Visibility.PRIVATE], 9999
    for ask in (service.runs.get, service.runs.stop, service.runs.delete, service.runs.repeat):
        assert sentence(partial(ask, BOB, hidden)) == sentence(partial(ask, BOB, fiction)).replace("9999", str(hidden))
    hidden = world.studies[CAROL, Visibility.PRIVATE]
    for ask in (service.studies.get, service.studies.delete):
        assert sentence(partial(ask, BOB, hidden)) == sentence(partial(ask, BOB, fiction)).replace("9999", str(hidden))
    reference = world.data[CAROL, Visibility.PRIVATE]
    there, not_there = (
        sentence(lambda name=name: service.runs.launch(BOB, [trained_on(name)])) for name in (reference, "fiction")
    )
    assert there == not_there.replace("fiction", reference)
    assert "carols private" not in there


def sentence(call: Callable[[], Any]) -> str:
    with pytest.raises(TrainyardError) as error:
        call()
    return str(error.value)


def trained_on(reference: str) -> RunSpec:
    return RunSpec.build({"dataset": "my-table", "table": reference, "task": "tabular-classification"})


def test_a_name_that_others_use_makes_no_second_version_of_theirs(world: World) -> None:
    references = [reference for (_owner, visibility), reference in world.data.items() if visibility == "private"]
    assert len(set(references)) == 2
    assert not any("@" in reference for reference in references)


def test_a_run_on_private_data_is_shown_once_its_owner_says_that_examples_may_be_seen(world: World) -> None:
    run = opened.store().runs.create(trained_on(world.data[CAROL, Visibility.PRIVATE]), "carol")
    assert "Confirm that examples may be seen" in sentence(
        lambda: service.runs.show(CAROL, run.id, Visibility.PUBLISHED)
    )
    shown = service.runs.show(CAROL, run.id, Visibility.PUBLISHED, examples=True)
    assert service.datasets.shown_with(BOB, shown)
    assert not service.datasets.ready(BOB, shown.parsed().dataset)
    assert refused(lambda: service.runs.repeat(BOB, run.id)), "nobody trains on the data by it"
    borrowed = opened.store().runs.create(trained_on(world.data[CAROL, Visibility.PRIVATE]), "bob")
    assert not service.datasets.shown_with(EVE, service.runs.show(BOB, borrowed.id, Visibility.PUBLISHED))


def test_seeds_of_a_published_run_of_somebody_else_are_a_group_of_their_own(world: World) -> None:
    run_id = world.runs[CAROL, Visibility.PUBLISHED]
    made = service.runs.reseed(BOB, run_id, 2)
    assert {run.owner for run in made} == {"bob"}
    assert service.runs.get(ROOT, run_id).group_id is None


# -- the pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", [BOB, ROOT], ids=["member", "admin"])
def test_no_page_shows_what_one_may_not_look_at_even_after_its_owner_has_opened_it(
    actor: Actor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = {
        marker(kind, owner, visibility)
        for owner, visibility in THINGS
        for kind in ("run", "study", "data")
        if not may(actor, Action.LOOK, owner, visibility)
    }
    compared = ",".join(str(world.runs[CAROL, visibility]) for visibility in Visibility)
    pages: list[tuple[str, dict[str, Any]]] = [
        ("start", {}), ("runs", {}), ("studies", {}), ("data", {}), ("leaderboard", {}), ("demo", {}),
        ("compare", {"runs": compared}),
        ("run", {"run": world.runs[CAROL, Visibility.PRIVATE]}),
        ("study", {"study": world.studies[CAROL, Visibility.PRIVATE]}),
        ("data", {"open": "my-table", "set": world.data[CAROL, Visibility.PRIVATE]}),
        ("train", {"dataset": "my-table", "table": world.data[CAROL, Visibility.PRIVATE]}),
    ]  # fmt: skip
    seen = 0
    for name, query in pages:
        for who in (CAROL, actor):
            monkeypatch.setattr(lab, "actor", lambda who=who: who)
            shown = everything(open_page(name, **query))
        assert not [one for one in hidden if one in shown], (name, query)
        seen += sum(marker(kind, BOB, Visibility.PRIVATE) in shown for kind in ("run", "study", "data"))
    assert seen >= 3, "one's own private things are in the lists"


def test_a_comparison_that_its_owner_has_filled_gives_others_no_curve_of_what_is_private(world: World) -> None:
    from ui.compare.comparison import comparison

    mine, private = world.runs[BOB, Visibility.PRIVATE], world.runs[CAROL, Visibility.PRIVATE]
    curve = ("train", "loss", "epoch")
    for actor, expected in ((CAROL, {private}), (ROOT, {mine, private}), (BOB, {mine}), (EVE, set())):
        found = comparison(actor, [mine, private])
        runs = found.follow(actor)
        assert ({run.id for run in runs}, set(found.series(curve)), set(found.run_ids)) == (expected,) * 3


def everything(at: AppTest) -> str:
    """All that the page sends to the browser."""
    return "\n".join(str(node.proto) for node in at._tree if hasattr(node, "proto"))


def test_a_visitor_has_the_published_demos_and_no_other_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.runs.actions.can_be_tried", lambda _run: True)
    monkeypatch.setattr(lab, "actor", lambda: EVE)
    offered = demo().selectbox(key="demo_run").options
    assert {label.split(" · ")[0] for label in offered} == {
        str(world.runs[owner, Visibility.PUBLISHED]) for owner in (CAROL, BOB)
    }
    for visibility in (Visibility.PRIVATE, Visibility.SHARED):
        run_id = world.runs[CAROL, visibility]
        assert f"Run {run_id} does not exist." in words(demo(run_id))


def demo(run_id: int | str = "") -> AppTest:
    """The Demo page, within the menu of the person."""
    return open_page("demo", **({"run": run_id} if run_id else {}))


def test_only_the_owner_and_admins_find_the_buttons_that_change_a_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = service.runs.show(CAROL, seeding.queued(opened.store(), owner="carol").id, Visibility.SHARED).id
    for who, found in ((CAROL, True), (BOB, False), (ROOT, True)):
        monkeypatch.setattr(lab, "actor", lambda who=who: who)
        buttons = {button.label for button in open_page("run", run=run_id).button}
        assert ("Stop" in buttons) is found, who


def test_an_owner_says_who_can_see_a_run_in_shared_mode_and_nobody_is_asked_in_local_mode(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(run_id: int) -> None:
        from engine import service
        from ui import lab
        from ui.runs.naming import draw_run_naming

        draw_run_naming(service.runs.get(lab.actor(), run_id))

    run_id = world.runs[BOB, Visibility.PRIVATE]
    monkeypatch.setattr(lab, "actor", lambda: BOB)
    assert not AppTest.from_function(draw, kwargs={"run_id": run_id}).run().radio
    monkeypatch.setenv("TRAINYARD_MODE", "shared")
    settings.cache_clear()
    at = AppTest.from_function(draw, kwargs={"run_id": run_id}).run()
    at.radio[0].set_value(Visibility.SHARED).run()
    next(button for button in at.button if button.label == "Save" and "visibility" in str(button.key)).click().run()
    assert service.runs.get(ROOT, run_id).visibility is Visibility.SHARED
    monkeypatch.setattr(lab, "actor", lambda: CAROL)
    assert not AppTest.from_function(draw, kwargs={"run_id": run_id}).run().radio


# -- the API -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", PEOPLE.values(), ids=PEOPLE)
def test_the_api_keeps_to_the_table(actor: Actor, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.api.models.answers", lambda _run: True)
    predictor: Any = type("Quick", (), {"predict_instances": lambda self, run_id, body, raw: b"{}"})()
    app = Starlette(routes=api_routes(lambda _request: actor, lambda: predictor))
    listed = {int(model["name"]) for model in asked(app, "GET", "/models").json()["models"]}
    for (owner, visibility), run_id in world.runs.items():
        case = (actor.role, owner.name, visibility)
        look, use = (may(actor, action, owner, visibility) for action in (Action.LOOK, Action.USE))
        described, report = asked(app, "GET", f"/models/{run_id}"), asked(app, "GET", f"/runs/{run_id}/report")
        predicted = asked(app, "POST", f"/models/{run_id}:predict", json={"instances": [[0]]})
        assert (run_id in listed) is look, case
        assert (described.status_code, report.status_code) == ((200, 200) if look else (404, 404)), case
        assert predicted.status_code == (200 if use else 403 if look else 404), case
        if not look:
            assert described.json() == {"error": f"Run {run_id} does not exist. The Runs page lists all runs."}


def asked(app: Starlette, method: str, path: str, **values: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here/api/v1") as client:
            return await client.request(method, path, **values)

    return asyncio.run(ask())


# -- the command line --------------------------------------------------------------------------------------------------


def test_the_command_line_is_the_admins_and_changes_who_can_see_what(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(*arguments: str) -> Any:
        assert main([*arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert {row["id"] for row in printed("runs")} >= set(world.runs.values())
    run_id, reference = str(world.runs[CAROL, Visibility.PRIVATE]), world.data[CAROL, Visibility.PRIVATE]
    study_id = str(world.studies[CAROL, Visibility.PRIVATE])
    assert printed("visibility", run_id)["visibility"] == "private"
    for thing, flags in ((run_id, ()), (study_id, ("--study",)), (reference, ("--dataset",))):
        assert printed("visibility", thing, "shared", *flags)["visibility"] == "shared"
    assert service.runs.get(BOB, int(run_id))
    assert main(["visibility", "leaves", "shared"]) == 1
    assert "is not the number" in capsys.readouterr().err
