"""A term in a browser: a lecturer gives a class, a student joins, trains, submits and publishes; an admin sets a budget."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from engine.store.submissions import Scoring
from tests.e2e.dashboard import ROOT, Dashboard
from tests.e2e.drawn import settle
from tests.e2e.policy import refused_in
from tests.e2e.proxy import Proxy

PATIENCE = 120_000
LECTURER, STUDENT, OTHER = "root@example.org", "ada@example.org", "bob@example.org"
PENGUINS = ROOT / "data" / "tables" / "penguins.csv"


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A shared dashboard behind a trusted proxy that names people."""
    made = Dashboard(
        tmp_path_factory.mktemp("trainyard") / "home",
        TRAINYARD_MODE="shared",
        TRAINYARD_TRUSTED_PROXIES="127.0.0.1",
        TRAINYARD_IDENTITY_HEADER="X-Forwarded-Email",
        TRAINYARD_MEMBERS="@example.org",
        TRAINYARD_ADMINS=LECTURER,
        TRAINYARD_COOKIE_SECRET="only-of-a-test " * 4,
    )
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(browser: Browser, dashboard: Dashboard) -> Iterator[dict[str, Page]]:
    """A window for each person, logged in by the proxy."""
    windows: dict[str, tuple[BrowserContext, list[str]]] = {}
    proxies = {name: Proxy(name, dashboard.port) for name in (LECTURER, STUDENT, OTHER)}
    for name, proxy in proxies.items():
        context = browser.new_context(base_url=proxy.url, locale="en-GB", viewport={"width": 1280, "height": 900})
        context.set_default_timeout(PATIENCE)
        windows[name] = context, refused_in(context)
    yield {name: context.new_page() for name, (context, _refused) in windows.items()}
    for context, _refused in windows.values():
        context.close()
    for proxy in proxies.values():
        proxy.close()
    assert not [refused for _context, refused in windows.values() if refused]


def press(page: Page, name: str) -> None:
    """Press a button of the page itself."""
    page.locator("button:visible").filter(has_text=re.compile(rf"{re.escape(name)}$")).first.click()
    settle(page)


def field(page: Page, label: str) -> Locator:
    """A text field."""
    return page.get_by_label(label, exact=True).first


def import_penguins(page: Page, file: Path) -> None:
    """Import the table on the Data page, as it is understood."""
    page.goto("/data")
    settle(page)
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(file)
    page.locator(".st-key-own-start button").click()
    expect(page.get_by_text("examples imported as").first).to_be_visible()


def test_a_lecturer_gives_a_class_and_a_student_takes_it(people: dict[str, Page], dashboard: Dashboard) -> None:
    lecturer, student = people[LECTURER], people[STUDENT]
    import_penguins(lecturer, PENGUINS)
    lecturer.goto("/classrooms")
    field(lecturer, "Title").fill("Zoology")
    press(lecturer, "Make a classroom")
    expect(lecturer.get_by_role("heading", name="Zoology")).to_be_visible()
    room = int(re.findall(r"classroom=(\d+)", lecturer.url)[0])
    press(lecturer, "Make a join code")
    code = lecturer.get_by_test_id("stCode").first.inner_text().strip()

    lecturer.get_by_role("tab", name="Assignments").click()
    task = lecturer.get_by_label("Task", exact=True)
    task.click()
    lecturer.get_by_role("option", name="Table classification").click()
    settle(lecturer)
    lecturer.get_by_role("tabpanel").get_by_label("Title", exact=True).locator("visible=true").first.fill("Three kinds")
    press(lecturer, "Add assignment")
    expect(lecturer.get_by_role("heading", name="Three kinds")).to_be_visible(timeout=PATIENCE)
    one = dashboard.store().classrooms.list()[0].assignments[0]
    assert one.hidden

    student.goto("/classrooms")
    field(student, "Join code").fill(code)
    field(student, "Your name on the leaderboard").fill("Fern")
    press(student, "Join")
    expect(student.get_by_role("heading", name="Zoology")).to_be_visible()
    student.get_by_role("link", name="Train for this assignment").click()
    expect(student.get_by_text("For the assignment")).to_be_visible()
    student.locator(".st-key-train button").click()
    student.wait_for_url(re.compile(r"run=\d+"))
    run = dashboard.completed(int(re.findall(r"run=(\d+)", student.url)[0]), 300)
    assert run.owner == STUDENT

    student.goto(f"/classrooms?classroom={room}")
    press(student, "Submit")
    until = time.monotonic() + 120
    while (sent := dashboard.store().submissions.of(one.id)[0]).state is not Scoring.SCORED:
        assert sent.live, sent.message
        assert time.monotonic() < until, sent.state
        time.sleep(0.5)
    assert 0.5 < sent.scores["accuracy"].low < sent.scores["accuracy"].value <= 1.0  # type: ignore[operator]
    expect(student.get_by_text("hidden examples; the best of each member counts")).to_be_visible(timeout=PATIENCE)
    expect(student.get_by_text("4 submissions are left today.")).to_be_visible()

    student.goto(f"/run?run={run.id}")
    student.locator(f".st-key-publish-{run.id} button").first.click()
    field(student, "Name in its address").fill("penguins-of-fern")
    press(student, "Publish")
    student.wait_for_url(re.compile("demo=penguins-of-fern"))
    lecturer.goto(f"/classrooms?classroom={room}")
    expect(lecturer.get_by_role("link", name="Try it")).to_be_visible(timeout=PATIENCE)

    stranger = people[OTHER]
    stranger.goto(f"/classrooms?classroom={room}")
    expect(stranger.get_by_text(f"Classroom {room} does not exist.")).to_be_visible(timeout=PATIENCE)
    lecturer.get_by_role("tab", name="End of the term").click()
    press(lecturer, "Archive")
    expect(lecturer.get_by_text("This classroom has ended")).to_be_visible(timeout=PATIENCE)
    student.goto(f"/classrooms?classroom={room}")
    expect(student.get_by_text("This classroom has ended")).to_be_visible(timeout=PATIENCE)


def test_an_admin_sets_a_budget_and_the_member_sees_it(people: dict[str, Page], dashboard: Dashboard) -> None:
    admin, member = people[LECTURER], people[OTHER]
    member.goto("/account")
    settle(member)
    admin.goto("/admin")
    settle(admin)
    admin.get_by_role("tab", name="Budgets").click()
    settle(admin)
    admin.get_by_label("Person", exact=True).click()
    admin.get_by_role("option", name=OTHER).click()
    settle(admin)
    admin.get_by_label("Minutes a day", exact=True).locator("visible=true").fill("7")
    press(admin, "Save budget")
    expect(admin.get_by_text("The budget is saved.")).to_be_visible()
    assert dashboard.store().budgets.get(OTHER).budget.device_minutes == 7
    member.goto("/train?dataset=penguins")
    expect(member.get_by_text("7 of 7 device-minutes are left today")).to_be_visible(timeout=PATIENCE)
