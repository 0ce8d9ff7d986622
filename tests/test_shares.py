"""Share codes: the invited look at one private run and do nothing else; owner and invited end it, and so does time."""

import asyncio
import io
import json
import time
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from engine import service
from engine.access import Actor, Forbidden, Origin, Role, Visibility
from engine.accounts.logins import Login
from engine.api.routes import api_routes
from engine.cli.commands import main
from engine.errors import TrainyardError
from engine.naming import Naming
from engine.runs import Run, RunSpec
from engine.service import opened, sign_in
from engine.settings import settings
from engine.store import Store
from tests import seeding, study_seeding
from tests.pages.opening import open_page, press, words
from tests.pages.test_who_sees_what import everything
from tests.test_people import configure
from tests.test_service import TABLE, trees
from ui import lab

ROOT = Actor("root", Role.ADMIN)
HEADER = {"IDENTITY_HEADER": "X-Forwarded-Email", "TRUSTED_PROXIES": "127.0.0.1"}


@pytest.fixture(autouse=True)
def shared(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared mode, in a home of the test's own."""
    configure(monkeypatch, MODE="shared", MEMBERS="ada,bob", **HEADER)
    for name in ("ada", "bob", "eve"):
        sign_in.enter(login(name))


def login(name: str) -> Login:
    """The login of somebody."""
    return Login(name, "proxy x-forwarded-email", name)


def now(name: str) -> Actor:
    """Somebody, with what they may look at now."""
    return sign_in.actor_of(login(name))


@pytest.fixture
def run(store: Store) -> Run:
    """A private run of ada's."""
    made = seeding.completed(opened.store(), owner="ada", epochs=2)
    return service.runs.rename(now("ada"), made.id, Naming("adas secret run"))


def hidden(run: Run) -> None:
    """Check that the run is not there for bob in any way."""
    bob = now("bob")
    assert run.id not in {one.id for one in service.runs.list_all(bob)}
    with pytest.raises(TrainyardError, match="does not exist"):
        service.runs.get(bob, run.id)


def test_the_invited_look_at_one_run_by_all_ways_and_do_nothing_else(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    other = seeding.completed(opened.store(), owner="ada")
    hidden(run)
    _share, code = service.shares.create(now("ada"), run.id, 7)
    assert service.shares.redeem(now("bob"), f" {code} ").id == run.id
    bob = now("bob")
    assert {one.id for one in service.runs.list_all(bob)} == {run.id}
    assert service.artifacts.files(bob, run)
    assert [shared.id for shared, _until in service.shares.received(bob)] == [run.id]
    with pytest.raises(TrainyardError, match="does not exist"):
        service.runs.get(bob, other.id)
    refused: list[Any] = [
        lambda: service.predictions.predict(bob, lambda _id, _files: [], run, []),
        lambda: service.scripts.write(bob, run, lambda _run: "script"),  # type: ignore[arg-type, return-value]
        lambda: service.runs.repeat(bob, run.id),
        lambda: service.runs.fork(bob, run.id, 1, run.parsed()),
        lambda: service.runs.rename(bob, run.id, Naming("mine")),
        lambda: service.runs.show(bob, run.id, Visibility.PUBLISHED),
        lambda: service.runs.delete(bob, run.id),
        lambda: service.shares.create(bob, run.id, 7),
        lambda: service.shares.list_all(bob, run.id),
        lambda: service.shares.revoke(bob, _share.id),
        lambda: service.shares.refuse(bob, _share.id, "bob"),
    ]
    for call in refused:
        with pytest.raises(Forbidden):
            call()
    app = Starlette(routes=api_routes(lambda _request: bob, lambda: None))  # type: ignore[arg-type, return-value]
    assert (asked(app, "GET", f"/models/{run.id}"), asked(app, "GET", f"/models/{other.id}")) == (200, 404)
    assert asked(app, "POST", f"/models/{run.id}:predict") == 403

    monkeypatch.setattr(lab, "actor", lambda: now("bob"))
    assert "adas secret run" in everything(open_page("runs"))
    at = open_page("run", run=run.id)
    assert "ada lets you look at this run until" in words(at)
    assert not {"Stop", "Delete", "Share by code"} & {button.label for button in at.button}
    press(at, "Look no more")
    hidden(run)


def asked(app: Starlette, method: str, path: str) -> int:
    """The status that the API answers."""

    async def ask() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here/api/v1") as client:
            return (
                await client.request(method, path, json={"instances": [[0]]} if method == "POST" else None)
            ).status_code

    return asyncio.run(ask())


def test_owner_time_and_the_invited_end_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    share, code = service.shares.create(now("ada"), run.id, 7)
    service.shares.redeem(now("bob"), code)
    ((name, _since),) = service.shares.list_all(now("ada"), run.id)[0].users
    assert name == "bob"
    service.shares.leave(now("bob"), run.id)
    hidden(run)
    service.shares.redeem(now("bob"), code)
    service.shares.refuse(now("ada"), share.id, "bob")
    hidden(run)
    with pytest.raises(TrainyardError, match="not valid"):
        service.shares.redeem(now("bob"), code)
    second, code = service.shares.create(now("ada"), run.id, 7)
    service.shares.redeem(now("bob"), code)
    service.shares.revoke(now("ada"), second.id)
    hidden(run)
    _third, code = service.shares.create(now("ada"), run.id, 7)
    service.shares.redeem(now("bob"), code)
    monkeypatch.setattr(time, "time", lambda real=time.time: real() + 7 * 86_400 + 1)
    hidden(run)
    with pytest.raises(TrainyardError, match="not valid"):
        service.shares.redeem(now("bob"), code)


def test_codes_have_limits_and_are_for_members_and_runs_whose_examples_may_be_seen(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = now("ada")
    with pytest.raises(TrainyardError, match="up to 90 days"):
        service.shares.create(ada, run.id, 91)
    _share, code = service.shares.create(ada, run.id, 7)
    with pytest.raises(Forbidden):
        service.shares.redeem(now("eve"), code)
    configure(monkeypatch, MAX_SHARES="1")
    with pytest.raises(TrainyardError, match="1 share codes already"):
        service.shares.create(ada, run.id, 7)
    configure(monkeypatch, MAX_SHARES="20")
    study = study_seeding.study(opened.store(), trials=1, owner="ada")
    trial = next(one for one in service.runs.list_all(ada) if one.study_id == study.id)
    with pytest.raises(TrainyardError, match="is a trial"):
        service.shares.create(ada, trial.id, 7)
    own = service.datasets.import_own(ada, io.BytesIO(TABLE), "t.csv", trees("trees")).made.reference
    spec = RunSpec.build({"dataset": "my-table", "table": own, "task": "tabular-classification"})
    private = opened.store().runs.create(spec, "ada")
    with pytest.raises(TrainyardError, match="Confirm that examples may be seen"):
        service.shares.create(ada, private.id, 7)
    service.shares.create(ada, private.id, 7, examples=True)
    assert settings().mode == "shared"


def test_an_owner_makes_a_code_on_the_page_of_the_run_and_another_enters_it_on_the_account_page(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "actor", lambda: now("ada"))
    at = press(open_page("run", run=run.id), "Make a code")
    code = next(block.value for block in at.code if len(block.value) == 32)
    monkeypatch.setattr(lab, "actor", lambda: now("bob"))
    monkeypatch.setattr("ui.people.login", lambda: login("bob"))
    monkeypatch.setattr("engine.service.callers.origin_of", lambda *_given: Origin())
    at = open_page("account")
    at.text_input(key="share-code-text").set_value(code)
    press(at, "Look at the run")
    assert run.id in now("bob").invited
    assert f"Run {run.id} of ada" in everything(open_page("account"))


def test_the_command_line_makes_lists_and_ends_codes(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*arguments: str) -> Any:
        assert main(["share", *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    (made,) = printed("create", str(run.id), "--days", "2")
    service.shares.redeem(now("bob"), made["share_code"])
    (listed,) = printed("list", str(run.id))
    assert (listed["run"], listed["used_by"]) == (run.id, "bob")
    assert made["share_code"] not in json.dumps(listed)
    printed("remove", str(listed["code"]), "bob")
    hidden(run)
    printed("revoke", str(listed["code"]))
    assert printed("list", str(run.id)) == []
    assert main(["share", "create", str(run.id), "--days", "1000"]) == 1
    assert "TRAINYARD_MAX_SHARE_DAYS" in capsys.readouterr().err
    assert main(["share", "remove", "7"]) == 1
    assert "Name the account" in capsys.readouterr().err
