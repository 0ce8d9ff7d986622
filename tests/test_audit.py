"""The audit log: each function that changes something writes one entry, in shared mode alone; and it is bounded and exported."""

import csv
import io
import json
from typing import Any

import pytest

from engine import service
from engine.access import Action, Actor, Forbidden, Role, Scope, Visibility
from engine.accounts.logins import login_of_claims
from engine.audit.entries import Entry, Wanted
from engine.audit.export import as_csv
from engine.cli.commands import main
from engine.errors import TrainyardError
from engine.naming import Naming
from engine.service import opened, sign_in
from engine.service.audited import audited
from engine.settings import settings
from tests import seeding
from tests.test_people import OIDC, claims, configure
from tests.test_service import CALLS, FUNCTIONS

ROOT, BOB, EVE = Actor("root", Role.ADMIN), Actor("bob", Role.MEMBER), Actor("eve", Role.VISITOR)

NOT_IN_THE_LOG = {
    "budgets.allowances": "tells something",
    "budgets.list_all": "tells something",
    "classrooms.members": "tells something",
    "costs.estimate": "tells something",
    "datasets.understand": "keeps nothing",
    "datasets.name_for": "keeps nothing",
    "demos.wrong": "tells something",
    "labellings.name_classes": "a part of labelling, of which the dataset is in the log",
    "labellings.propose": "a part of labelling, of which the dataset is in the log",
    "labellings.save": "a part of labelling, of which the dataset is in the log",
    "galleries.list_all": "tells something",
    "galleries.place": "tells something",
    "executors.start": "follows from what was queued",
    "predictions.describe": "tells something",
    "predictions.preview": "tells something",
    "predictions.recorded": "opens a recording, and keeps nothing",
    "preferences.set_first_page": "concerns nobody else",
    "shares.list_all": "tells something",
    "preferences.forget": "a part of `people.delete`",
}
"""Functions that ask for the right to create or change something and do not do it, and why."""
MORE = {"runs.fork", "runs.repeat", "runs.reseed", "studies.promote"}
"""Functions that make something for whoever may use something."""


@pytest.fixture
def shared(home: object, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Shared mode, in a home of the test's own."""
    configure(monkeypatch, MODE="shared", **OIDC)
    return monkeypatch


def log(**wanted: Any) -> list[tuple[str, ...]]:
    """What the log says, the oldest first."""
    found = service.audit.entries(ROOT, Wanted(**wanted))
    return [(e.who, e.way, e.action, e.thing, e.about, e.detail) for e in reversed(found)]


def test_each_function_that_changes_something_is_in_the_log() -> None:
    changing = {name for name, (action, _call) in CALLS.items() if action not in (Action.LOOK, Action.USE)} | MORE
    marked = {name for name, function in FUNCTIONS.items() if hasattr(function, "audited")}
    assert marked == changing - NOT_IN_THE_LOG.keys()


def test_an_entry_says_who_did_what_and_by_which_way_once(shared: pytest.MonkeyPatch) -> None:
    run = seeding.completed(opened.store(), owner="bob")
    service.runs.rename(BOB, run.id, Naming("Deep one"))
    service.runs.show(Actor("bob", Role.MEMBER, Scope()), run.id, Visibility.SHARED)
    service.runs.repeat(BOB, run.id)
    with pytest.raises(TrainyardError):
        service.runs.delete(EVE, run.id)
    assert main(["visibility", str(run.id), "private"]) == 0
    owner = log()[-1][0]
    assert log() == [
        ("bob", "page", "runs.rename", f"run {run.id}", "", ""),
        ("bob", "token", "runs.show", f"run {run.id}", "", "shared"),
        ("bob", "page", "runs.repeat", f"run {run.id + 1}", "", f"like run {run.id}"),
        (owner, "command", "runs.show", f"run {run.id}", "", "private"),
    ]
    assert [entry[2] for entry in log(who="bob", action="runs.s")] == ["runs.show"]


def test_logins_roles_and_tokens_are_in_the_log(shared: pytest.MonkeyPatch) -> None:
    login = login_of_claims(claims())
    for _page in range(2):
        sign_in.enter(login)
    service.accounts.set_role(ROOT, "ada@example.org", Role.MEMBER)
    ada = sign_in.actor_of(login)
    token = service.tokens.create(ada, "notebook", [], [])[0]
    service.tokens.revoke(ada, token.id)
    sign_in.leave(login)
    assert [(who, action, about, detail) for who, _way, action, _thing, about, detail in log()] == [
        ("ada@example.org", "sign_in.enter", "", "first login"),
        ("ada@example.org", "sign_in.enter", "", "session"),
        ("root", "accounts.set_role", "ada@example.org", "member"),
        ("ada@example.org", "tokens.create", "", "notebook"),
        ("ada@example.org", "tokens.revoke", "", ""),
        ("ada@example.org", "sign_in.leave", "", ""),
    ]
    assert len(log(who="ada@example.org")) == 6, "what was done to somebody is found by their name"


def test_only_admins_read_it_and_local_mode_has_none(home: object) -> None:
    run = seeding.completed(opened.store())
    service.runs.rename(ROOT, run.id, Naming("Deep one"))
    assert log() == []
    for actor in (BOB, EVE):
        with pytest.raises(Forbidden):
            service.audit.entries(actor, Wanted())


def test_it_keeps_no_more_than_the_settings_allow(shared: pytest.MonkeyPatch) -> None:
    configure(shared, MAX_AUDIT_ENTRIES="100")
    audit = opened.store().audit
    for number in range(250):
        audit.add("bob", "member", "page", "runs.stop", thing=f"run {number}" * 100)
    assert audit.count(Wanted()) == 100
    configure(shared, AUDIT_DAYS="0.000000001")
    for _number in range(50):
        audit.add("bob", "member", "page", "runs.stop")
    assert audit.count(Wanted()) == 0


def test_it_is_exported_as_csv_that_no_spreadsheet_computes_and_as_json_lines(
    shared: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened.store().audit.add("bob", "member", "page", "tokens.create", detail='=HYPERLINK("http://x")')
    opened.store().audit.add("carol", "member", "page", "runs.stop", thing="run 3")
    (first, second) = csv.DictReader(io.StringIO(as_csv(reversed(service.audit.entries(ROOT, Wanted())))))
    assert (first["detail"], second["thing"]) == ('\'=HYPERLINK("http://x")', "run 3")
    assert main(["audit", "--format", "jsonl", "--who", "bob"]) == 0
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["who"], line["action"]) == ("bob", "tokens.create")
    assert main(["audit", "--since", "tomorrow"]) == 1
    assert "is not a date" in capsys.readouterr().err


def test_a_pseudonym_takes_the_place_of_a_name(shared: pytest.MonkeyPatch) -> None:
    audit = opened.store().audit
    audit.add("bob", "member", "page", "datasets.import_own", thing="dataset trees-12345678")
    audit.add("root", "admin", "page", "accounts.set_role", about="bob", detail="member")
    audit.rename("bob", "deleted-1", "12345678")
    kept = service.audit.entries(ROOT, Wanted(who="deleted-1"))
    assert [(entry.who, entry.thing, entry.about) for entry in kept] == [
        ("root", "", "deleted-1"),
        ("deleted-1", "dataset", ""),
    ]


def test_what_is_marked_returns_what_it_returned_and_is_not_written_when_it_fails(shared: pytest.MonkeyPatch) -> None:
    @audited("number {number}", detail="{made}")
    def double(actor: Actor, number: int) -> int:
        return number * 2 if number else int("x")

    assert double(ROOT, 4) == 8
    with pytest.raises(ValueError, match="invalid literal"):
        double(ROOT, 0)
    (entry,) = service.audit.entries(ROOT, Wanted())
    assert isinstance(entry, Entry)
    assert (entry.thing, entry.detail) == ("number 4", "8")
    assert settings().mode == "shared"
