"""Sharing: what runs use is charged once and never given back, and who has used least goes first."""

import random
import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from engine.budgets import Budget, Estimate, Terms
from engine.budgets.budget import by_hour, next_day
from engine.budgets.schedule import Person, Training, Waiting, Why, places
from engine.budgets.yielding import BUDGET, PREEMPTED, YIELDS
from engine.errors import TrainyardError
from engine.executor.endings import conclude, explain_exit
from engine.executor.sharing import Sharing
from engine.executor.slots import Slot
from engine.runs import Run, RunSpec, RunState
from engine.settings import settings
from engine.store import Store

SPEC = RunSpec.build({"dataset": "digits", "model": "mlp"})
NOON = 20_000 * 86_400.0 + 12 * 3_600
MINUTE = 60.0
CPU = Slot("cpu-0", None)


@dataclass
class Clock:
    """A clock that the test sets."""

    now: float = NOON


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of everything in this process."""
    made = Clock()
    monkeypatch.setattr("time.time", lambda: made.now)
    return made


@pytest.fixture
def share(home: object, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Shared mode, with these settings."""

    def configure(**values: object) -> None:
        for name, value in {"MODE": "shared", **values}.items():
            monkeypatch.setenv(f"TRAINYARD_{name}", str(value))
        settings.cache_clear()

    configure()
    return configure


def queued(store: Store, owner: str, minutes: float | None = None, count: int = 1) -> list[Run]:
    """Waiting runs of somebody, each estimated to take so long."""
    terms = Terms(0, tuple([Estimate(minutes * MINUTE, 1.5)] * count)) if minutes is not None else Terms()
    return store.runs.create_group([SPEC] * count, owner, terms=terms)


def begun(store: Store) -> Run:
    """The next run in line, claimed."""
    run = store.attempts.claim("cpu-0")
    assert run is not None
    return run


def trained(store: Store, clock: Clock, run: Run, minutes: float, state: RunState = RunState.COMPLETED) -> None:
    """A run that trains for some minutes and ends."""
    clock.now += minutes * MINUTE
    assert store.attempts.report(run) is not None
    assert store.attempts.end(run, state)


# -- charging ----------------------------------------------------------------------------------------------------------


def test_a_time_is_split_by_the_hours_that_it_touches() -> None:
    assert by_hour(3_500, 7_300) == [(0, 100), (1, 3_600), (2, 100)]
    assert by_hour(5, 5) == []
    assert next_day(NOON) - NOON == 12 * 3_600


@pytest.mark.usefixtures("share")
def test_an_estimate_is_held_what_was_measured_is_charged_and_deleting_gives_nothing_back(
    store: Store, clock: Clock
) -> None:
    (run,) = queued(store, "ada", 10)
    usage = store.budgets.get("ada")
    assert (usage.held_seconds, usage.used_seconds, usage.queued, usage.training) == (600, 0, 1, 0)
    assert usage.left_seconds == 480 * MINUTE - 600
    claimed = begun(store)
    clock.now += 4 * MINUTE
    store.attempts.report(claimed)
    for _ in range(2):  # before and after it was written down
        usage = store.budgets.get("ada")
        assert (usage.held_seconds, usage.used_seconds, usage.training) == (360, 240, 1)
        store.budgets.charge_running()
    clock.now += 5 * MINUTE  # without a sign of life
    store.attempts.end(claimed, RunState.FAILED, "The worker is gone.")
    usage = store.budgets.get("ada")
    assert (usage.held_seconds, usage.used_seconds, usage.training) == (0, 240, 0)
    store.runs.resume(run.id)
    assert store.budgets.get("ada").held_seconds == 360
    trained(store, clock, begun(store), 20)
    store.runs.delete(run.id)
    usage = store.budgets.get("ada")
    assert (usage.held_seconds, usage.used_seconds) == (0, 24 * MINUTE)


def test_a_local_installation_counts_nothing(store: Store, clock: Clock) -> None:
    queued(store, "ada")
    queued(store, "bob")
    trained(store, clock, begun(store), 10)
    assert store.budgets.charged() == {}
    assert store.budgets.get("ada").used_seconds == 0


@pytest.mark.usefixtures("share")
@pytest.mark.parametrize("name", ["devices", "machines"])
def test_a_second_on_two_devices_counts_twice(store: Store, clock: Clock, name: str) -> None:
    both = SPEC.changed({name: 2})
    store.runs.create_group([both], "ada", terms=Terms(0, (Estimate(10 * MINUTE, 1.5),)))
    assert store.budgets.get("ada").held_seconds == 20 * MINUTE
    assert store.budgets.waiting()[0].left == 10 * MINUTE
    run = begun(store)
    clock.now += 4 * MINUTE
    store.attempts.report(run)
    assert store.budgets.get("ada").used_seconds == 8 * MINUTE
    trained(store, clock, run, 1)
    assert store.budgets.charged() == {run.id: 10 * MINUTE}


@pytest.mark.usefixtures("share")
def test_a_run_over_midnight_counts_for_both_days(store: Store, clock: Clock) -> None:
    clock.now = next_day(NOON) - 10 * MINUTE
    queued(store, "ada")
    trained(store, clock, begun(store), 25)
    usage = store.budgets.get("ada")
    assert (usage.used_seconds, usage.late_seconds) == (15 * MINUTE, 25 * MINUTE)


@dataclass
class Crowd:
    """People who launch, kill, stop, resume and delete at random, and what their runs have measured."""

    store: Store
    clock: Clock
    chance: random.Random
    claimed: dict[int, Run] = field(default_factory=dict)
    measured: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    beats: dict[int, float] = field(default_factory=dict)

    def step(self) -> None:
        """Let some time pass, and something happen."""
        self.clock.now += self.chance.choice([0.0, 0.3, 20.0, 4_000.0])
        happens = [self.launch, self.claim, self.claim, self.beat, self.beat, self.beat, self.finish, self.kill, self.ask,
                   self.resume, self.delete, self.store.budgets.charge_running]  # fmt: skip
        self.chance.choice(happens)()

    def launch(self) -> None:
        minutes = self.chance.choice([None, 1, 30, 300])
        queued(self.store, self.chance.choice("abc"), minutes, self.chance.randint(1, 3))

    def claim(self) -> None:
        run = self.store.attempts.claim("cpu-0")
        if run is not None:
            self.claimed[run.id], self.beats[run.id] = run, self.clock.now

    def beat(self) -> str:
        if not self.claimed:
            return ""
        run = self.chance.choice([*self.claimed.values()])
        asked = self.store.attempts.report(run)
        assert asked is not None
        self.measured[run.id] += self.clock.now - self.beats[run.id]
        self.beats[run.id] = self.clock.now
        if asked in YIELDS:
            assert self.store.attempts.requeue(run, YIELDS[asked], counted=False)
            del self.claimed[run.id]
        elif asked:
            assert self.store.attempts.end(run, RunState(asked))
            del self.claimed[run.id]
        return asked

    def finish(self) -> None:
        if not self.claimed or self.beat():
            return
        run = self.chance.choice([*self.claimed.values()])
        self.store.attempts.end(run, self.chance.choice([RunState.COMPLETED, RunState.FAILED]))
        del self.claimed[run.id]

    def kill(self) -> None:
        if self.claimed:
            run_id = self.chance.choice([*self.claimed])
            del self.claimed[run_id]
            run = self.store.runs.get(run_id)
            conclude(self.store, run, explain_exit(-9), innocent=self.chance.random() < 0.5)

    def ask(self) -> None:
        if runs := self.store.runs.list(states=["running", "queued", "paused"]):
            run = self.chance.choice(runs)
            if run.state is RunState.RUNNING and self.chance.random() < 0.5:
                self.store.attempts.ask_to_yield(run, self.chance.choice([BUDGET, PREEMPTED]))
            else:
                asked = [RunState.STOPPED, RunState.CANCELED, RunState.PAUSED]
                self.store.runs.request_end(run.id, self.chance.choice(asked))

    def resume(self) -> None:
        if runs := self.store.runs.list(states=["stopped", "failed", "paused"]):
            self.store.runs.resume(self.chance.choice(runs).id)

    def delete(self) -> None:
        if runs := self.store.runs.list(states=["stopped", "failed", "paused", "completed", "canceled"]):
            self.store.runs.delete(self.chance.choice(runs).id)

    def check(self) -> None:
        """The sum of all charges is what was measured, and only runs that have not ended hold anything."""
        self.store.budgets.charge_running()
        charged = self.store.budgets.charged()
        assert charged == pytest.approx({run: seconds for run, seconds in self.measured.items() if seconds})
        usages = self.store.budgets.all()
        alive = {run.owner for run in self.store.runs.list(states=["queued", "running"])}
        assert {owner for owner, usage in usages.items() if usage.held_seconds} <= alive
        assert all(min(u.held_seconds, u.used_seconds, u.late_seconds) >= 0 for u in usages.values())


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_what_is_charged_is_what_was_measured(
    seed: int, store: Store, clock: Clock, share: Callable[..., None]
) -> None:
    share(MEMBER_DEVICE_MINUTES=0, MEMBER_RUNS_AT_ONCE=0)
    crowd = Crowd(store, clock, random.Random(seed))
    for number in range(150):
        crowd.step()
        if number % 15 == 0:
            crowd.check()
    crowd.check()
    assert len(crowd.measured) > 5
    for run in store.runs.list(states=["queued", "running"]):
        store.runs.request_end(run.id, RunState.CANCELED)
    for run, _ in store.attempts.workers():
        store.attempts.end(run, RunState.CANCELED)
    assert not any(usage.held_seconds for usage in store.budgets.all().values())


# -- limits ------------------------------------------------------------------------------------------------------------


def test_only_as_many_runs_of_one_person_train_at_once_as_they_may(store: Store, share: Callable[..., None]) -> None:
    share(MEMBER_RUNS_AT_ONCE=2, MEMBER_DEVICE_MINUTES=0)
    queued(store, "ada", 1, count=5)
    (late,) = queued(store, "bob", 50)
    owners = [run.owner for _ in range(4) if (run := store.attempts.claim("cpu-0"))]
    assert sorted(owners) == ["ada", "ada", "bob"]
    assert not store.attempts.claimable()
    store.budgets.set("ada", at_once=3)
    assert store.attempts.claimable()
    assert begun(store).owner == "ada"
    store.budgets.know("ada", exempt=True)
    assert store.attempts.claim("cpu-0") is None  # what was set for her still counts
    store.budgets.set("ada", at_once=None)
    assert begun(store).owner == "ada"
    assert store.attempts.claim("cpu-0", late.id) is None


def test_at_the_limit_a_run_waits_in_the_queue_and_goes_on_by_itself_the_next_day(
    store: Store, clock: Clock, share: Callable[..., None]
) -> None:
    share(MEMBER_DEVICE_MINUTES=30)
    (run,) = queued(store, "ada", 50)
    sharing = Sharing(store, [CPU])
    claimed = begun(store)
    clock.now += 29 * MINUTE
    assert store.attempts.report(claimed) == ""
    sharing.look(store.attempts.workers(), full=False)
    clock.now += 2 * MINUTE
    assert store.attempts.report(claimed) == ""
    sharing.look(store.attempts.workers(), full=False)
    assert store.attempts.report(claimed) == BUDGET
    assert store.attempts.requeue(claimed, YIELDS[BUDGET], counted=False)
    waits = store.runs.get(run.id)
    assert (waits.state, waits.restarts) == (RunState.QUEUED, 0)
    assert waits.message == (
        "The budget of its owner for today is used up. It continues from here by itself when the budget returns."
    )
    assert not store.attempts.claimable()
    assert store.attempts.claim("cpu-0") is None
    clock.now = next_day(clock.now)
    assert begun(store).id == run.id


@pytest.mark.usefixtures("share")
def test_a_person_may_still_pause_or_stop_a_run_that_was_asked_to_make_way(store: Store) -> None:
    for state in (RunState.PAUSED, RunState.STOPPED, RunState.CANCELED):
        queued(store, "ada")
        run = begun(store)
        assert store.attempts.ask_to_yield(run, PREEMPTED)
        assert not store.attempts.ask_to_yield(run, BUDGET)
        store.runs.request_end(run.id, state)
        assert store.attempts.report(run) == state
        assert not store.attempts.requeue(run, YIELDS[PREEMPTED], counted=False)
        store.attempts.end(run, state)


@pytest.mark.usefixtures("share")
def test_a_run_that_dies_while_it_makes_way_is_queued_again(store: Store) -> None:
    queued(store, "ada")
    run = begun(store)
    store.attempts.ask_to_yield(run, BUDGET)
    conclude(store, store.runs.get(run.id), explain_exit(None), innocent=True)
    assert store.runs.get(run.id).state is RunState.QUEUED


def test_more_runs_than_somebody_may_queue_are_refused(store: Store) -> None:
    queued(store, "ada", count=3)
    with pytest.raises(TrainyardError, match="'ada' has 3 runs in the queue and may have 4; 2 more do not fit"):
        store.runs.create_group([SPEC] * 2, "ada", terms=Terms(4))
    store.runs.create_group([SPEC] * 2, "bob", terms=Terms(4))


# -- order -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("share")
def test_least_recent_use_goes_first_then_the_shorter_run_and_a_priority_before_all(store: Store, clock: Clock) -> None:
    queued(store, "ada")
    trained(store, clock, begun(store), 30)
    long, short = queued(store, "ada", 20)[0], queued(store, "ada", 2)[0]
    (bobs,) = queued(store, "bob", 40)
    assert store.runs.queue() == [bobs.id, short.id, long.id]
    store.budgets.prioritise(long.id, 1)
    assert store.runs.queue() == [long.id, bobs.id, short.id]
    assert begun(store).id == long.id
    assert begun(store).id == bobs.id
    with pytest.raises(TrainyardError, match=rf"Run {long.id} is running; only a queued run has a priority"):
        store.budgets.prioritise(long.id, 2)
    clock.now += 25 * 3_600  # what was trained yesterday is forgotten
    assert store.budgets.get("ada").late_seconds == 0


@dataclass
class Day:
    """A day on two slots: ada queues sixty runs in the morning, bob and eve now and then one."""

    store: Store
    clock: Clock
    began: dict[int, float] = field(default_factory=dict)
    asked: dict[int, tuple[str, float]] = field(default_factory=dict)

    def waits(self) -> dict[str, float]:
        """Mean minutes that the runs of each have waited."""
        coming = [(NOON, "ada", 30.0, 60)] + [(NOON + (20 + 70 * i) * MINUTE, "be"[i % 2], 10.0, 1) for i in range(12)]
        ends: list[tuple[float, Run]] = []
        while coming or ends:
            at = min([when for when, *_ in coming] + [when for when, _ in ends])
            self.clock.now = at
            for _, run in [end for end in ends if end[0] == at]:
                self.store.attempts.report(run)
                self.store.attempts.end(run, RunState.COMPLETED)
            ends = [end for end in ends if end[0] > at]
            for _, owner, minutes, count in [one for one in coming if one[0] == at]:
                for made in queued(self.store, owner, minutes, count):
                    self.asked[made.id] = owner, at
            coming = [one for one in coming if one[0] > at]
            while len(ends) < 2 and (run := self.store.attempts.claim("cpu-0")):
                self.began[run.id] = at
                ends.append((at + (30 if run.owner == "ada" else 10) * MINUTE, run))
        found = defaultdict(list)
        for run_id, (owner, at) in self.asked.items():
            found[owner].append((self.began[run_id] - at) / MINUTE)
        return {owner: statistics.mean(minutes) for owner, minutes in found.items()}


def test_one_greedy_person_does_not_let_others_wait_a_day(
    store: Store, clock: Clock, share: Callable[..., None]
) -> None:
    share(MEMBER_DEVICE_MINUTES=0, MEMBER_RUNS_AT_ONCE=0)
    waits = Day(store, clock).waits()
    assert waits["b"] <= 15  # the next slot is theirs
    assert waits["e"] <= 15
    share(MODE="local")
    clock.now = NOON
    in_line = Day(store, clock).waits()
    assert in_line["b"] > 20 * waits["b"]
    assert waits["ada"] < 1.1 * in_line["ada"]  # and ada hardly notices


def test_a_study_of_many_trials_waits_for_others(store: Store, share: Callable[..., None]) -> None:
    from tests import study_seeding

    share(MEMBER_RUNS_AT_ONCE=0)
    study = study_seeding.study(store, trials=0)
    for number in range(20):
        assert store.studies.create_trial(study.id, number, SPEC) is not None
    (bobs,) = queued(store, "bob", 60)
    first = begun(store)
    assert first.owner == study.owner
    assert begun(store).id == bobs.id


def test_a_short_run_interrupts_a_long_one_of_who_has_used_more(
    store: Store, clock: Clock, share: Callable[..., None]
) -> None:
    share(SHORT_RUN_MINUTES=5, PREEMPT_AFTER_MINUTES=30)
    queued(store, "ada", 200)
    long = begun(store)
    sharing = Sharing(store, [CPU])

    def look() -> str | None:
        sharing.look(store.attempts.workers(), full=True)
        return store.attempts.report(long)

    clock.now += 20 * MINUTE
    assert store.attempts.report(long) == ""
    queued(store, "ada", 2)
    queued(store, "bob", 6)
    assert look() == ""  # not long enough
    clock.now += 20 * MINUTE
    assert store.attempts.report(long) == ""
    assert look() == ""  # bob's run is not short
    (short,) = queued(store, "bob", 4)
    assert look() == PREEMPTED
    assert store.attempts.requeue(long, YIELDS[PREEMPTED], counted=False)
    assert begun(store).id == short.id
    share(SHORT_RUN_MINUTES=0)
    assert store.attempts.next_short(0) is None


# -- the estimated start -----------------------------------------------------------------------------------------------


def test_the_queue_is_played_through_in_the_order_of_the_claim() -> None:
    budget = Budget(60, 2, 0, 0)
    people = {"ada": Person(budget, late=600, today=600, training=1), "bob": Person(budget)}
    waiting = [
        Waiting(1, "ada", 1_200, 1_200, 2.0, 1),
        Waiting(2, "ada", 600, 600, 2.0, 2),
        Waiting(3, "bob", 600, 600, 2.0, 3),
        Waiting(4, "ada", 60, 60, 2.0, 4, priority=1),
    ]
    found = places(waiting, [Training("ada", 300, 2.0)], people, 1, NOON)
    assert [place.run_id for place in found] == [4, 3, 2, 1]
    assert [place.seconds for place in found] == [300, 360, 960, 1_560]
    assert (found[1].low, found[1].high) == (180, 720)
    assert {place.why for place in found} == {Why.SLOT}


def test_a_run_waits_for_the_next_day_or_for_the_end_of_another_of_its_owner() -> None:
    people = {
        "ada": Person(Budget(60, 0, 0, 0), today=3_600),
        "bob": Person(Budget(0, 1, 0, 0), training=1),
    }
    waiting = [Waiting(1, "ada", 60, 60), Waiting(2, "bob", 60, 60)]
    bobs, adas = places(waiting, [Training("bob", 100)], people, 4, NOON)
    assert (bobs.run_id, bobs.why, bobs.seconds) == (2, Why.AT_ONCE, 100)
    assert (adas.run_id, adas.why, adas.seconds) == (1, Why.BUDGET, 12 * 3_600)


# -- with a real training ----------------------------------------------------------------------------------------------


def test_a_run_that_makes_way_goes_on_exactly_where_it_was(
    store: Store, share: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.training import fit
    from engine.training.reporter import Reporter

    class Interrupted(Reporter):
        """Asks its run to make way at its seventh chance, and has it obey at once."""

        chances = 0

        def obey(self) -> None:
            Interrupted.chances += 1
            if Interrupted.chances == 7:
                assert store.attempts.ask_to_yield(self._run, BUDGET)
                self._send()
                assert self.yields == BUDGET
            super().obey()

    values = {"dataset": "digits", "model": "mlp", "units": 8, "epochs": 3, "dropout": 0.2, "deterministic": True}
    spec = RunSpec.build(values)
    whole, (run,) = store.runs.create(spec, "ada"), store.runs.create_group([spec], "bob")
    claimed = store.attempts.claim("cpu-0", whole.id)
    assert claimed is not None
    fit.train_run(store, claimed)
    with monkeypatch.context() as patch:
        patch.setattr(fit, "Reporter", Interrupted)
        first = store.attempts.claim("cpu-0", run.id)
        assert first is not None
        assert fit.train_run(store, first) is RunState.PAUSED
    waits = store.runs.get(run.id)
    assert (waits.state, waits.message) == (RunState.QUEUED, YIELDS[BUDGET])
    again = store.attempts.claim("cpu-0", run.id)
    assert again is not None
    fit.train_run(store, again)
    ended = store.runs.get(run.id)
    assert ended.state is RunState.COMPLETED
    assert ended.result["weights_sha256"] == store.runs.get(whole.id).result["weights_sha256"]
    assert set(store.budgets.charged()) == {whole.id, run.id}
