"""Deleting a person: nothing of theirs is left, nothing of others is lost, and the audit log keeps a pseudonym."""

import asyncio
import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from sqlalchemy import MetaData, create_engine, select
from starlette.applications import Starlette

from engine import service
from engine.access import Actor, Role, Visibility
from engine.accounts.logins import login_of_claims
from engine.accounts.sessions import VISITOR
from engine.api.routes import api_routes
from engine.artifacts import artifacts_of
from engine.audit.entries import Wanted
from engine.cli.commands import main
from engine.errors import TrainyardError
from engine.naming import Naming
from engine.runs import RunState
from engine.service import opened, sign_in
from engine.settings import settings
from tests import seeding, study_seeding
from tests.test_people import OIDC, claims, configure
from tests.test_service import TABLE, trees

NAME = 'zoë "z" o\'hara@example.org'
ROOT, BOB, ZOE = Actor("root", Role.ADMIN), Actor("bob", Role.MEMBER), Actor(NAME, Role.MEMBER)


@pytest.fixture(autouse=True)
def shared(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared mode, in a home of the test's own."""
    configure(monkeypatch, MODE="shared", MEMBERS="*", STOP_GRACE_SECONDS="1", **OIDC)


def rows() -> Iterator[tuple[str, str]]:
    """Each value of the database as text, with its table; Optuna's tables too."""
    engine = create_engine(settings().url)
    known = MetaData()
    known.reflect(engine)
    with engine.connect() as db:
        for table in known.sorted_tables:
            for row in db.execute(select(table)):
                yield from ((table.name, str(value)) for value in row)
    engine.dispose()


def left(home: Path, *texts: str) -> list[str]:
    """Where any of these texts is still written: tables of the database, and files beside it by name or content."""
    forms = {
        form for text in texts for form in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    }
    found = [table for table, value in rows() if any(form in value for form in forms)]
    for path in home.rglob("*"):
        if ".db" not in path.name:
            content = path.read_bytes() if path.is_file() else b""
            found += [str(path) for form in forms if form in str(path) or form.encode() in content]
    return found


def test_nothing_of_a_deleted_person_is_left_and_nothing_of_others_is_lost(home: Path) -> None:
    store = opened.store()
    login = login_of_claims(claims(email=NAME, email_verified=True))
    assert sign_in.enter(login) == ZOE
    token = service.tokens.create(ZOE, "notebook", [], [])[1]
    service.preferences.set_first_page(ZOE, "runs")
    own = service.datasets.import_own(ZOE, io.BytesIO(TABLE), "trees.csv", trees("secret-garden")).made.reference
    ended = seeding.completed(store, owner=NAME)
    service.runs.rename(ZOE, ended.id, Naming("Zoe's best", "a note of zoe", ("zoe",)))
    service.runs.show(ZOE, ended.id, Visibility.PUBLISHED)
    kept = artifacts_of(ended.id).epochs / "1.npz"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"weights")
    waiting, running = seeding.queued(store, owner=NAME), seeding.running(store, owner=NAME)
    study = study_seeding.study(store, trials=1, name="zoe's study", owner=NAME)
    study_seeding.begun(store, study, 1, study_seeding.draw(study.spec, np.random.default_rng(1)), [0.5])
    theirs = service.runs.fork(BOB, ended.id, 1, ended.parsed())
    store.runs.request_end(theirs.id, RunState.PAUSED, NAME)  # an admin who was called so
    service.accounts.set_role(ROOT, NAME, Role.MEMBER)
    store.budgets.set(NAME, queued=3)
    room, code = service.classrooms.make_code(ROOT, service.classrooms.create(ROOT, "Botany", time.time() + 9_000).id)
    service.classrooms.join(ZOE, code, "Zoe's fern")
    service.labellings.begin(ZOE, "images", "Zoe's leaves", ["zoe's fern", "moss"])
    assert left(home, NAME)

    with pytest.raises(TrainyardError, match="Type the name"):
        service.people.delete(ROOT, NAME, "zoe")
    worker = threading.Thread(target=obey)
    worker.start()
    pseudonym = service.people.delete(ROOT, NAME, NAME)
    worker.join()

    assert left(home, NAME, "secret-garden", "zoe's", "Zoe's", own.rpartition("-")[2]) == []
    gone = {ended.id, waiting.id, running.id}
    assert not gone & {run.id for run in service.runs.list_all(ROOT)}
    assert not [path for run_id in gone for path in (artifacts_of(run_id).folder,) if path.exists()]
    assert service.studies.list_all(ROOT) == []
    assert service.classrooms.members(ROOT, room.id) == []
    assert sign_in.actor_of(login) == VISITOR
    with pytest.raises(TrainyardError, match="not valid"):
        sign_in.actor_of_token(token)
    assert asked(f"/models/{ended.id}") == asked("/models/9999").replace("9999", str(ended.id))

    fork = service.runs.get(BOB, theirs.id)
    assert (fork.owner, artifacts_of(fork.id).start.read_bytes()) == ("bob", b"weights")
    assert f"Pause requested by {pseudonym}." in [str(e.text) for e in service.runs.events(BOB, fork)] or (
        fork.message == f"Paused by {pseudonym} in the queue. Resume puts it back in its place."
    )
    did = {(entry.who, entry.action) for entry in service.audit.entries(ROOT, Wanted(who=pseudonym))}
    assert did >= {(pseudonym, "tokens.create"), (pseudonym, "datasets.import_own"), ("root", "people.delete")}


def obey() -> None:
    """End the runs of the person as their workers would, once they are asked to."""
    store = opened.store()
    until = time.monotonic() + 20
    while time.monotonic() < until and (
        running := [run for run, _worker in store.attempts.workers() if run.owner == NAME]
    ):
        for run in running:
            if store.attempts.report(run) == RunState.CANCELED:
                store.attempts.end(run, RunState.CANCELED)
        time.sleep(0.05)


def asked(path: str) -> str:
    """What the API answers an admin."""
    app = Starlette(routes=api_routes(lambda _request: ROOT, lambda: None))  # type: ignore[arg-type, return-value]

    async def ask() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here/api/v1") as client:
            return (await client.get(path)).text

    return asyncio.run(ask())


def test_a_run_that_does_not_end_keeps_its_person_who_can_begin_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.service.leaving._MORE_SECONDS", 0.0)
    monkeypatch.setattr("engine.service.leaving.settle", lambda _store: False)
    store = opened.store()
    store.accounts.add("zoe")
    running = seeding.running(store, owner="zoe")
    with pytest.raises(TrainyardError, match=f"Run {running.id} of 'zoe' was asked to end"):
        service.people.delete(ROOT, "zoe", "zoe")
    (person,) = service.people.list_all(ROOT)
    assert (person.role, person.held.live) == (Role.VISITOR, 1)


def test_people_are_listed_with_what_they_hold_and_deleted_by_a_command(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = opened.store()
    for name in ("ada", "bob"):
        store.accounts.add(name)
    run = seeding.completed(store, owner="bob")
    (artifacts_of(run.id).folder / "large").write_bytes(b"x" * 100_000)
    service.datasets.import_own(BOB, io.BytesIO(TABLE), "trees.csv", trees("trees"))
    ada, bob = service.people.list_all(ROOT)
    assert (ada.held.runs, bob.held.runs, bob.datasets, bob.held.live) == (0, 1, 1, 0)
    runs, data = service.people.storage(ROOT)["bob"]
    assert runs >= 100_000
    assert data > 0
    assert main(["account", "delete", "bob"]) == 1
    assert "Type the name" in capsys.readouterr().err
    assert main(["account", "delete", "bob", "--confirm", "bob"]) == 0
    assert [person.name for person in service.people.list_all(ROOT)] == ["ada"]


def test_a_notice_is_there_for_everybody_until_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    eve = Actor("visitor", Role.VISITOR)
    assert service.notices.get(eve) is None
    service.notices.put(ROOT, " Back at *noon*. ", time.time() + 60)
    notice = service.notices.get(eve)
    assert notice is not None
    assert notice.text == "Back at *noon*."
    monkeypatch.setattr(time, "time", lambda real=time.time: real() + 61)
    assert service.notices.get(eve) is None
    service.notices.put(ROOT, "For ever.")
    service.notices.take_down(ROOT)
    assert service.notices.get(eve) is None
    for text, until, words in (("", None, "1 to 500"), ("x" * 501, None, "501"), ("x", 5.0, "in the future")):
        with pytest.raises(TrainyardError, match=words):
            service.notices.put(ROOT, text, until)
