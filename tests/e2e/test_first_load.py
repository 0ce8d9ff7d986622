"""What a new browser loads for the Train page: little, and no chart library before there is a chart."""

import re

from playwright.sync_api import Page, expect

from bench.first_load import traffic

PATIENCE = 90_000
MOST_BYTES = 1_400_000
"""Of files; what the form says comes besides, by the websocket and again when the picture of the network is ready."""
LARGE = re.compile(r"plotly|SyntaxHighlighter|mermaid|elk-|DataFrame\.", re.IGNORECASE)


def test_the_train_page_loads_little_and_no_chart_library(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sizes = traffic(page.context.new_cdp_session(page))
    page.goto("/train")
    expect(page.locator(".st-key-train button")).to_be_enabled(timeout=PATIENCE)
    expect(page.locator(".st-key-cost")).to_contain_text("parameters", timeout=PATIENCE)
    page.locator(".st-key-fold-network summary").click()
    expect(page.get_by_role("list", name="Pipeline from data to evaluation")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("region", name="Layers of the network")).to_be_visible(timeout=PATIENCE)
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if LARGE.search(url)] == []
    told = sizes.pop("websocket")
    assert sum(sizes.values()) < MOST_BYTES
    assert told < 300_000


def test_the_first_chart_brings_a_part_of_plotly_that_is_kept_for_ever(page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with page.expect_response(re.compile(r"/vendor/plotly/plotly\.\w{8}\.js$"), timeout=PATIENCE) as coming:
        page.goto("/data?dataset=digits")
    expect(page.get_by_role("figure", name="Examples of each class by split")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".js-plotly-plot .barlayer .trace")).to_have_count(3, timeout=PATIENCE)
    headers = coming.value.headers
    assert headers["content-encoding"] == "gzip"
    assert "immutable" in headers["cache-control"]
    assert errors == []
