"""Log in and out in a browser, at a real OpenID provider: npm's oidc-provider on loopback."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.dashboard import Dashboard, free_port

PATIENCE = 30_000

HERE = Path(__file__).parent / "oidc"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the provider with its packages. Without npm the test is skipped, or fails where a browser is required."""
    folder = tmp_path_factory.mktemp("oidc")
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    made = shutil.which("npm") and subprocess.run(["npm", "install", "--no-audit"], cwd=folder, capture_output=True)
    if not made or made.returncode:
        words = "npm and its registry are needed for the OpenID provider of this test"
        pytest.fail(words) if os.environ.get("TRAINYARD_REQUIRE_BROWSER") == "1" else pytest.skip(words)
    return folder


@pytest.fixture(scope="module")
def dashboard(provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A shared dashboard, and the provider that it asks."""
    port = free_port()
    dashboard = Dashboard(
        tmp_path_factory.mktemp("trainyard") / "home",
        TRAINYARD_MODE="shared",
        TRAINYARD_OIDC_METADATA_URL=f"http://127.0.0.1:{port}/.well-known/openid-configuration",
        TRAINYARD_OIDC_CLIENT_ID="trainyard",
        TRAINYARD_OIDC_CLIENT_SECRET="a-secret-of-a-test",
        TRAINYARD_OIDC_PROMPT="login",
        TRAINYARD_COOKIE_SECRET="only-of-a-test " * 4,
    )
    redirect = f"{dashboard.url}/oauth2callback"
    dashboard.set(TRAINYARD_OIDC_REDIRECT_URI=redirect)
    with (provider / "log").open("wb") as log:
        process = subprocess.Popen(["node", "provider.mjs", str(port), redirect], cwd=provider, stdout=log, stderr=log)
    until = time.monotonic() + 30
    while "ready" not in (provider / "log").read_text():
        assert time.monotonic() < until, (provider / "log").read_text()
        time.sleep(0.1)
    dashboard.start()
    yield dashboard
    dashboard.close()
    process.terminate()
    process.wait(10)


def menu(page: Page, name: str) -> Locator:
    """The entry of a page in the menu."""
    return page.get_by_test_id("stSidebarNavLink").filter(has_text=name)


def log_in(page: Page, name: str) -> None:
    """Press the button, and answer the provider's questions."""
    page.get_by_role("button", name="Log in").click(timeout=PATIENCE)
    page.get_by_placeholder("Enter any login").fill(name, timeout=PATIENCE)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Log out")).to_be_visible(timeout=PATIENCE)


def test_somebody_logs_in_becomes_the_first_admin_by_the_code_and_signs_out_everywhere(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto("/")
    expect(page.get_by_role("button", name="Log in")).to_be_visible(timeout=PATIENCE)
    expect(menu(page, "Train")).to_have_count(0)  # a visitor
    log_in(page, "ada")
    menu(page, "Account").click()
    expect(page.get_by_text("Visitor: you use what is published.")).to_be_visible(timeout=PATIENCE)

    found = re.search(r"enter this code .*: (\S+)", dashboard.log.read_text())
    assert found is not None
    page.get_by_text("I have a code from the server").click()
    page.get_by_label("Code", exact=True).fill(found[1])
    page.get_by_role("button", name="Become an admin").click()
    expect(page.get_by_text("Admin: you may do everything.")).to_be_visible(timeout=PATIENCE)
    expect(menu(page, "Train")).to_be_visible(timeout=PATIENCE)

    cookies = page.context.cookies()
    page.get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url(re.compile("session/end"), timeout=PATIENCE)
    assert dashboard.store().sessions.of(1) == []
    page.context.clear_cookies()
    page.context.add_cookies(cookies)  # Streamlit's identity cookie is good for 30 days, and counts for nothing
    page.goto(f"{dashboard.url}/account")
    expect(page.get_by_text("Your session has ended. Log in again.")).to_be_visible(timeout=PATIENCE)
    expect(menu(page, "Train")).to_have_count(0)


def test_the_operator_ends_a_session_and_takes_a_role_away_while_the_page_is_open(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto("/")
    log_in(page, "bob")
    store = dashboard.store()
    account = store.accounts.get("bob@example.org")
    assert account is not None
    store.accounts.change(account.id, chosen="member")
    menu(page, "Learn").click()
    expect(menu(page, "Train")).to_be_visible(timeout=PATIENCE)
    store.sessions.end_all(account.id)
    menu(page, "Account").click()
    expect(page.get_by_text("Your session has ended. Log in again.")).to_be_visible(timeout=PATIENCE)
    expect(menu(page, "Train")).to_have_count(0)
