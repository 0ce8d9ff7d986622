"""People who share an installation: terms, estimates, the queue as each sees it, and the commands of whoever runs the server."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine import service
from engine.access import Actor, Forbidden, Origin, Role, Visibility
from engine.api.queue import queue_of
from engine.budgets.schedule import Why
from engine.cli.commands import main
from engine.errors import TrainyardError
from engine.runs import Run, RunSpec, RunState
from engine.service import opened
from engine.settings import settings
from engine.store import Store
from tests import study_seeding

ADA, BOB, ROOT = Actor("ada", Role.MEMBER), Actor("bob", Role.MEMBER), Actor("root", Role.ADMIN)
SPEC = RunSpec.build({"dataset": "digits", "model": "mlp"})


@pytest.fixture(autouse=True)
def shared(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared mode, in a home of the test's own."""
    configure(monkeypatch, MODE="shared")


def configure(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    """Set settings."""
    for name, value in values.items():
        monkeypatch.setenv(f"TRAINYARD_{name}", str(value))
    settings.cache_clear()


def begun() -> Run:
    """The next run in line, claimed."""
    run = opened.store().attempts.claim("cpu-0")
    assert run is not None
    return run


def test_what_is_held_comes_from_runs_that_have_finished(store: Store) -> None:
    unknown = 60 * settings().unknown_run_minutes
    assert _held(ADA) == unknown
    done = service.runs.launch(ROOT, [SPEC])[0]
    run = begun()
    store.attempts.begin(run, worker={"host": "here"}, environment={"device": "cpu", "flops": 1_000}, total_steps=1)
    measured = {"epochs": 10, "examples_per_second": 1_000, "num_train_examples": 1_000, "epoch_seconds": 2.0}
    store.attempts.end(run, RunState.COMPLETED, "", measured | {"whole_seconds": 30.0})
    assert _held(ADA) == unknown, "she may not look at it"
    service.runs.show(ROOT, done.id, Visibility.SHARED)
    assert _held(ADA) == 30
    twice = SPEC.changed({"epochs": 20, "seed": 4})
    assert _held(ADA, [twice]) == 50
    assert _held(ADA, SPEC.changed({"folds": 3}).folded()) == pytest.approx(90, rel=0.1)


def _held(actor: Actor, specs: Sequence[RunSpec] = (SPEC,)) -> float:
    """What is held for these runs, which are canceled again."""
    made = service.runs.launch(actor, specs)
    held = service.budgets.usage(actor).held_seconds
    for run in made:
        service.runs.cancel(actor, run.id)
    assert service.budgets.usage(actor).held_seconds == 0
    return held


def test_a_member_is_limited_an_admin_is_not_unless_a_budget_was_set(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, MEMBER_QUEUED_RUNS=2)
    service.runs.launch(ROOT, [SPEC] * 3)
    with pytest.raises(TrainyardError, match="'ada' has 0 runs in the queue and may have 2"):
        service.runs.launch(ADA, [SPEC] * 3)
    service.budgets.set_budget(ROOT, "Ada", queued=4, at_once=1)
    service.runs.launch(ADA, [SPEC] * 3)
    known = {usage.owner: usage for usage in service.budgets.list_all(ROOT)}
    assert (known["ada"].budget.queued, known["root"].budget.queued) == (4, 0)
    assert known["ada"].set == {"queued", "at_once"}
    service.budgets.set_budget(ROOT, "ada", queued=None)
    assert service.budgets.usage(ADA).budget.queued == 2
    with pytest.raises(TrainyardError, match=r"cannot have -1 as queued; it is a number from 0 \(no limit\)"):
        service.budgets.set_budget(ROOT, "ada", queued=-1)
    with pytest.raises(Forbidden):
        service.budgets.usage(BOB, "ada")


def test_over_the_disk_space_nothing_is_added(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = service.runs.launch(ADA, [SPEC])[0]
    folder = settings().runs_path / str(run.id)
    folder.mkdir(parents=True)
    (folder / "model.keras").write_bytes(bytes(1_200_000))
    service.budgets.set_budget(ROOT, "ada", disk_mb=1)
    monkeypatch.setattr("engine.service.terms._sizes", {})
    for refused in (
        lambda: service.runs.launch(ADA, [SPEC]),
        lambda: service.studies.create(ADA, study_seeding.study(store, trials=1).spec),
        lambda: service.datasets.import_own(ADA, "x", "x.csv", None),  # type: ignore[arg-type]
    ):
        with pytest.raises(TrainyardError, match=r"take 1 MB, and you may use 1 MB\. Delete runs"):
            refused()
    service.runs.launch(BOB, [SPEC])
    service.runs.cancel(ADA, run.id)
    service.runs.delete(ADA, run.id)
    service.runs.launch(ADA, [SPEC])


def test_everybody_sees_the_place_of_their_runs_and_nothing_of_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, MEMBER_RUNS_AT_ONCE=1, UNKNOWN_RUN_MINUTES=10)
    store.leases.hold("executor", {"slots": [{"name": "cpu-0"}, {"name": "cpu-1"}]})
    first, second, third = service.runs.launch(ADA, [SPEC] * 3)
    assert begun().id == first.id
    (bobs,) = service.runs.launch(BOB, [SPEC])
    mine = service.budgets.queue(BOB)
    assert [(turn.run_id, turn.seconds, turn.why) for turn in mine] == [
        (bobs.id, 0, Why.SLOT),
        (None, None, Why.SLOT),
        (None, None, Why.SLOT),
    ]
    adas = service.budgets.queue(ADA)
    assert [turn.run_id for turn in adas] == [None, second.id, third.id]
    assert adas[1].why is Why.AT_ONCE
    assert adas[1].seconds == pytest.approx(600, abs=5)
    assert adas[1].low is not None
    assert adas[1].high is not None
    assert adas[1].low < adas[1].seconds < adas[1].high
    assert service.runs.queue(ADA) == [None, second.id, third.id]
    told = [(turn.run, turn.waits_for) for turn in queue_of(ADA).queue]
    assert told == [(None, None), (second.id, "at once"), (third.id, "at once")]
    service.budgets.prioritise(ROOT, third.id)
    assert service.runs.queue(ROOT) == [bobs.id, third.id, second.id]
    assert service.budgets.queue(Actor("eve", Role.ADMIN))[0].run_id == bobs.id


def test_what_limits_me_has_a_row_for_each_part_of_a_budget(store: Store) -> None:
    service.runs.launch(ADA, [SPEC] * 2)
    begun()
    rows = {row.name: row for row in service.budgets.allowances(ADA)}
    minutes = rows["Training time of today"]
    assert (minutes.held, minutes.left) == (20, settings().member_device_minutes - 20)
    assert minutes.resets_at is not None
    assert rows["Runs that train at once"].used == 1
    assert rows["Runs in the queue"].left == settings().member_queued_runs - 1
    assert rows["Disk space of runs and datasets"].total == settings().member_disk_mb
    assert service.budgets.allowances(ROOT) == []
    asked = replace(ADA, origin=Origin(visitor="v", address="192.0.2.1"))
    assert {*rows} < {row.name for row in service.limits.list_all(asked)}


def test_an_admin_lets_a_run_make_way(store: Store) -> None:
    service.runs.launch(ADA, [SPEC])
    run = begun()
    service.budgets.preempt(ROOT, run.id)
    assert store.attempts.report(run) == "asked"
    with pytest.raises(TrainyardError, match="only a run that trains, and that nobody has asked to end, can make way"):
        service.budgets.preempt(ROOT, run.id)


def test_the_command_line_sets_budgets_and_shows_the_queue(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str) -> object:
        assert main([*arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    (row,) = said("budget", "set", "ada", "--device-minutes", "90.5", "--at-once", "0")  # type: ignore[misc]
    assert (row["name"], row["device_minutes"], row["at_once"]) == ("ada", 90.5, None)
    (row,) = said("budget", "set", "ada", "--at-once", "usual")  # type: ignore[misc]
    assert row["at_once"] == settings().member_runs_at_once
    first, second = service.runs.launch(ADA, [SPEC] * 2)
    assert [turn["run"] for turn in said("queue")] == [first.id, second.id]  # type: ignore[attr-defined]
    turns = said("queue", "--first", str(second.id))
    assert [(turn["run"], turn["waits_for"]) for turn in turns] == [  # type: ignore[attr-defined]
        (second.id, "a free slot"),
        (first.id, "a free slot"),
    ]
    listed = said("runs")
    assert [run["place"] for run in listed] == [1, 2]  # type: ignore[attr-defined]
    assert [row["name"] for row in said("budget", "list")] == ["ada"]  # type: ignore[attr-defined]
    for wrong, words in (
        (("budget", "set", "ada"), "Name what to set"),
        (("budget", "show"), "Name the account"),
        (("budget", "set", "ada", "--queued", "many"), "'many' is no value of --queued"),
    ):
        assert main([*wrong]) == 1
        assert words in capsys.readouterr().err


def test_a_study_of_an_admin_is_not_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, MEMBER_RUNS_AT_ONCE=1)
    study = study_seeding.study(store, trials=0)
    made = service.studies.create(ROOT, study.spec)
    for number in range(3):
        store.studies.create_trial(made.id, number, SPEC)
    assert [begun().owner for _ in range(3)] == ["root"] * 3
    assert all(run.state is RunState.RUNNING for run, _ in store.attempts.workers())
