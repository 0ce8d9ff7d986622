"""The Classrooms page: a lecturer makes one, a member joins by the code and submits a run, and both see what they may."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from engine import service
from engine.access import Actor, Role
from engine.classrooms.scorer import score_waiting
from engine.service import opened
from engine.settings import settings
from engine.store import Store
from tests.pages.opening import labels, open_page, press, words
from tests.test_classrooms import ROOT, knows, leaves, lecture, login, now, trained
from ui import lab

Look = Callable[[str], None]


@pytest.fixture(autouse=True)
def shared(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared mode with an admin and two members; nothing is scored unless a test does it."""
    from engine.service import sign_in

    for name, value in (("MODE", "shared"), ("MEMBERS", "ada,bob"), ("ADMINS", "root")):
        monkeypatch.setenv(f"TRAINYARD_{name}", value)
    monkeypatch.setenv("TRAINYARD_IDENTITY_HEADER", "X-Forwarded-Email")
    monkeypatch.setenv("TRAINYARD_TRUSTED_PROXIES", "127.0.0.1")
    settings.cache_clear()
    monkeypatch.setattr("engine.service.submissions.ensure_scorer", lambda _store: False)
    for name in ("ada", "bob", "root"):
        sign_in.enter(login(name))


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Look:
    """Change who looks."""

    def by(name: str) -> None:
        monkeypatch.setattr(lab, "actor", lambda: now(name))

    return by


def typed(at: AppTest, key: str, text: str) -> None:
    at.text_input(key=key).set_value(text)


def test_a_lecturer_makes_a_classroom_and_a_member_joins_submits_and_is_ranked(look: Look) -> None:
    look("root")
    reference = leaves()
    at = open_page("classrooms")
    assert "There is no classroom yet. Make one below" in words(at)
    typed(at, "new-title", "Botany <b>2026</b>")
    at.date_input(key="new-end").set_value(datetime.now(UTC).date() + timedelta(days=9))
    press(at, "Make a classroom")
    room = service.classrooms.list_all(ROOT)[0]

    at = open_page("classrooms", classroom=room.id)
    assert "There is no assignment yet" in words(at)
    at.selectbox(key="assignment-task").set_value("tabular-classification").run()
    typed(at, "assignment-title", "Leaves")
    data = at.selectbox(key="assignment-data-tabular-classification")
    assert data.value == f"my-table:{reference}"
    at.slider(key="assignment-share").set_value(25)
    press(at, "Add assignment")
    press(at, "Make a join code")
    assert "it is not shown again" in str([one.value for one in at.success])
    code = at.code[0].value
    assert code not in str(open_page("classrooms", classroom=room.id).code)

    look("ada")
    assert "There is no such page" not in words(open_page("classrooms", classroom=room.id))
    assert "does not exist" in words(open_page("classrooms", classroom=room.id))
    at = open_page("classrooms")
    assert "You have not joined a classroom" in words(at)
    assert "Make a classroom" not in labels(at)
    typed(at, "join-code", code)
    typed(at, "join-nickname", "The fern")
    press(at, "Join")
    one = service.classrooms.get(now("ada"), room.id).assignments[0]
    run = trained("ada", one.reference)
    at = open_page("classrooms", classroom=room.id)
    assert "Manage this classroom" not in words(at)
    press(at, "Submit")
    assert "waits to be scored" in words(at)
    score_waiting(opened.store(), knows(0.9))
    at = open_page("classrooms", classroom=room.id)
    board = at.dataframe[0].value
    assert board[["place", "member", "value", "submissions"]].values.tolist() == [[1, "The fern (you)", 0.9, 1]]
    assert f"Run {run.id} ·" in words(at)

    look("bob")
    service.classrooms.join(now("bob"), code)
    board = open_page("classrooms", classroom=room.id).dataframe[0].value
    assert board["member"].tolist() == ["The fern"]
    assert not {"account", "run"} & set(board.columns)

    look("root")
    at = open_page("classrooms", classroom=room.id)
    assert at.dataframe[0].value["account"].tolist() == ["ada"]
    assert "ada · The fern" in words(at)


def test_the_train_page_offers_the_models_of_the_assignment_alone(look: Look) -> None:
    room, code = lecture()
    one = service.classrooms.get(ROOT, room.id).assignments[0]
    look("ada")
    service.classrooms.join(now("ada"), code)
    at = open_page("train", assignment=one.id, task=one.task, dataset=one.dataset, table=one.reference, model="mlp")
    assert "For the assignment **Leaves** of **Botany**." in words(at)
    assert at.selectbox(key="form.model").options == ["Multilayer perceptron (MLP)"]
    assert len(open_page("train", dataset="iris").selectbox(key="form.model").options) > 1
    look("bob")
    assert "Botany" not in words(open_page("train", assignment=one.id))


def test_an_archived_classroom_has_no_forms(look: Look) -> None:
    room, code = lecture()
    service.classrooms.join(now("ada"), code)
    service.classrooms.archive(ROOT, room.id)
    for name, forms in (("ada", {"Save", "Leave the classroom"}), ("root", {"Delete for good"})):
        look(name)
        at = open_page("classrooms", classroom=room.id)
        assert "This classroom has ended" in words(at)
        assert {label for label in labels(at) if label not in ("Log out", "Log in")} == forms


def test_visitors_and_local_installations_have_no_classrooms(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "actor", lambda: Actor("root", Role.ADMIN))
    monkeypatch.setenv("TRAINYARD_MODE", "local")
    settings.cache_clear()
    assert "for people who log in" in words(open_page("classrooms"))
