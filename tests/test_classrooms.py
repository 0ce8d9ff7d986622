"""Classrooms: joined by a code, data with a hidden part, limits until the end, and a leaderboard on what nobody sees."""

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import service
from engine.access import TEACHING, Action, Actor, Forbidden, Origin, Role, allowed
from engine.accounts.logins import Login
from engine.artifacts import artifacts_of
from engine.classrooms.codes import digest_of, new_code
from engine.classrooms.hiding import hide_part
from engine.classrooms.plans import Plan
from engine.classrooms.scorer import score_waiting
from engine.classrooms.standings import standings
from engine.errors import TrainyardError
from engine.imports.importing import import_data
from engine.imports.sets import describe_set, set_path
from engine.imports.understood import Choice
from engine.limits.rates import Exceeded
from engine.runs import Run, RunSpec, RunState
from engine.sentences import Sentence
from engine.service import opened, sign_in
from engine.store.classrooms import Classroom
from engine.store.submissions import Score, Scoring, Submission
from tests import seeding
from tests.test_people import configure

pytestmark = pytest.mark.both_databases

ROOT = Actor("root", Role.ADMIN)
HEADER = {"IDENTITY_HEADER": "X-Forwarded-Email", "TRUSTED_PROXIES": "127.0.0.1"}
KINDS = ("oak", "elm", "fir")
LEAVES = b"size,width,kind\n" + b"".join(b"%d,%d,%s\n" % (i, i * 7 % 31, KINDS[i % 3].encode()) for i in range(120))
WEEK = 7 * 86_400.0


@pytest.fixture(autouse=True)
def shared(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared mode, in a home of the test's own; nothing is scored unless a test does it."""
    configure(monkeypatch, MODE="shared", MEMBERS="ada,bob,carl", ADMINS="root", **HEADER)
    monkeypatch.setattr("engine.service.submissions.ensure_scorer", lambda _store: False)
    for name in ("ada", "bob", "carl", "root"):
        sign_in.enter(login(name))


def login(name: str) -> Login:
    """The login of somebody."""
    return Login(name, "proxy x-forwarded-email", name)


def now(name: str) -> Actor:
    """Somebody, with what they may look at now."""
    return sign_in.actor_of(login(name))


def leaves(actor: Actor = ROOT, data: bytes = LEAVES) -> str:
    """An imported table of somebody's."""
    roles = {"size": "number", "width": "number", "kind": "target"}
    choice = Choice("table", "leaves", "Leaves", roles)
    return service.datasets.import_own(actor, io.BytesIO(data), "leaves.csv", choice).made.reference


def lecture(**more: Any) -> tuple[Classroom, str]:
    """A classroom with one assignment, and its code."""
    room = service.classrooms.create(ROOT, "Botany", time.time() + WEEK, **more)
    plan = Plan("Leaves", "my-table", leaves(), hidden_share=0.25, models=("mlp",), a_day=2)
    service.classrooms.add_assignment(ROOT, room.id, plan)
    return service.classrooms.make_code(ROOT, room.id)


def trained(owner: str, reference: str, **values: Any) -> Run:
    """An ended run of somebody on a table."""
    values = {"dataset": "my-table", "table": reference, "model": "mlp"} | values
    run = seeding.completed(opened.store(), owner=owner, epochs=1, points=2, **values)
    dataset = run.parsed().dataset
    from engine.preparation.prepare import prepare
    from engine.training.evaluate import save_info

    save_info(artifacts_of(run.id), run.parsed(), prepare(dataset).info)
    return run


def knows(share: float) -> Any:
    """A network that answers this share of the examples rightly."""

    def ask(_run_id: int, inputs: np.ndarray) -> np.ndarray:
        size = inputs["numbers"][:, 0].astype(int)
        right = np.arange(len(size)) < share * len(size)
        return np.eye(3, dtype=np.float32)[np.array([2, 0, 1])[(size + ~right) % 3]] * 0.8 + 0.1

    return ask


# -- hiding ------------------------------------------------------------------------------------------------------------


def test_a_set_is_divided_so_that_no_example_is_on_both_sides(home: Path) -> None:
    own = describe_set(leaves(data=LEAVES + LEAVES[16:]))  # each row twice
    found = hide_part(own, 0.25, "root")
    sides = [_rows(reference) for reference in (found.seen, found.hidden)]
    assert not set(sides[0]) & set(sides[1])
    assert sorted(sides[0] + sides[1]) == sorted(_rows(own.reference))
    seen, hidden = (describe_set(reference) for reference in (found.seen, found.hidden))
    assert (seen.num_examples, hidden.num_examples) == (180, 60)
    assert hidden.counts == dict.fromkeys(sorted(KINDS), 20)
    assert (seen.owner, seen.roles, seen.tasks) == ("root", own.roles, own.tasks)


def _rows(reference: str) -> list[tuple[float, ...]]:
    with np.load(set_path(reference) / "table.npz") as file:
        return [tuple(row) for row in file["numbers"].tolist()]


def test_the_bytes_of_hidden_examples_are_not_in_the_file_that_members_train_on(home: Path) -> None:
    classes = [(kind, [f"{kind} text number {number:03}".encode() for number in range(20)]) for kind in KINDS]
    made = service.datasets.import_recorded(ROOT, "texts", classes, ".txt", "poems", "Poems").made
    found = hide_part(made, 0.2, "root")
    from engine.imports.collected import read_stored

    texts = [{one.bytes_of(i) for i in range(len(one))} for one in map(_stored, (found.seen, found.hidden))]
    assert (len(texts[0]), len(texts[1]), len(texts[0] | texts[1])) == (48, 12, 60)
    whole = read_stored(found.seen, "texts").data.tobytes()
    assert not [text for text in texts[1] if text in whole]


def _stored(reference: str) -> Any:
    from engine.imports.collected import read_stored

    return read_stored(reference, "texts")


def test_a_class_with_too_few_examples_is_named(home: Path) -> None:
    few = b"size,width,kind\n" + b"".join(b"%d,1,%s\n" % (i, b"oak" if i < 3 else b"elm") for i in range(40))
    with pytest.raises(
        TrainyardError, match="The class 'oak' of 'leaves' has too few examples to hide some: 2 would be left"
    ):
        hide_part(describe_set(leaves(data=few)), 0.25, "root")
    with pytest.raises(TrainyardError, match="90% cannot be hidden"):
        hide_part(describe_set("leaves"), 0.9, "root")


@pytest.mark.parametrize("kind", ["time-series", "choices"])
def test_what_is_split_by_time_cannot_have_a_hidden_part(home: Path, kind: str) -> None:
    days = [np.datetime64("2024-01-01") + day for day in range(60)]
    rows = [f"u{i % 6},i{i // 6},{day},{i % 7}" for i, day in enumerate(days)]
    data = io.BytesIO("\n".join(["user,item,time,value", *rows]).encode())
    import_data(data, "own.csv", Choice(kind, "own"))
    with pytest.raises(TrainyardError, match="'own' overlap in time, so none can be hidden"):
        hide_part(describe_set("own"), 0.25, "root")


# -- joining -----------------------------------------------------------------------------------------------------------


def test_members_join_by_the_code_and_may_use_its_data_and_nothing_that_is_hidden(home: Path) -> None:
    room, code = lecture()
    data = service.classrooms.get(ROOT, room.id).assignments[0]
    assert service.classrooms.list_all(now("ada")) == []
    with pytest.raises(TrainyardError, match=r"Classroom 1 does not exist"):
        service.classrooms.get(now("ada"), room.id)
    assert service.classrooms.join(now("ada"), f" {code.lower().replace('-', ' ')} ", "The fern").id == room.id
    ada = now("ada")
    assert [one.id for one in service.classrooms.list_all(ada)] == [room.id]
    assert [own.reference for own in service.datasets.list_own(ada)] == [data.reference]
    spec = RunSpec.build({"dataset": "my-table", "table": data.reference})
    assert service.runs.launch(ada, [spec])[0].owner == "ada"
    for reference in (data.hidden, "leaves"):
        with pytest.raises(TrainyardError, match="is not on this machine"):
            service.runs.launch(ada, [RunSpec.build({"dataset": "my-table", "table": reference})])
    for refused in (
        lambda: service.classrooms.members(ada, room.id),
        lambda: service.classrooms.make_code(ada, room.id),
        lambda: service.classrooms.delete(ada, room.id),
        lambda: service.datasets.delete_own(ada, data.reference),
        lambda: service.classrooms.create(ada, "Mine", time.time() + WEEK),
    ):
        with pytest.raises(Forbidden):
            refused()
    assert [(one.name, one.nickname) for one in service.classrooms.members(ROOT, room.id)] == [("ada", "The fern")]
    with pytest.raises(TrainyardError, match="not on this machine"):
        service.runs.launch(now("bob"), [spec])
    service.classrooms.leave(ada, room.id)
    assert service.classrooms.list_all(now("ada")) == []


@pytest.mark.parametrize(
    ("name", "joined", "ended", "rights"),
    [
        ("root", False, False, {"room": "look use change delete", "seen": "look use change delete", "hidden": "look use change delete"}),
        ("ada", True, False, {"room": "look", "seen": "look use", "hidden": ""}),
        ("ada", True, True, {"room": "look", "seen": "", "hidden": ""}),
        ("bob", False, False, {"room": "", "seen": "", "hidden": ""}),
        ("eve", False, False, {"room": "", "seen": "", "hidden": ""}),
    ],
)  # fmt: skip
def test_rights_in_a_classroom_are_those_of_the_table(
    home: Path, name: str, joined: bool, ended: bool, rights: dict[str, str]
) -> None:
    room, code = lecture()
    if joined:
        service.classrooms.join(now(name), code)
    if ended:
        service.classrooms.archive(ROOT, room.id)
    room = service.classrooms.get(ROOT, room.id)
    one, actor = room.assignments[0], now(name)
    things = {"room": room, "seen": describe_set(one.reference), "hidden": describe_set(one.hidden)}
    actions = {"look": Action.LOOK, "use": Action.USE, "change": Action.CHANGE, "delete": Action.DELETE}
    for thing, words in rights.items():
        assert {word for word, action in actions.items() if allowed(actor, action, things[thing])} == set(words.split())
    assert allowed(actor, Action.CREATE, TEACHING) == (name == "root")


def test_a_code_ends_by_time_by_revocation_and_by_the_next_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room, code = lecture()
    _room, newer = service.classrooms.make_code(ROOT, room.id)
    for text in (code, "", "---", newer[:-1]):
        with pytest.raises(TrainyardError, match="This code is not valid"):
            service.classrooms.join(now("ada"), text)
    service.classrooms.join(now("ada"), newer)
    service.classrooms.remove(ROOT, room.id, "ada")
    with pytest.raises(TrainyardError, match="not valid"):
        service.classrooms.join(now("ada"), newer)
    service.classrooms.revoke_code(ROOT, room.id)
    with pytest.raises(TrainyardError, match="not valid"):
        service.classrooms.join(now("bob"), newer)
    _room, third = service.classrooms.make_code(ROOT, room.id, days=1)
    service.classrooms.join(now("ada"), third)  # a new code is for everybody
    later = time.time() + 2 * 86_400
    monkeypatch.setattr("time.time", lambda: later)
    with pytest.raises(TrainyardError, match="not valid"):
        service.classrooms.join(ROOT, third)
    assert digest_of(new_code()) not in ("", digest_of(new_code()))


def test_a_full_classroom_and_guessing_are_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, MAX_CLASSROOM_MEMBERS="1", VISITOR_ATTEMPTS_PER_HOUR="3")
    _room, code = lecture()
    service.classrooms.join(now("ada"), code)
    with pytest.raises(TrainyardError, match="has 1 members"):
        service.classrooms.join(now("bob"), code)
    guesser = Actor("bob", Role.MEMBER, origin=Origin(visitor="b", address="a"))
    for _attempt in range(3):
        with pytest.raises(TrainyardError, match="not valid"):
            service.classrooms.join(guesser, new_code())
    with pytest.raises(Exceeded):
        service.classrooms.join(guesser, new_code())


# -- submitting --------------------------------------------------------------------------------------------------------


def test_a_run_is_submitted_scored_and_ranked_and_no_more_a_day_than_allowed(home: Path) -> None:
    room, code = lecture()
    one = service.classrooms.get(ROOT, room.id).assignments[0]
    for name, nickname in (("ada", "The fern"), ("bob", "")):
        service.classrooms.join(now(name), code, nickname)
    first, second, third = (trained("ada", one.reference) for _number in range(3))
    theirs = trained("bob", one.reference)
    assert [run.id for run in service.submissions.candidates(now("ada"), one.id)] == [third.id, second.id, first.id]
    service.submissions.submit(now("ada"), one.id, first.id)
    with pytest.raises(TrainyardError, match=rf"Run {first.id} was submitted before"):
        service.submissions.submit(now("ada"), one.id, first.id)
    assert score_waiting(opened.store(), knows(1.0)) == 1
    service.submissions.submit(now("ada"), one.id, second.id)
    service.submissions.submit(now("bob"), one.id, theirs.id)
    with pytest.raises(TrainyardError, match="You have submitted 2 runs today"):
        service.submissions.submit(now("ada"), one.id, third.id)
    assert score_waiting(opened.store(), knows(0.5)) == 2

    rows = service.submissions.leaderboard(now("bob"), one.id)
    assert [(row.place, row.member, row.submissions, row.mine) for row in rows] == [
        (1, "The fern", 2, False),
        (2, "", 1, True),
    ]
    assert (rows[0].account, rows[0].run_id, rows[1].run_id) == (None, None, theirs.id)
    assert (rows[0].score.value, rows[0].examples) == (1.0, 30)
    assert (rows[0].score.low, rows[0].score.high) == pytest.approx((0.886, 1.0), abs=0.001)  # Wilson's, 30 of 30
    assert rows[1].score.value == 0.5
    assert [row.account for row in service.submissions.leaderboard(ROOT, one.id)] == ["ada", "bob"]
    assert [left.left for left in service.submissions.left(now("bob"), room.id)] == [1]
    service.classrooms.remove(ROOT, room.id, "bob")
    assert [row.account for row in service.submissions.leaderboard(ROOT, one.id)] == ["ada"]
    mine = service.submissions.mine(now("ada"), one.id)
    assert [(sent.run_id, sent.state) for sent in mine] == [(second.id, Scoring.SCORED), (first.id, Scoring.SCORED)]


def test_a_run_that_does_not_fit_is_refused_with_the_reason(home: Path) -> None:
    room, code = lecture()
    one = service.classrooms.get(ROOT, room.id).assignments[0]
    store = opened.store()
    with pytest.raises(TrainyardError, match="Join the classroom 'Botany' first"):
        service.submissions.submit(ROOT, one.id, 1)
    service.classrooms.join(now("ada"), code)
    elsewhere = seeding.completed(store, owner="ada", dataset="iris", model="mlp")
    other = seeding.completed(store, owner="ada", dataset="my-table", table=one.reference, model="linear")
    digits = seeding.completed(store, owner="ada")
    waiting = store.runs.create(RunSpec.build({"dataset": "my-table", "table": one.reference, "model": "mlp"}), "ada")
    for run, words in (
        (elsewhere, "was not trained on the data of this assignment"),
        (other, "has the model 'linear', and this assignment is for"),
        (digits, "is of the task image-classification, and this assignment of tabular-classification"),
        (waiting, "is queued; only a run that has ended with a model"),
        (seeding.completed(store, owner="bob", dataset="iris", model="mlp"), "does not exist"),
    ):
        with pytest.raises(TrainyardError, match=words):
            service.submissions.submit(now("ada"), one.id, run.id)
    assert service.submissions.candidates(now("ada"), one.id) == []


def test_what_cannot_be_scored_says_why_and_does_not_count(home: Path) -> None:
    room, code = lecture()
    one = service.classrooms.get(ROOT, room.id).assignments[0]
    service.classrooms.join(now("ada"), code)
    run = trained("ada", one.reference)
    service.submissions.submit(now("ada"), one.id, run.id)
    service.datasets.delete_own(ROOT, one.hidden)
    assert score_waiting(opened.store(), knows(1.0)) == 1
    sent = service.submissions.mine(now("ada"), one.id)[0]
    assert sent.state is Scoring.FAILED
    assert "could not be scored" in sent.message
    assert "leaves" not in sent.message
    assert service.submissions.left(now("ada"), room.id)[0].left == 2


def test_a_scorer_that_dies_leaves_its_work_to_the_next_and_not_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, code = lecture()
    one = service.classrooms.get(ROOT, room.id).assignments[0]
    service.classrooms.join(now("ada"), code)
    service.submissions.submit(now("ada"), one.id, trained("ada", one.reference).id)
    store, begun = opened.store(), time.time()
    for attempt in range(3):
        monkeypatch.setattr("time.time", lambda at=begun + 700 * attempt: at)
        assert store.submissions.waiting(600)
        claimed = store.submissions.claim(600)
        assert claimed is not None
        assert store.submissions.claim(600) is None
    assert claimed.state is Scoring.FAILED
    assert "could not be scored in time" in claimed.message


def test_equal_scores_share_a_place_and_lower_is_better_where_the_metric_says_so() -> None:
    def sent(number: int, account: int, **scores: float) -> Submission:
        found = {name: Score(value) for name, value in scores.items()}
        return Submission(
            number, 1, account, "", "", False, number, float(number), Scoring.SCORED, found, 9, Sentence("")
        )

    made = [sent(1, 1, mae=2.0), sent(2, 2, mae=1.0), sent(3, 3, mae=2.0), sent(4, 1, mae=3.0)]
    assert [(row.place, row.best.id, row.submissions) for row in standings(made, "mae")] == [
        (1, 2, 1),
        (2, 1, 2),
        (2, 3, 1),
    ]


# -- limits and the end ------------------------------------------------------------------------------------------------


def test_the_strictest_of_ones_own_and_the_classrooms_limits_counts_until_it_ends(home: Path) -> None:
    room, code = lecture(device_minutes=60, at_once=1, queued=3)
    service.classrooms.join(now("ada"), code)
    store = opened.store()
    assert service.budgets.usage(now("ada")).budget.at_once == 1
    spec = RunSpec.build({"dataset": "digits", "model": "mlp"})
    service.runs.launch(now("ada"), [spec, spec])
    assert store.attempts.claim("cpu-0") is not None
    assert store.attempts.claim("cpu-1") is None
    with pytest.raises(TrainyardError, match="3"):
        service.runs.launch(now("ada"), [spec] * 3)
    rows = {str(row.name): row.total for row in service.budgets.allowances(now("ada"))}
    assert rows["Runs that train at once"] == 2
    assert rows["Runs that train at once, in Botany"] == 1
    assert rows["Submissions of today, Botany: Leaves"] == 2
    service.budgets.set_budget(ROOT, "ada", device_minutes=5)
    assert service.budgets.usage(now("ada")).budget.device_minutes == 5
    assert store.attempts.claim("cpu-1") is None
    service.classrooms.archive(ROOT, room.id)
    service.budgets.set_budget(ROOT, "ada", device_minutes=None)
    assert service.budgets.usage(now("ada")).budget.at_once == 2
    assert store.attempts.claim("cpu-1") is not None


def test_an_archived_classroom_is_read_only_and_lends_nothing(home: Path) -> None:
    room, code = lecture()
    one = service.classrooms.get(ROOT, room.id).assignments[0]
    service.classrooms.join(now("ada"), code)
    run = trained("ada", one.reference)
    service.submissions.submit(now("ada"), one.id, run.id)
    score_waiting(opened.store(), knows(1.0))
    service.classrooms.archive(ROOT, room.id)
    ada = now("ada")
    assert len(service.submissions.leaderboard(ada, one.id)) == 1
    assert service.datasets.list_own(ada) == []
    with pytest.raises(TrainyardError, match="has ended"):
        service.submissions.submit(ada, one.id, run.id)
    with pytest.raises(TrainyardError, match="not valid"):
        service.classrooms.join(now("bob"), code)
    with pytest.raises(TrainyardError, match="is archived"):
        service.classrooms.make_code(ROOT, room.id)


@pytest.mark.parametrize("with_runs", [False, True])
def test_a_deleted_classroom_leaves_the_lecturers_data_and_the_members_runs_unless_they_are_chosen(
    home: Path, with_runs: bool
) -> None:
    room, code = lecture()
    one = service.classrooms.get(ROOT, room.id).assignments[0]
    service.classrooms.join(now("ada"), code)
    run, other = trained("ada", one.reference), seeding.completed(opened.store(), owner="ada")
    service.submissions.submit(now("ada"), one.id, run.id)
    live = service.runs.launch(now("ada"), [run.parsed()])[0]
    with pytest.raises(TrainyardError, match="is in use by run"):
        service.classrooms.delete(ROOT, room.id)
    service.runs.cancel(now("ada"), live.id)
    assert service.classrooms.delete(ROOT, room.id, with_runs=with_runs) == int(with_runs)
    left = {run.id for run in service.runs.list_all(now("ada")) if run.state is RunState.COMPLETED}
    assert left == ({other.id} if with_runs else {run.id, other.id})
    assert [own.reference for own in service.datasets.list_own(ROOT)] == ["leaves"]
    assert service.classrooms.list_all(ROOT) == []
    entry = service.audit.entries(ROOT, service.audit.Wanted())[0]
    assert (entry.action, entry.detail) == ("classrooms.delete", f"with runs {with_runs}")
