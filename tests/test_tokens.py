"""Tokens for programs, over HTTP: whose they are, what they are for, when they end."""

import asyncio
import json
import time
from collections.abc import Callable
from types import SimpleNamespace

import httpx
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from engine import service
from engine.access import Action, Actor, Role
from engine.accounts.tokens import run_numbers
from engine.api.asking import actor_of
from engine.api.routes import api_routes
from engine.cli.commands import main
from engine.errors import TrainyardError
from engine.service import opened
from engine.settings import settings
from engine.store.schema import tokens
from tests import seeding

pytestmark = pytest.mark.both_databases

ADA = Actor("ada", Role.MEMBER)


@pytest.fixture
def ask(home: object, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Ask the API of a shared dashboard with a token; ada owns runs 1 and 2."""
    monkeypatch.setenv("TRAINYARD_MODE", "shared")
    monkeypatch.setenv("TRAINYARD_MEMBERS", "ada")
    settings.cache_clear()
    store = opened.store()
    store.accounts.add("ada", "https://id", "1")
    for _ in range(2):
        seeding.completed(store, epochs=1)
    with store.writing() as db:
        from engine.store.schema import runs

        db.execute(update(runs).values(owner="ada"))
    predictor = SimpleNamespace(predict_instances=lambda run_id, body, raw: b'{"predictions": []}')
    app = Starlette(routes=api_routes(actor_of, lambda: predictor))  # type: ignore[arg-type,return-value]

    async def send(path: str, headers: dict[str, str], body: bytes | None, method: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lab") as client:
            return await client.request(method, f"/api/v1{path}", headers=headers, content=body)

    def asked(
        path: str, text: str = "", kind: str = "Bearer", body: bytes | None = None, method: str = ""
    ) -> tuple[int, str]:
        headers = {"Authorization": f"{kind} {text}"} if text else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        found = asyncio.run(send(path, headers, body, method or ("GET" if body is None else "POST")))
        return found.status_code, found.text

    return asked


def test_a_token_does_what_its_person_may_do_and_without_one_there_is_nothing(
    ask: Callable[..., tuple[int, str]],
) -> None:
    token, text = service.tokens.create(ADA, "notebook", [], [])
    assert ask("/models/1")[0] == 404
    assert ask("/models/1", text)[0] == 200
    (listed,) = service.tokens.list_all(ADA)
    assert (listed.id, listed.name) == (token.id, "notebook")
    assert listed.used_at is not None
    assert 89 < (listed.expires_at - time.time()) / 86_400 <= 90


def test_only_a_digest_is_kept(ask: Callable[..., tuple[int, str]]) -> None:
    _, text = service.tokens.create(ADA, "notebook", [], [])
    with opened.store().reading() as db:
        row = db.execute(select(tokens)).one()
    assert text not in str(row)
    assert text[3:] not in str(row)


@pytest.mark.parametrize("way", ["revoked", "expired", "wrong", "unlinked", "other scheme"])
def test_a_token_that_does_not_count_is_401(way: str, ask: Callable[..., tuple[int, str]]) -> None:
    token, text = service.tokens.create(ADA, "notebook", [], [])
    if way == "revoked":
        service.tokens.revoke(ADA, token.id)
    elif way in ("expired", "unlinked"):
        with opened.store().writing() as db:
            values = {"expires_at": time.time() - 1} if way == "expired" else {"digest": "0" * 64}
            db.execute(update(tokens).values(**values))
    status, body = ask("/models", text[:-1] if way == "wrong" else text, "Basic" if way == "other scheme" else "Bearer")
    assert (status, "token" in body.lower()) == (401, True)


def test_a_token_for_one_run_sees_no_other(ask: Callable[..., tuple[int, str]]) -> None:
    _, text = service.tokens.create(ADA, "one", [], [1])
    assert ask("/models/1", text)[0] == 200
    assert ask("/models/2", text)[0] == 404
    assert '"2"' not in ask("/models", text)[1]
    assert ask("/runs/2/report", text)[0] in (403, 404)


def test_a_token_for_one_action_does_no_other(ask: Callable[..., tuple[int, str]]) -> None:
    _, text = service.tokens.create(ADA, "predict", [Action.USE], [])
    assert ask("/models/1", text)[0] in (403, 404)


def test_a_token_for_a_demo_predicts_with_it_and_with_nothing_else(ask: Callable[..., tuple[int, str]]) -> None:
    for name in ("digits", "letters"):
        service.demos.publish(ADA, 1, name)
    _, text = service.tokens.create(ADA, "site", [Action.USE], [], ["digits"])
    assert ask("/models/digits:predict", text, body=b"{}")[0] == 200
    for other in ("letters", "1", "digits/versions/7"):
        assert ask(f"/models/{other}:predict", text, body=b"{}")[0] == 404
    assert ask("/models/digits", text)[0] == 404, "it predicts, and reads nothing"
    assert ask("/models", text)[1] == '{"models":[]}'
    assert '"demos":[]' in ask("/demos", text)[1]
    (listed,) = service.tokens.list_all(ADA)
    assert (listed.actions, listed.demos, listed.runs) == (("use",), ("digits",), ())


def test_a_token_that_reads_a_demo_neither_predicts_nor_changes_it(ask: Callable[..., tuple[int, str]]) -> None:
    service.demos.publish(ADA, 1, "digits")
    _, text = service.tokens.create(ADA, "reader", [Action.LOOK], [], ["digits"])
    assert ask("/models/digits", text)[0] == 200
    assert '"digits"' in ask("/demos", text)[1]
    assert ask("/models/digits:predict", text, body=b"{}")[0] == 403
    assert ask("/demos/digits", text, body=b'{"open": false}', method="PATCH")[0] == 403
    assert ask("/models/1", text)[0] == 404


@pytest.mark.parametrize(("action", "statuses"), [(Action.CHANGE, (200, 403)), (Action.DELETE, (403, 204))])
def test_a_token_that_manages_does_what_it_says(
    action: Action, statuses: tuple[int, int], ask: Callable[..., tuple[int, str]]
) -> None:
    service.demos.publish(ADA, 1, "digits")
    _, text = service.tokens.create(ADA, "script", [action, Action.LOOK], [], ["digits"])
    changed = ask("/demos/digits", text, body=b'{"open": false}', method="PATCH")[0]
    assert (changed, ask("/demos/digits", text, method="DELETE")[0]) == statuses


def test_a_token_that_only_predicts_does_so_with_a_run(ask: Callable[..., tuple[int, str]]) -> None:
    _, text = service.tokens.create(ADA, "predict", [Action.USE], [1])
    assert ask("/models/1:predict", text, body=b"{}")[0] == 200
    assert ask("/models/2:predict", text, body=b"{}")[0] == 404


def test_a_demo_that_is_not_there_has_no_token_and_no_account_has_its_tokens_shown_to_others(
    ask: Callable[..., tuple[int, str]],
) -> None:
    with pytest.raises(TrainyardError, match="nowhere"):
        service.tokens.create(ADA, "site", [], [], ["nowhere"])
    service.tokens.create(ADA, "site", [], [])
    assert [token.name for token in service.tokens.list_all(Actor("root", Role.ADMIN), "ada")] == ["site"]
    with pytest.raises(TrainyardError, match="may not"):
        service.tokens.list_all(Actor("bob", Role.MEMBER), "ada")


def test_a_role_that_is_taken_away_is_taken_from_the_token_too(
    ask: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text = service.tokens.create(ADA, "notebook", [], [])
    monkeypatch.setenv("TRAINYARD_MEMBERS", "")
    settings.cache_clear()
    assert ask("/models/1", text)[0] == 404


def test_a_token_has_a_rate_of_its_own(ask: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_TOKEN_REQUESTS_PER_MINUTE", "2")
    settings.cache_clear()
    (_, first), (_, second) = (service.tokens.create(ADA, name, [], []) for name in ("a", "b"))
    assert [ask("/models/1", first)[0] for _ in range(3)] == [200, 200, 429]
    assert ask("/models/1", second)[0] == 200


def test_nobody_revokes_the_token_of_somebody_else_and_visitors_have_none(ask: Callable[..., tuple[int, str]]) -> None:
    token, text = service.tokens.create(ADA, "notebook", [], [])
    with pytest.raises(TrainyardError, match="may not"):
        service.tokens.revoke(Actor("bob", Role.MEMBER), token.id)
    with pytest.raises(TrainyardError, match="may not"):
        service.tokens.create(Actor("ada", Role.VISITOR), "notebook", [], [])
    assert ask("/models/1", text)[0] == 200


def test_the_description_of_a_shared_dashboard_has_the_token(ask: Callable[..., tuple[int, str]]) -> None:
    from engine.api.openapi import document

    document.cache_clear()
    assert "securitySchemes" in ask("/openapi.json")[1]
    document.cache_clear()


def test_a_run_that_is_no_number_is_refused_since_a_token_without_runs_is_for_all() -> None:
    assert run_numbers(" 3, 12 ") == [3, 12]
    with pytest.raises(TrainyardError, match="'x' is not the number"):
        run_numbers("3, x")


def test_whoever_runs_the_server_sees_what_tokens_are_for_and_ends_one(
    ask: Callable[..., tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    service.demos.publish(ADA, 1, "digits")
    token, text = service.tokens.create(ADA, "site", [Action.USE], [2], ["digits"])
    assert main(["account", "tokens", "ada", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["actions"], row["demos"], row["runs"]) == (["use"], ["digits"], [2])
    assert text not in str(row)
    assert main(["account", "revoke-token", str(token.id)]) == 0
    assert ask("/models/digits:predict", text, body=b"{}")[0] == 401
    assert main(["account", "tokens", "nobody"]) == 1
    assert main(["account", "revoke-token", "ada"]) == 1
