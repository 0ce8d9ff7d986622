"""Logins, sessions, roles and the code of the first admin."""

import asyncio
import time
from typing import Any

import pytest

from engine.access import Role
from engine.accounts.logins import Login, login_of_claims
from engine.accounts.proxies import IdentityHeader
from engine.accounts.requirements import check_mode
from engine.accounts.sessions import VISITOR, Ended
from engine.errors import TrainyardError
from engine.service import opened, sign_in
from engine.settings import settings
from engine.store import Store

pytestmark = pytest.mark.both_databases

CLAIMS = {"iss": "https://id.example.org", "sub": "1", "email": "Ada@Example.org", "is_logged_in": True}
OIDC = {
    "OIDC_METADATA_URL": "https://id.example.org/.well-known/openid-configuration",
    "OIDC_CLIENT_ID": "trainyard",
    "OIDC_CLIENT_SECRET": "secret",
    "OIDC_REDIRECT_URI": "https://lab.example.org/oauth2callback",
    "COOKIE_SECRET": "0123456789" * 5,
}


def claims(**more: Any) -> dict[str, Any]:
    """What a provider says of ada at a login of now."""
    return CLAIMS | {"iat": time.time(), "nonce": str(time.perf_counter())} | more


@pytest.fixture(autouse=True)
def shared(home: object, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared mode, in a home of the test's own."""
    configure(monkeypatch, MODE="shared", **OIDC)


def configure(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Set settings."""
    for name, value in values.items():
        monkeypatch.setenv(f"TRAINYARD_{name}", value)
    settings.cache_clear()


def store_() -> Store:
    """The store of the service layer."""
    return opened.store()


def test_a_login_begins_a_session_and_its_person_is_a_visitor_until_a_list_says_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    login = login_of_claims(claims())
    assert sign_in.actor_of(login) == VISITOR  # the cookie alone is nobody
    assert sign_in.enter(login).name == "ada@example.org"
    assert sign_in.actor_of(login).role is Role.VISITOR
    for listed, role in [("@example.org", Role.MEMBER), ("@other.org", Role.VISITOR), ("*", Role.MEMBER)]:
        configure(monkeypatch, MEMBERS=listed)
        assert sign_in.actor_of(login).role is role
    configure(monkeypatch, ADMINS="bob@example.org, ada@example.org")
    assert sign_in.actor_of(login).role is Role.ADMIN


def test_groups_of_the_provider_give_a_role_and_an_admins_choice_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, ROLE_CLAIM="groups", ADMIN_GROUP="leads", MEMBER_GROUP="lab")
    login = login_of_claims(claims(groups=["lab", "chess"]))
    assert sign_in.enter(login).role is Role.MEMBER
    account = store_().accounts.get("ada@example.org")
    assert account is not None
    store_().accounts.change(account.id, chosen="visitor")
    assert sign_in.actor_of(login).role is Role.VISITOR  # at the next call
    configure(monkeypatch, ROLE_CLAIM="")
    assert sign_in.enter(login_of_claims(claims())).role is Role.VISITOR


@pytest.mark.parametrize(
    ("changed", "word"),
    [({"email": ""}, "no claim"), ({"email_verified": False}, "not verified"), ({"email": "visitor"}, "cannot be")],
)
def test_a_login_that_says_too_little_is_refused(changed: dict[str, Any], word: str) -> None:
    with pytest.raises(TrainyardError, match=word):
        login_of_claims(claims(**changed))


def test_a_session_ends_when_its_person_logs_out_and_the_cookie_that_is_left_is_nobody() -> None:
    login, other = login_of_claims(claims()), login_of_claims(claims())
    for one in (login, other):
        sign_in.enter(one)
    sign_in.leave(login)
    assert sign_in.actor_of(login) == VISITOR
    assert sign_in.actor_of(other).name == "ada@example.org"
    with pytest.raises(Ended):
        sign_in.enter(login)


def test_sign_out_everywhere_ends_all_sessions_and_logins_that_nobody_has_used_yet() -> None:
    first, second, unused = (login_of_claims(claims()) for _ in range(3))
    for one in (first, second):
        sign_in.enter(one)
    assert sign_in.leave_everywhere(first) == 2
    for one in (first, second, unused):
        with pytest.raises(Ended):
            sign_in.enter(one)
    assert sign_in.enter(login_of_claims(claims(iat=time.time() + 1))).name == "ada@example.org"


@pytest.mark.parametrize(("column", "seconds"), [("seen_at", 480 * 60 + 5), ("created_at", 168 * 3600 + 5)])
def test_a_session_ends_by_itself(column: str, seconds: float) -> None:
    from sqlalchemy import update

    from engine.store.schema import sessions

    login = login_of_claims(claims())
    sign_in.enter(login)
    with store_().writing() as db:
        db.execute(update(sessions).values({column: time.time() - seconds}))
    assert sign_in.actor_of(login) == VISITOR
    with pytest.raises(Ended):
        sign_in.enter(login)


def test_an_old_cookie_begins_no_session() -> None:
    with pytest.raises(Ended):
        sign_in.enter(login_of_claims(claims(iat=time.time() - 9 * 3600)))


def test_a_name_belongs_to_who_first_logged_in_under_it_until_the_account_is_unlinked() -> None:
    sign_in.enter(login_of_claims(claims()))
    thief = login_of_claims(claims(sub="2"))
    with pytest.raises(TrainyardError, match="belongs to another login"):
        sign_in.enter(thief)
    assert sign_in.actor_of(thief) == VISITOR


def test_the_code_makes_one_admin_once(capsys: pytest.CaptureFixture[str]) -> None:
    sign_in.announce_code()
    code = capsys.readouterr().out.rsplit(None, 1)[-1]
    ada, bob = login_of_claims(claims()), login_of_claims(claims(sub="2", email="bob@example.org"))
    for one in (ada, bob):
        sign_in.enter(one)
    with pytest.raises(TrainyardError, match="not valid"):
        sign_in.redeem(ada, "guess")
    sign_in.redeem(ada, code)
    assert sign_in.actor_of(ada).role is Role.ADMIN
    with pytest.raises(TrainyardError, match="not valid"):
        sign_in.redeem(bob, code)
    sign_in.announce_code()
    assert capsys.readouterr().out == ""  # there is an admin


def received(client: tuple[str, int] | None, *values: bytes) -> list[bytes]:
    """The values of the identity header that arrive behind the middleware."""
    found: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.extend(value for name, value in scope["headers"] if name == b"x-forwarded-email")

    headers = [(b"host", b"lab"), *((b"x-forwarded-email", value) for value in values)]
    asyncio.run(IdentityHeader(app)({"type": "websocket", "headers": headers, "client": client}, None, None))
    return found


@pytest.mark.parametrize(
    ("client", "passes"),
    [
        (("10.1.2.3", 4000), True),
        (("127.0.0.1", 4000), True),
        (("198.51.100.7", 0), True),  # a client behind the proxy on this machine, as uvicorn writes it
        (("::ffff:10.1.2.3", 4000), True),
        (("198.51.100.7", 4000), False),
        (("10.2.0.1", 4000), False),
        (("unix", 1), False),
        (None, False),
    ],
)
def test_only_a_named_proxy_says_who_somebody_is(
    client: tuple[str, int] | None, passes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, IDENTITY_HEADER="X-Forwarded-Email", TRUSTED_PROXIES="127.0.0.1, 10.1.0.0/16")
    assert received(client, b"ada@example.org") == ([b"ada@example.org"] if passes else [])
    assert received(client, b"ada@example.org", b"eve@example.org") == []


def test_a_forwarded_address_counts_only_where_all_that_may_forward_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, IDENTITY_HEADER="X-Forwarded-Email", TRUSTED_PROXIES="10.1.0.0/16")
    assert received(("10.1.0.9", 0), b"ada@example.org") == []
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert received(("10.1.0.9", 0), b"ada@example.org") == []


@pytest.mark.parametrize("name", OIDC)
def test_shared_mode_names_the_setting_without_which_it_does_not_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_mode("0.0.0.0")
    configure(monkeypatch, **{name: ""})
    with pytest.raises(TrainyardError, match=f"TRAINYARD_{name}"):
        check_mode("127.0.0.1")


def test_shared_mode_does_not_start_with_a_header_that_anybody_could_send(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, IDENTITY_HEADER="X-Forwarded-Email")
    with pytest.raises(TrainyardError, match="TRAINYARD_TRUSTED_PROXIES"):
        check_mode("127.0.0.1")
    configure(monkeypatch, TRUSTED_PROXIES="nginx")
    with pytest.raises(TrainyardError, match="nginx"):
        check_mode("127.0.0.1")


@pytest.mark.parametrize(
    ("address", "starts"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("", False), (None, False)],
)
def test_local_mode_listens_where_others_reach_it_only_when_told_so_in_words(
    address: str | None, starts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, MODE="local")
    if starts:
        check_mode(address)
    else:
        with pytest.raises(TrainyardError, match="TRAINYARD_PUBLIC"):
            check_mode(address)
    configure(monkeypatch, PUBLIC="without-login")
    check_mode(address)


def test_a_login_of_a_proxy_is_an_account_without_a_session_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, IDENTITY_HEADER="X-Forwarded-Email", MEMBERS="*")
    login = Login("ada", "proxy x-forwarded-email", "ada")
    assert sign_in.actor_of(login) == VISITOR
    sign_in.enter(login)
    assert sign_in.actor_of(login).role is Role.MEMBER
