"""The Admin page: who has it, what it shows and does; the notice on every page; the System page is for admins."""

import pytest
from streamlit.testing.v1 import AppTest

from engine import service
from engine.access import Actor, Role
from engine.audit.entries import Wanted
from engine.settings import settings
from engine.store import Store
from tests import seeding
from tests.pages.opening import open_page, press, words
from ui import lab
from ui.navigation import shown

ROOT, BOB, EVE = Actor("root", Role.ADMIN), Actor("bob", Role.MEMBER), Actor("visitor", Role.VISITOR)
PARTS = ("People", "Queue", "Notice", "Audit log", "Storage")


@pytest.fixture
def shared(store: Store, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Shared mode, looked at by an admin."""
    monkeypatch.setenv("TRAINYARD_MODE", "shared")
    settings.cache_clear()
    monkeypatch.setattr(lab, "actor", lambda: ROOT)
    return monkeypatch


def part(title: str) -> AppTest:
    """The page with one of its parts open."""
    at = open_page("admin")
    at.session_state["admin-tabs"] = title
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def test_only_admins_of_a_shared_installation_have_it_and_the_system_page(shared: pytest.MonkeyPatch) -> None:
    for actor, there in ((ROOT, True), (BOB, False), (EVE, False)):
        shared.setattr(lab, "actor", lambda actor=actor: actor)
        assert (shown("admin"), shown("system")) == (there, there)
    shared.setattr(lab, "actor", lambda: ROOT)
    shared.setenv("TRAINYARD_MODE", "local")
    settings.cache_clear()
    assert shown("system")
    assert "Only admins of a shared installation" in words(open_page("admin"))


def test_an_admin_changes_a_role_signs_out_and_deletes_a_person_by_typing_the_name(
    shared: pytest.MonkeyPatch, store: Store
) -> None:
    store.accounts.add("bob")
    seeding.completed(store, owner="bob")
    at = open_page("admin")
    assert "bob" in at.dataframe[0].value.to_string()
    at.selectbox(key="admin-person").select("bob").run()
    at.selectbox(key="admin-role-bob").select(Role.MEMBER)
    press(at, "Save role")
    (person,) = service.people.list_all(ROOT)
    assert person.role is Role.MEMBER
    press(at, "Sign out everywhere")
    at.text_input[0].set_value("bo")
    press(at, "Delete with all that is theirs")
    assert "Type the name 'bob'" in words(at)
    at.text_input[0].set_value("bob")
    press(at, "Delete with all that is theirs")
    assert service.people.list_all(ROOT) == []
    assert service.runs.list_all(ROOT) == []
    assert [entry.action for entry in service.audit.entries(ROOT, Wanted())] == [
        "people.delete", "accounts.sign_out", "accounts.set_role",
    ]  # fmt: skip


def test_a_notice_stands_on_each_page_as_it_was_written(shared: pytest.MonkeyPatch) -> None:
    at = part("Notice")
    at.text_area(key="notice-text").set_value("Back at **noon** <b>")
    press(at, "Show on every page")
    shared.setattr(lab, "actor", lambda: EVE)
    assert r"Back at \*\*noon\*\* \<b\>" in words(open_page("demo"))
    shared.setattr(lab, "actor", lambda: ROOT)
    press(part("Notice"), "Take it down")
    assert service.notices.get(EVE) is None


def test_the_log_is_filtered_the_machine_drained_and_the_disk_added_up(
    shared: pytest.MonkeyPatch, store: Store
) -> None:
    store.accounts.add("bob")
    run = seeding.queued(store, owner="bob")
    service.runs.stop(BOB, run.id)
    at = part("Queue")
    press(at, "Drain")
    assert service.executors.draining(ROOT)
    assert "This machine is draining" in words(at)
    at = part("Audit log")
    assert list(at.dataframe[0].value["Action"]) == ["executors.drain", "runs.stop"]
    at.selectbox(key="audit-who").select("bob").run()
    assert list(at.dataframe[0].value["Object"]) == [f"run {run.id}"]
    assert "bob" in part("Storage").dataframe[0].value.to_string()


def test_an_admin_sets_a_budget_and_says_which_run_goes_first_and_which_makes_way(
    shared: pytest.MonkeyPatch, store: Store
) -> None:
    store.accounts.add("bob")
    running = seeding.running(store, owner="bob")
    first, second = seeding.queued(store, owner="bob"), seeding.queued(store, owner="bob")
    at = part("Budgets")
    assert "bob" in at.dataframe[0].value.to_string()
    at.selectbox(key="budget-owner").select("bob").run()
    at.number_input(key="budget-bob-device_minutes").set_value(30)
    press(at, "Save budget")
    usage = service.budgets.usage(ROOT, "bob")
    assert (usage.budget.device_minutes, usage.set) == (30, frozenset({"device_minutes"}))
    at = part("Queue")
    assert list(at.dataframe[0].value["Run"]) == [first.id, second.id]
    at.selectbox(key="queue-run").select(second.id)
    press(at, "Change the order")
    assert [turn.run_id for turn in service.budgets.queue(ROOT)] == [second.id, first.id]
    press(at, "Let it make way")
    assert "makes way" in at.success[0].value
    did = [(entry.action, entry.thing) for entry in service.audit.entries(ROOT, Wanted())]
    assert did[:2] == [("budgets.preempt", f"run {running.id}"), ("budgets.prioritise", f"run {second.id}")]
