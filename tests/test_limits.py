"""Limits of requests: who is counted as whom, what is refused, and what the counts survive."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from engine import service
from engine.access import Actor, Origin, Role, local_owner
from engine.api.asking import actor_of
from engine.api.routes import api_routes
from engine.limits import origins
from engine.limits.allowances import Allowance, strictest
from engine.limits.origins import COOKIE
from engine.limits.rates import PREDICTIONS, Exceeded, Rate, allowances, spend
from engine.sentences import Sentence
from engine.service import opened
from engine.service.spending import spend_openings, spend_predictions
from engine.settings import settings
from engine.store import Store, open_store
from engine.store.schema import rates
from engine.web import web_middleware

VISITOR, BOB = Role.VISITOR, "bob"


def rate(key: str, most: int, seconds: float = 60.0) -> Rate:
    """Return a rate with a name of its own."""
    return Rate(key, Sentence("Things"), PREDICTIONS, most, seconds)


def visitor(cookie: str, address: str = "lab") -> Actor:
    """Return a visitor with a cookie, behind an address."""
    return Actor("visitor", VISITOR, origin=Origin(cookie, address))


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set limits of predictions in a minute, by name."""

    def set_limits(**most: int) -> None:
        for name, value in most.items():
            monkeypatch.setenv(f"TRAINYARD_{name.upper()}_PREDICTIONS_PER_MINUTE", str(value))
        settings.cache_clear()

    return set_limits


def test_of_each_unit_the_allowance_with_the_least_left_counts_and_of_equals_the_one_that_resets_last() -> None:
    predictions, minutes = Sentence("predictions"), Sentence("minutes")
    rows = [
        Allowance(Sentence("visitor"), 10, 0, 20, predictions, 60.0),
        Allowance(Sentence("all"), 595, 0, 5, predictions, 60.0),
        Allowance(Sentence("a day"), 60, 0, 0, minutes, 100.0),
        Allowance(Sentence("at once"), 1, 1, 0, minutes, None),
    ]
    assert strictest(rows) == {1, 3}
    assert rows[0].total == 30


def test_a_refusal_takes_nothing_and_says_when_to_come_again(store: Store) -> None:
    small, large = rate("small", 3), rate("large", 100)
    for _ in range(3):
        spend(store, [small, large])
    with pytest.raises(
        Exceeded, match=r"Things: the limit of 3 predictions is used up. Try again in \d+ seconds\."
    ) as e:
        spend(store, [small, large])
    assert 15 <= e.value.wait_seconds <= 20
    left = {one.total: one.left for one in allowances(store, [small, large])}
    assert left == {3: 0, 100: 97}
    spend(store, [rate("small", 0), rate("other", 0)], cost=1_000)  # 0: no limit


def test_what_is_used_comes_back_with_time_and_more_than_all_takes_all(store: Store) -> None:
    quick = rate("quick", 10, seconds=0.5)
    spend(store, [quick], cost=64)
    with pytest.raises(Exceeded):
        spend(store, [quick])
    time.sleep(0.6)
    spend(store, [quick], cost=10)


def test_counts_outlive_the_process_and_many_at_once_never_take_more_than_there_is(store: Store) -> None:
    replicas = [store, open_store()]

    def ask(number: int) -> bool:
        try:
            spend(replicas[number % 2], [rate("together", 40, seconds=3_600), rate(f"own {number % 4}", 1_000)])
        except Exceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(64))) == 40
    replicas[1].close()
    again = open_store()
    (allowance,) = allowances(again, [rate("together", 40, seconds=3_600)])
    again.close()
    assert (allowance.used, allowance.left) == (40, 0)
    assert allowance.resets_at == pytest.approx(time.time() + 3_600, abs=60)


def test_a_class_behind_one_address_is_many_visitors_and_one_of_them_is_not_many(
    home: object, limits: Callable[..., None]
) -> None:
    limits(visitor=2, address=5, demo=100, total=100)
    for name in ("ada", "bob"):
        for _ in range(2):
            spend_predictions(visitor(name), "7")
    with pytest.raises(Exceeded, match="Your predictions in a minute"):
        spend_predictions(visitor("ada"), "7")
    spend_predictions(visitor("eve"), "7")
    with pytest.raises(Exceeded, match="from your network"):
        spend_predictions(visitor("new cookie"), "7")
    spend_predictions(visitor("new cookie", "elsewhere"), "7")


def test_a_demo_and_the_server_have_limits_of_their_own_and_members_another_than_visitors(
    home: object, limits: Callable[..., None]
) -> None:
    limits(visitor=1, member=50, demo=3, total=5, address=0)
    member = Actor(BOB, Role.MEMBER, origin=Origin("c", "lab"))
    spend_predictions(member, "7", cost=3)
    with pytest.raises(Exceeded, match="with this model"):
        spend_predictions(member, "7")
    spend_predictions(member, "8", cost=2)
    with pytest.raises(Exceeded, match="on this server"):
        spend_predictions(member, "9")


def test_files_that_pages_open_are_counted_and_predictions_are_not_touched_by_them(
    home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, most in (("VISITOR", 3), ("MEMBER", 6), ("ADDRESS", 8)):
        monkeypatch.setenv(f"TRAINYARD_{name}_OPENED_FILES_PER_MINUTE", str(most))
    settings.cache_clear()
    spend_openings(visitor("ada"), 3)
    with pytest.raises(Exceeded, match=r"Files opened for you in a minute: the limit of 3 opened files"):
        spend_openings(visitor("ada"), 1)
    spend_predictions(visitor("ada"), "7")
    spend_openings(Actor(BOB, Role.MEMBER, origin=Origin("c", "lab")), 5)
    with pytest.raises(Exceeded, match="for your network"):
        spend_openings(visitor("eve"), 1)
    spend_openings(local_owner(), 1_000)  # nobody counts where there is one person
    left = {str(one.name): one.left for one in service.limits.list_all(visitor("ada"))}
    assert (left["Files opened for you in a minute"], left["Files opened in a minute for your network"]) == (0, 0)


def _is_taken(actor: Actor) -> bool:
    try:
        spend_predictions(actor, "7")
    except Exceeded:
        return False
    return True


def test_a_process_takes_a_tenth_ahead_and_gives_no_more_than_there_is(
    home: object, limits: Callable[..., None]
) -> None:
    limits(visitor=40, address=0, demo=0, total=0)
    for _ in range(4):
        spend_predictions(visitor("ada"), "7")
    other = open_store()  # another replica sees what was taken ahead
    whole_at = other.rates.whole_at(["p:visitor:ada"])["p:visitor:ada"]
    assert whole_at - time.time() == pytest.approx(60 / 40 * 4, abs=1)
    taken = 4 + sum(_is_taken(visitor("ada")) for _ in range(60))
    assert 40 <= taken <= 43  # one comes back every 1.5 seconds
    (mine,) = [one for one in service.limits.list_all(visitor("ada")) if one.name == "Your predictions in a minute"]
    assert mine.left == 0
    before = other.rates.whole_at(["p:visitor:ada"])
    assert not _is_taken(visitor("ada"))  # remembered: nobody is asked
    assert other.rates.whole_at(["p:visitor:ada"]) == before
    other.close()


def test_nothing_is_counted_where_there_is_one_person(home: object) -> None:
    spend_predictions(Actor("ada", Role.ADMIN), "7", cost=1e9)
    assert not home.exists()  # type: ignore[attr-defined]  # not even a database was opened
    assert service.limits.list_all(Actor("ada", Role.ADMIN)) == []


def test_what_limits_me_is_one_list_of_what_is_left(home: object, limits: Callable[..., None]) -> None:
    limits(visitor=10, address=20)
    spend_predictions(visitor("ada"), "7", cost=4)
    found = {one.name: (one.used, one.left) for one in service.limits.list_all(visitor("ada"), "7")}
    assert found["Your predictions in a minute"] == (4, 6)
    assert found["Predictions in a minute from your network"] == (4, 16)
    assert {one.unit for one in service.limits.list_all(visitor("ada"))} == {
        "predictions",
        "opened files",
        "MB of uploads",
        "attempts",
    }


def test_a_browser_is_known_by_a_cookie_that_only_this_installation_can_make(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = origins.new_cookie(store)
    known = origins.origin_of(store, cookie, "192.0.2.1").visitor
    assert known
    again = open_store()  # a restart, or another replica
    assert origins.origin_of(again, cookie, "192.0.2.1").visitor == known
    again.close()
    number, made, signature = cookie.split(".")
    late = f"{number}.{int(made) - 40 * 86_400}"
    for forged in (
        "",
        "x",
        "..",
        f"{number}x.{made}.{signature}",
        f"{late}.{signature}",
        "é.1.é",
        cookie + "a" * 5_000,
    ):
        assert origins.origin_of(store, forged, "192.0.2.1").visitor == ""
    monkeypatch.setenv("TRAINYARD_COOKIE_SECRET", "another" * 6)
    settings.cache_clear()
    assert origins.origin_of(store, cookie, "192.0.2.1").visitor == ""


def test_an_address_is_a_network_and_cannot_be_read_from_what_is_kept(store: Store) -> None:
    assert origins.network_of("2001:db8:1:2:3:4:5:6") == origins.network_of("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert origins.network_of("::ffff:192.0.2.1") == origins.network_of("192.0.2.1") == "192.0.2.1"
    assert origins.network_of("testclient") == "testclient"
    spend_predictions(Actor("visitor", VISITOR, origin=origins.origin_of(store, None, "192.0.2.77")), "7")
    with store.reading() as db:
        assert "192.0.2" not in str(db.execute(select(rates)).all())


# -- over HTTP -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(home: object, monkeypatch: pytest.MonkeyPatch) -> Callable[..., httpx.Response]:
    """Ask what stands before a shared dashboard, and its API, from an address."""
    monkeypatch.setenv("TRAINYARD_MODE", "shared")
    settings.cache_clear()
    page = Route("/", lambda _request: HTMLResponse("<p>page"), methods=["GET"])
    rest = Route("/{path:path}", lambda _request: PlainTextResponse("x"), methods=["GET", "PUT", "POST"])
    index = Path(str(home)).parent / "index.html"
    index.write_text("<html></html>")
    app = Starlette(
        routes=[*api_routes(actor_of, lambda: None), page, rest],  # type: ignore[arg-type,return-value]
        middleware=web_middleware(index, list, str),
    )

    async def ask(method: str, path: str, address: str, scheme: str, **values: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(address, 1234))
        async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://127.0.0.1") as client:
            return await client.request(method, path, **values)

    def asked(
        method: str, path: str, address: str = "192.0.2.1", scheme: str = "http", **values: Any
    ) -> httpx.Response:
        return asyncio.run(ask(method, path, address, scheme, **values))

    return asked


def test_a_browser_gets_one_cookie_with_the_page_and_none_with_anything_else(
    shared: Callable[..., httpx.Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shared("GET", "/")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly; SameSite=Lax" in cookie
    assert first.headers["cache-control"] == "no-store"
    assert "Secure; Partitioned" in shared("GET", "/", scheme="https").headers["set-cookie"]
    sent = {"Cookie": cookie.partition(";")[0]}
    assert "set-cookie" not in shared("GET", "/", headers=sent).headers
    assert "set-cookie" in shared("GET", "/", headers={"Cookie": f"{COOKIE}=forged.1.x"}).headers
    assert "set-cookie" not in shared("GET", "/other").headers
    monkeypatch.setenv("TRAINYARD_MODE", "local")
    settings.cache_clear()
    assert "set-cookie" not in shared("GET", "/").headers


def test_uploads_and_logins_are_counted_before_anything_reads_them(
    shared: Callable[..., httpx.Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_VISITOR_UPLOAD_MB_PER_HOUR", "3")
    monkeypatch.setenv("TRAINYARD_ADDRESS_ATTEMPTS_PER_HOUR", "2")
    settings.cache_clear()
    upload = "/_stcore/upload_file/session/file"
    assert [shared("PUT", upload, content=b"x" * 1_400_000).status_code for _ in range(3)] == [200, 200, 429]
    assert shared("PUT", upload, "2001:db8::1", content=b"x").status_code == 200
    refused = [shared("GET", path) for path in ("/auth/login", "/oauth2callback", "/auth/login")][-1]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1800")
    assert "Try again in 30 minutes." in refused.text
    wrong = {"Authorization": "Bearer ty_wrong"}
    assert shared("GET", "/api/v1/models", headers=wrong).status_code == 429  # guessing tokens counts as attempts do
    assert shared("GET", "/api/v1/models", "192.0.2.2", headers=wrong).status_code == 401


def test_what_limits_me_is_told_to_programs_with_the_strictest_marked(
    shared: Callable[..., httpx.Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_TOTAL_PREDICTIONS_PER_MINUTE", "7")
    settings.cache_clear()
    found = shared("GET", "/api/v1/me/limits").json()["limits"]
    marked = [one["name"] for one in found if one["strictest"] and one["unit"] == "predictions"]
    assert marked == ["Predictions in a minute on this server, by all"]
    assert found[0] | {"used": 0, "held": 0, "left": 120, "resets_at": None} == found[0]
    with opened.store().writing() as db:
        db.execute(insert(rates).values(key="p:total", whole_at=time.time() + 60))
    found = {one["name"]: one for one in shared("GET", "/api/v1/me/limits").json()["limits"]}
    total = found["Predictions in a minute on this server, by all"]
    assert (total["used"], total["left"]) == (7, 0)
    assert total["resets_at"].endswith("+00:00")
