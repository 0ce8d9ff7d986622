"""The service layer checks permissions first: a stranger gets nothing from any of its functions, and changes nothing."""

import importlib
import inspect
import io
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from engine import access, service
from engine.access import Action, Actor, Forbidden, Role, Visibility, local_owner
from engine.artifacts import artifacts_of
from engine.audit.entries import Wanted
from engine.classrooms.plans import Plan
from engine.cost import NetworkFacts
from engine.errors import TrainyardError
from engine.imports.labelled import Labelled, Said
from engine.imports.sets import list_sets
from engine.imports.understood import Choice
from engine.naming import Naming
from engine.runs import Run, RunSpec, RunState
from engine.service import opened
from engine.settings import settings
from engine.spec import Range
from engine.store import Store
from engine.store.accounts import Account
from engine.store.demos import Demo
from engine.store.schema import metadata
from engine.store.tokens import Token
from engine.studies import Search, Study, StudySpec
from tests import seeding, study_seeding
from tests.filled_home import filled
from tests.test_archive import png

ADA, BOB, EVE = Actor("ada", Role.ADMIN), Actor("bob", Role.MEMBER), Actor("eve", Role.VISITOR)
RECORDED = [(label, [f"{label} {number}".encode() for number in range(3)]) for label in ("yes", "no")]
TABLE = b"size,kind\n" + b"".join(b"%d,%s\n" % (i, (b"oak", b"elm")[i % 2]) for i in range(40))
MODULES = [importlib.import_module(f"engine.service.{name}") for name in service.__all__]
FUNCTIONS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": function
    for module in MODULES
    for name, function in vars(module).items()
    if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
}


@dataclass
class World:
    """A run of each kind that matters, a study and an imported table, all of them ada's."""

    ended: Run
    stopped: Run
    queued: Run
    fork: Run
    study: Study
    trial: Run
    quiet: Study
    reference: str
    account: Account
    token: Token
    share: int
    code: str
    shown: Run
    demo: Demo
    room: int
    room_code: str
    assignment: int
    labelling: int


PREDICTOR = SimpleNamespace(
    predict=lambda run_id, files: ["answer"],
    predict_instances=lambda run_id, body, raw: b"{}",
    occlude=lambda run_id, file, parameters: None,
    stream_instances=lambda run_id, body, raw: iter([b"{}"]),
    describe=lambda values: "a picture",
    preview=lambda values, count: [(b"", [])],
    propose=lambda pictures: [[] for _picture in pictures],
    seen=lambda run_id, files: [],
    opened=lambda modality, files, pixels: [],
    unfolded=lambda modality, file, columns, first, spent_bytes: [],
)

FOR_MEMBERS = {
    "budgets.queue",  # without the runs of others: see test_sharing
    "budgets.allowances",
    "classrooms.join",
    "costs.estimate",
    "datasets.begin_fetch",
    "datasets.fetch",
    "datasets.fetch_progress",
    "datasets.understand",
    "datasets.import_own",
    "datasets.import_recorded",
    "datasets.missing",
    "datasets.name_for",
    "executors.start",
    "executors.get",
    "executors.count_running",
    "labellings.begin",
    "labellings.list_all",
    "labellings.proposers",
    "predictions.describe",
    "predictions.preview",
    "predictions.recorded",
    "preferences.first_page",
    "preferences.set_first_page",
    "runs.launch",
    "shares.leave",
    "shares.redeem",
    "studies.create",
    "tokens.create",
}
"""Functions that tell a member something, or make something of theirs, whatever others have."""

# What each function asks for, and a call that ada may make.
CALLS: dict[str, tuple[Action, Callable[[World], tuple[Any, ...]]]] = {
    "accounts.list_all": (Action.LOOK, lambda w: ()),
    "accounts.role": (Action.LOOK, lambda w: (w.account,)),
    "accounts.set_role": (Action.CHANGE, lambda w: ("ada", Role.MEMBER)),
    "accounts.unlink": (Action.CHANGE, lambda w: ("ada",)),
    "accounts.sessions": (Action.LOOK, lambda w: ("ada",)),
    "accounts.sign_out": (Action.CHANGE, lambda w: ("ada",)),
    "accounts.new_code": (Action.CHANGE, lambda w: ()),
    "audit.entries": (Action.LOOK, lambda w: (Wanted(),)),
    "audit.count": (Action.LOOK, lambda w: (Wanted(),)),
    "audit.actions": (Action.LOOK, lambda w: ()),
    "artifacts.files": (Action.LOOK, lambda w: (w.ended,)),
    "artifacts.epochs": (Action.LOOK, lambda w: (w.ended,)),
    "artifacts.probes": (Action.LOOK, lambda w: (w.ended,)),
    "budgets.usage": (Action.LOOK, lambda w: ("ada",)),
    "budgets.list_all": (Action.CHANGE, lambda w: ()),
    "budgets.allowances": (Action.CREATE, lambda w: ()),
    "budgets.queue": (Action.LOOK, lambda w: ()),
    "budgets.set_budget": (Action.CHANGE, lambda w: ("bob",)),
    "budgets.prioritise": (Action.CHANGE, lambda w: (w.queued.id, 1)),
    "budgets.preempt": (Action.CHANGE, lambda w: (w.trial.id,)),
    "galleries.list_all": (Action.CHANGE, lambda w: (w.ended,)),
    "galleries.place": (Action.CHANGE, lambda w: (w.ended,)),
    "galleries.enrol": (Action.CHANGE, lambda w: (w.ended, "Ada", b"png")),
    "galleries.forget": (Action.CHANGE, lambda w: (w.ended, "Ada")),
    "galleries.delete": (Action.CHANGE, lambda w: (w.ended,)),
    "classrooms.list_all": (Action.LOOK, lambda w: ()),
    "classrooms.get": (Action.LOOK, lambda w: (w.room,)),
    "classrooms.members": (Action.CHANGE, lambda w: (w.room,)),
    "classrooms.me": (Action.LOOK, lambda w: (w.room,)),
    "classrooms.gallery": (Action.LOOK, lambda w: (w.room,)),
    "classrooms.create": (Action.CREATE, lambda w: ("Zoology", time.time() + 1_000)),
    "classrooms.edit": (Action.CHANGE, lambda w: (w.room, "Zoology", time.time() + 1_000)),
    "classrooms.make_code": (Action.CHANGE, lambda w: (w.room,)),
    "classrooms.revoke_code": (Action.CHANGE, lambda w: (w.room,)),
    "classrooms.add_assignment": (Action.CHANGE, lambda w: (w.room, Plan("Flowers", "iris"))),
    "classrooms.delete_assignment": (Action.CHANGE, lambda w: (w.assignment,)),
    "classrooms.assignment": (Action.LOOK, lambda w: (w.assignment,)),
    "classrooms.join": (Action.CREATE, lambda w: (w.room_code,)),
    "classrooms.call_me": (Action.CREATE, lambda w: (w.room, "The fern")),
    "classrooms.leave": (Action.CREATE, lambda w: (w.room,)),
    "classrooms.remove": (Action.CHANGE, lambda w: (w.room, "ada")),
    "classrooms.archive": (Action.CHANGE, lambda w: (w.room,)),
    "classrooms.delete": (Action.DELETE, lambda w: (w.room,)),
    "costs.estimate": (Action.CREATE, lambda w: (w.ended.parsed(), NetworkFacts(10, 10, 1.0, 100, 0, 10, 10, 40, 400))),
    "datasets.begin_fetch": (Action.CREATE, lambda w: ("cifar10",)),
    "datasets.fetch": (Action.CREATE, lambda w: ("digits", None, lambda done, total: None)),
    "datasets.fetch_progress": (Action.LOOK, lambda w: ("cifar10",)),
    "datasets.understand": (Action.CREATE, lambda w: (io.BytesIO(TABLE), "trees.csv")),
    "datasets.import_own": (Action.CREATE, lambda w: (io.BytesIO(TABLE), "trees.csv", trees("others"))),
    "datasets.name_for": (Action.CREATE, lambda w: ("trees",)),
    "datasets.import_recorded": (Action.CREATE, lambda w: ("texts", RECORDED, ".txt", "recorded", "Recorded")),
    "datasets.get_own": (Action.LOOK, lambda w: (w.reference,)),
    "datasets.ready": (Action.USE, lambda w: (trained_on(w.reference).dataset,)),
    "datasets.missing": (Action.LOOK, lambda w: (trained_on("elsewhere").dataset,)),
    "datasets.list_own": (Action.LOOK, lambda w: ()),
    "datasets.shown_with": (Action.LOOK, lambda w: (w.ended,)),
    "datasets.show_own": (Action.CHANGE, lambda w: (w.reference, Visibility.SHARED)),
    "datasets.uses": (Action.LOOK, lambda w: (w.reference,)),
    "datasets.delete_own": (Action.DELETE, lambda w: (w.reference,)),
    "demos.list_all": (Action.LOOK, lambda w: ()),
    "demos.get": (Action.LOOK, lambda w: ("trees",)),
    "demos.of_run": (Action.LOOK, lambda w: (w.shown,)),
    "demos.frame_origins": (Action.LOOK, lambda w: ("trees",)),
    "demos.publish": (Action.CHANGE, lambda w: (w.ended.id, "others")),
    "demos.edit": (Action.CHANGE, lambda w: ("trees", service.demos.Changes(title="Oaks"))),
    "demos.choose": (Action.CHANGE, lambda w: ("trees", 2)),
    "demos.roll_back": (Action.CHANGE, lambda w: ("trees",)),
    "demos.label": (Action.CHANGE, lambda w: ("trees", "canary", 2)),
    "demos.compare": (Action.CHANGE, lambda w: ("trees", 2)),
    "demos.show": (Action.CHANGE, lambda w: ("trees", True)),
    "demos.withdraw": (Action.CHANGE, lambda w: ("trees", 1)),
    "demos.delete": (Action.DELETE, lambda w: ("trees",)),
    "demos.ask": (Action.USE, lambda w: ("trees", 1, lambda run_id: run_id)),
    "demos.opened": (Action.USE, lambda w: (PREDICTOR, "trees", 1, [], 96)),
    "demos.info": (Action.LOOK, lambda w: ("trees",)),
    "demos.spec": (Action.USE, lambda w: ("trees",)),
    "demos.shows_examples": (Action.USE, lambda w: ("trees",)),
    "demos.collects": (Action.USE, lambda w: ("trees",)),
    "demos.send_wrong": (Action.USE, lambda w: ("trees", None, ("a.png", b"oak"), {"label": "elm"})),
    "demos.wrong": (Action.CHANGE, lambda w: ("trees",)),
    "demos.delete_wrong": (Action.CHANGE, lambda w: ("trees",)),
    "executors.start": (Action.CREATE, lambda w: ()),
    "executors.drain": (Action.CHANGE, lambda w: (True,)),
    "executors.draining": (Action.LOOK, lambda w: ()),
    "executors.get": (Action.LOOK, lambda w: ()),
    "executors.count_running": (Action.LOOK, lambda w: ()),
    "headlines.of": (Action.LOOK, lambda w: (w.ended,)),
    "labellings.list_all": (Action.LOOK, lambda w: ()),
    "labellings.get": (Action.LOOK, lambda w: (w.labelling,)),
    "labellings.picture": (Action.LOOK, lambda w: (w.labelling, 1)),
    "labellings.open_numbers": (Action.LOOK, lambda w: (w.labelling,)),
    "labellings.proposers": (Action.LOOK, lambda w: ()),
    "labellings.begin": (Action.CREATE, lambda w: ("images", "Leaves")),
    "labellings.add": (Action.CHANGE, lambda w: (PREDICTOR, w.labelling, [])),
    "labellings.save": (Action.CHANGE, lambda w: (w.labelling, 1, Said(label=1))),
    "labellings.name_classes": (Action.CHANGE, lambda w: (w.labelling, ["oak", "elm", "ash"])),
    "labellings.propose": (Action.CHANGE, lambda w: (PREDICTOR, w.labelling, 1)),
    "labellings.make": (Action.CHANGE, lambda w: (w.labelling,)),
    "labellings.name_of": (Action.LOOK, lambda w: (service.labellings.get(ADA, w.labelling), "Leaves")),
    "labellings.delete": (Action.DELETE, lambda w: (w.labelling,)),
    "limits.list_all": (Action.LOOK, lambda w: ()),
    "metrics.read": (Action.LOOK, lambda w: (w.ended,)),
    "metrics.read_parent": (Action.LOOK, lambda w: (w.fork,)),
    "metrics.series": (Action.LOOK, lambda w: ([w.ended], "train", "loss", "step")),
    "metrics.history": (Action.LOOK, lambda w: (w.ended,)),
    "notices.get": (Action.LOOK, lambda w: ()),
    "notices.put": (Action.CHANGE, lambda w: ("Back at noon.",)),
    "notices.take_down": (Action.DELETE, lambda w: ()),
    "people.list_all": (Action.LOOK, lambda w: ()),
    "people.storage": (Action.LOOK, lambda w: ()),
    "people.delete": (Action.DELETE, lambda w: ("zoe", "zoe")),
    "predictions.predict": (Action.USE, lambda w: (PREDICTOR.predict, w.ended, [])),
    "predictions.occlude": (Action.USE, lambda w: (PREDICTOR, w.ended, ("a", b""))),
    "predictions.predict_instances": (Action.USE, lambda w: (PREDICTOR, w.ended, b"{}")),
    "predictions.stream_instances": (Action.USE, lambda w: (PREDICTOR, w.ended, b"{}")),
    "predictions.describe": (Action.CREATE, lambda w: (PREDICTOR, {})),
    "predictions.seen": (Action.USE, lambda w: (PREDICTOR, w.ended, [])),
    "predictions.opened": (Action.USE, lambda w: (PREDICTOR, w.ended, [], 96)),
    "predictions.unfolded": (Action.USE, lambda w: (PREDICTOR, w.ended, ("a.csv", b""), ())),
    "predictions.recorded": (Action.CREATE, lambda w: (PREDICTOR, "image", [], 48)),
    "predictions.preview": (Action.CREATE, lambda w: (PREDICTOR, {}, 4)),
    "preferences.first_page": (Action.LOOK, lambda w: ()),
    "preferences.set_first_page": (Action.CHANGE, lambda w: ("train",)),
    "preferences.forget": (Action.DELETE, lambda w: ("ada",)),
    "reports.subject": (Action.LOOK, lambda w: (w.ended,)),
    "reports.write": (Action.LOOK, lambda w: (w.ended,)),
    "runs.launch": (Action.CREATE, lambda w: ([w.ended.parsed()],)),
    "runs.fork": (Action.USE, lambda w: (w.ended.id, 1, w.ended.parsed())),
    "runs.repeat": (Action.USE, lambda w: (w.ended.id,)),
    "runs.reseed": (Action.USE, lambda w: (w.ended.id, 2)),
    "runs.stop": (Action.CHANGE, lambda w: (w.queued.id,)),
    "runs.cancel": (Action.CHANGE, lambda w: (w.queued.id,)),
    "runs.pause": (Action.CHANGE, lambda w: (w.queued.id,)),
    "runs.resume": (Action.CHANGE, lambda w: (w.stopped.id,)),
    "runs.evaluate": (Action.CHANGE, lambda w: (w.stopped.id,)),
    "runs.steer": (Action.CHANGE, lambda w: (w.queued.id, 0.01)),
    "runs.rename": (Action.CHANGE, lambda w: (w.ended.id, Naming("Deep one"))),
    "runs.show": (Action.CHANGE, lambda w: (w.ended.id, Visibility.PUBLISHED)),
    "runs.delete": (Action.DELETE, lambda w: (w.ended.id,)),
    "runs.get": (Action.LOOK, lambda w: (w.ended.id,)),
    "runs.look": (Action.LOOK, lambda w: (w.ended,)),
    "runs.get_many": (Action.LOOK, lambda w: ([w.ended.id, w.queued.id],)),
    "runs.list_all": (Action.LOOK, lambda w: ()),
    "runs.children": (Action.LOOK, lambda w: (w.ended.id,)),
    "runs.group": (Action.LOOK, lambda w: (w.queued,)),
    "runs.events": (Action.LOOK, lambda w: (w.ended,)),
    "runs.queue": (Action.LOOK, lambda w: ()),
    "runs.evaluated_datasets": (Action.LOOK, lambda w: ()),
    "scripts.write": (Action.USE, lambda w: (w.ended, lambda run: "a script")),
    "shares.create": (Action.CHANGE, lambda w: (w.ended.id, 7)),
    "shares.list_all": (Action.CHANGE, lambda w: (w.ended.id,)),
    "shares.revoke": (Action.CHANGE, lambda w: (w.share,)),
    "shares.refuse": (Action.CHANGE, lambda w: (w.share, "ada")),
    "shares.redeem": (Action.CREATE, lambda w: (w.code,)),
    "shares.received": (Action.LOOK, lambda w: ()),
    "shares.leave": (Action.CREATE, lambda w: (w.ended.id,)),
    "studies.create": (Action.CREATE, lambda w: (w.study.spec,)),
    "studies.pause": (Action.CHANGE, lambda w: (w.study.id,)),
    "studies.resume": (Action.CHANGE, lambda w: (w.quiet.id,)),
    "studies.stop": (Action.CHANGE, lambda w: (w.study.id,)),
    "studies.steer": (Action.CHANGE, lambda w: (w.study.id, lambda spec: spec.narrowed("units", Range(16, 64)))),
    "studies.enqueue": (Action.CHANGE, lambda w: (w.study.id, {"units": 32})),
    "studies.boost": (Action.CHANGE, lambda w: (w.study.id, 0)),
    "studies.stop_trial": (Action.CHANGE, lambda w: (w.trial,)),
    "studies.promote": (Action.USE, lambda w: (w.study.id, 0)),
    "studies.rename": (Action.CHANGE, lambda w: (w.quiet.id, Naming(tags=("old",)))),
    "studies.show": (Action.CHANGE, lambda w: (w.study.id, Visibility.SHARED)),
    "studies.delete": (Action.DELETE, lambda w: (w.quiet.id,)),
    "studies.get": (Action.LOOK, lambda w: (w.study.id,)),
    "studies.look": (Action.LOOK, lambda w: (w.study,)),
    "studies.list_all": (Action.LOOK, lambda w: ()),
    "studies.count_trials": (Action.LOOK, lambda w: ([w.study],)),
    "studies.best_values": (Action.LOOK, lambda w: ([w.study],)),
    "studies.total_runs": (Action.LOOK, lambda w: (w.study,)),
    "studies.moving_runs": (Action.LOOK, lambda w: (w.study,)),
    "studies.runs": (Action.LOOK, lambda w: (w.study, [w.trial.id])),
    "studies.results": (Action.LOOK, lambda w: (w.study,)),
    "submissions.leaderboard": (Action.LOOK, lambda w: (w.assignment,)),
    "submissions.mine": (Action.LOOK, lambda w: (w.assignment,)),
    "submissions.left": (Action.LOOK, lambda w: (w.room,)),
    "submissions.candidates": (Action.LOOK, lambda w: (w.assignment,)),
    "submissions.submit": (Action.CHANGE, lambda w: (w.assignment, w.ended.id)),
    "tokens.create": (Action.CREATE, lambda w: ("notebook", [Action.USE], [1])),
    "tokens.list_all": (Action.LOOK, lambda w: ()),
    "tokens.revoke": (Action.DELETE, lambda w: (w.token.id,)),
}


def trained_on(reference: str) -> RunSpec:
    """A run on an imported table."""
    return RunSpec.build({"dataset": "my-table", "table": reference, "task": "tabular-classification"})


def trees(name: str) -> Choice:
    """Return the import of the table of trees."""
    return Choice("table", name, "Trees", {"size": "number", "kind": "target"})


def build(store: Store) -> World:
    """Fill an empty home."""
    ended, shown = seeding.completed(store, epochs=2), seeding.completed(store, epochs=2)
    kept = artifacts_of(ended.id).epochs / "1.npz"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"weights")
    study = study_seeding.study(store, trials=2)
    quiet = study_seeding.study(store, trials=1)
    store.studies.stop(quiet.id)
    trial = study_seeding.begun(store, study, 2, {"units": 32, "learning_rate": 0.01, "dropout": 0.1}, [0.5])
    made = service.datasets.import_own(ADA, io.BytesIO(TABLE), "trees.csv", trees("trees")).made
    store.accounts.add("zoe")
    share, code = service.shares.create(ADA, ended.id, 7)
    account = store.accounts.add("ada", "https://id", "1")
    room, assignment, room_code = classroom(store, ended)
    return World(
        ended,
        seeding.stopped(store),
        store.runs.create_group([ended.parsed(), ended.parsed()], "ada")[0],
        service.runs.fork(ADA, ended.id, 1, ended.parsed()),
        study,
        trial,
        quiet,
        made.reference,
        account,
        service.tokens.create(ADA, "script", [], [])[0],
        share.id,
        code,
        shown,
        closed_demo(shown),
        room,
        room_code,
        assignment,
        labelled(store),
    )


def labelled(store: Store) -> int:
    """Return a labelling of six pictures with classes."""
    made = service.labellings.begin(ADA, "images", "Leaves", ["oak", "elm"]).id
    store.labellings.add(made, [Labelled(0, f"{n}.png", png(n), Said(label=n % 2)) for n in range(6)])
    return made


def classroom(store: Store, run: Run) -> tuple[int, int, str]:
    """Return a classroom that ada has made and joined, an assignment on the data of a run, and its code."""
    room, code = service.classrooms.make_code(ADA, service.classrooms.create(ADA, "Botany", time.time() + 90_000).id)
    values = {
        "task": "image-classification",
        "dataset": run.spec["dataset"]["name"],
        "hidden": "hidden",
        "metric": "accuracy",
    }
    made = store.classrooms.add_assignment(room.id, 9, title="Digits", models=[], a_day=5, **values)
    assert made is not None
    service.classrooms.join(ADA, code)
    return room.id, made, code


def closed_demo(run: Run) -> Demo:
    """Return a demo with two versions that was closed."""
    for _number in range(2):
        service.demos.publish(
            ADA, run.id, "trees", service.demos.Changes(origins=("https://trees.org",), collects=True)
        )
    return service.demos.show(ADA, "trees", False)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, World]]:
    """A home that is filled once."""
    with filled(tmp_path_factory.mktemp("service") / "home", lambda: build(opened.store())) as made:
        yield made


@pytest.fixture
def world(template: tuple[Path, World], home: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same in a home of the test's own; nobody starts an executor."""
    shutil.copytree(template[0], home)
    monkeypatch.setattr("engine.executor.launch.ensure_executor", lambda _store: True)
    monkeypatch.setattr("engine.service.submissions.ensure_scorer", lambda _store: True)
    monkeypatch.setenv("TRAINYARD_MAX_WRONG_ANSWERS", "3")
    settings.cache_clear()
    monkeypatch.setattr("engine.preparation.fetch.fetch", lambda _name, _source, _progress: None)
    return template[1]


def snapshot(home: Path) -> tuple[list[Any], set[Path]]:
    """All rows of the database, and the names of all files beside it."""
    with opened.store().reading() as db:
        rows = [tuple(row) for table in metadata.sorted_tables for row in db.execute(select(table))]
    files = {path.relative_to(home) for path in home.rglob("*") if ".db" not in path.name}
    return rows, files


def test_every_function_of_the_service_layer_is_in_the_list() -> None:
    assert FUNCTIONS.keys() == CALLS.keys()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_who_asks_comes_first(name: str) -> None:
    first = next(iter(inspect.signature(FUNCTIONS[name]).parameters.values()))
    assert (first.name, first.annotation) == ("actor", Actor)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_stranger_gets_nothing_and_changes_nothing(name: str, world: World, home: Path) -> None:
    before = snapshot(home)
    assert not answer(FUNCTIONS[name], CALLS[name][1](world))
    assert snapshot(home) == before


def answer(function: Callable[..., Any], arguments: tuple[Any, ...], actor: Actor = EVE) -> Any:
    """Return what somebody is given; None where the function refuses, or says that the thing does not exist."""
    try:
        found = function(actor, *arguments)
        return any(found) if isinstance(found, list | tuple) else found
    except Forbidden:
        return None
    except TrainyardError as error:
        if re.match(
            r"(Run|Study|Classroom|Labelling) \d+ does not exist\.|There is no demo named|The dataset '\w+' is not on this machine",
            str(error),
        ):
            return None
        raise


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in FOR_MEMBERS])
def test_a_member_gets_nothing_that_is_private_of_others_and_changes_nothing(
    name: str, world: World, home: Path
) -> None:
    before = snapshot(home)
    assert not answer(FUNCTIONS[name], CALLS[name][1](world), BOB)
    assert snapshot(home) == before


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_owner_is_asked_about_once_at_least_and_gets_it(
    name: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Action]] = []

    def note(actor: Actor, action: Action, thing: object) -> bool:
        asked.append((actor.name, action))
        return True

    monkeypatch.setattr(access, "allowed", note)
    action, arguments = CALLS[name]
    FUNCTIONS[name](ADA, *arguments(world))
    assert ("ada", action) in asked


def test_what_one_may_not_look_at_is_not_there(world: World) -> None:
    missing = "Run {} does not exist. The Runs page lists all runs."
    for run_id in (world.ended.id, 4321):
        with pytest.raises(TrainyardError) as error:
            service.runs.stop(EVE, run_id)
        assert str(error.value) == missing.format(run_id)


@pytest.mark.parametrize("name", ["runs.launch", "predictions.preview", "predictions.describe", "studies.create"])
def test_data_of_others_is_asked_about_before_it_is_used(name: str, world: World) -> None:
    spec = trained_on(world.reference)
    arguments = {
        "runs.launch": ([spec],),
        "predictions.opened": (Action.USE, lambda w: (PREDICTOR, w.ended, [], 96)),
        "predictions.unfolded": (Action.USE, lambda w: (PREDICTOR, w.ended, ("a.csv", b""), ())),
        "predictions.recorded": (Action.CREATE, lambda w: (PREDICTOR, "image", [], 48)),
        "predictions.preview": (PREDICTOR, spec.flat(), 4),
        "predictions.describe": (PREDICTOR, spec.flat()),
        "studies.create": (StudySpec.build(spec.flat(), {"units": Range(16, 64)}, ("quality",), Search()),),
    }[name]
    with pytest.raises(TrainyardError, match="'trees' is not on this machine"):
        FUNCTIONS[name](BOB, *arguments)
    service.datasets.show_own(ADA, world.reference, Visibility.SHARED)
    with pytest.raises(Forbidden, match="'bob' may not use 'trees'"):
        FUNCTIONS[name](BOB, *arguments)
    service.datasets.show_own(ADA, world.reference, Visibility.PUBLISHED)
    FUNCTIONS[name](BOB, *arguments)


@pytest.mark.parametrize("again", [service.runs.resume, service.runs.evaluate])
def test_a_run_goes_on_only_while_its_owner_may_use_its_data(again: Callable[[Actor, int], Run], world: World) -> None:
    service.datasets.show_own(ADA, world.reference, Visibility.PUBLISHED)
    run = opened.store().runs.create(trained_on(world.reference), "bob")
    claimed = opened.store().attempts.claim("cpu-0", run.id)
    assert claimed is not None
    seeding.end(opened.store(), claimed, RunState.STOPPED, "Stopped.")
    service.datasets.show_own(ADA, world.reference, Visibility.SHARED)
    with pytest.raises(Forbidden, match="'bob' may not use 'trees'"):
        again(BOB, run.id)
    service.datasets.show_own(ADA, world.reference, Visibility.PUBLISHED)
    again(BOB, run.id)


def test_what_one_may_not_see_is_not_named_where_something_is_missing(world: World) -> None:
    nobodys = trained_on("elsewhere").dataset
    assert "Available: 'trees'." in service.datasets.missing(ADA, nobodys)
    with pytest.raises(TrainyardError) as error:
        service.datasets.get_own(EVE, "elsewhere")
    assert "trees" not in str(error.value)


def test_what_is_made_is_of_whoever_made_it(world: World) -> None:
    bob = Actor("bob", Role.ADMIN)
    assert service.runs.launch(bob, [world.ended.parsed()])[0].owner == "bob"
    assert service.studies.create(bob, world.study.spec).owner == "bob"
    assert service.datasets.import_own(bob, io.BytesIO(TABLE), "t.csv", trees("bobs")).made.owner == "bob"
    assert {own.reference: own.owner for own in list_sets()} == {"bobs": "bob", "trees": "ada"}


def test_a_set_of_before_there_were_owners_is_the_local_owners(world: World, home: Path) -> None:
    about = home / "datasets" / "folders" / "trees" / "folder.json"
    about.write_text(about.read_text().replace('"owner": "ada"', '"title": "Trees"'))
    assert service.datasets.get_own(ADA, "trees").owner == local_owner().name


def _last_event(run_id: int) -> str:
    return service.runs.events(ADA, service.runs.get(ADA, run_id))[-1].text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (service.runs.stop, "Requested by grace to end as stopped."),
        (service.runs.cancel, "Requested by grace to end as canceled."),
        (service.runs.pause, "Pause requested by grace."),
        (
            lambda actor, run_id: service.runs.steer(actor, run_id, 0.002),
            "Learning-rate change to 0.002 requested by grace.",
        ),
    ],
)
def test_the_events_of_a_run_name_who_has_asked(store: Store, change: Callable[[Actor, int], Run], words: str) -> None:
    for run in (seeding.queued(store), seeding.running(store)):
        change(Actor("grace", Role.ADMIN), run.id)
        assert _last_event(run.id) == words


def test_who_resumes_a_run_is_named_and_so_is_who_took_it_out_of_the_queue(store: Store) -> None:
    grace = Actor("grace", Role.ADMIN)
    run = service.runs.resume(grace, seeding.stopped(store).id)
    assert _last_event(run.id) == "Back in the queue by grace."
    service.runs.pause(grace, run.id)
    assert service.runs.get(ADA, run.id).message == "Paused by grace in the queue. Resume puts it back in its place."


def test_trials_say_whether_a_person_or_the_study_has_ended_them(store: Store) -> None:
    grace, params = Actor("grace", Role.ADMIN), {"units": 32, "learning_rate": 0.01, "dropout": 0.1}
    study = study_seeding.study(store, trials=1)
    runs = [study_seeding.begun(store, study, number, params, [0.5]) for number in (2, 3, 4)]
    service.studies.boost(grace, study.id, 2)
    assert _last_event(runs[0].id) == "Boosted by grace: it trains to its end, before others that wait."
    service.studies.stop_trial(grace, runs[0])
    store.studies.end_trial_run(runs[1], RunState.PRUNED)
    assert _last_event(runs[1].id) == "Requested by the study to end as pruned."
    service.studies.stop(grace, study.id)
    assert {_last_event(run.id) for run in (runs[0], runs[2])} == {"Requested by grace to end as stopped."}
