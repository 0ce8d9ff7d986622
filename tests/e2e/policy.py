"""What a browser has refused because of the Content-Security-Policy, as its console tells."""

import time

from playwright.sync_api import BrowserContext, Page

_MARKS = ("Content Security Policy", "Permissions policy", "Cross-Origin-Resource-Policy")


def refused_in(context: BrowserContext) -> list[str]:
    """Return a list that fills while the pages of a context are used."""
    found: list[str] = []

    def note(text: str) -> None:
        if any(mark.lower() in text.lower() for mark in _MARKS):
            found.append(text)

    context.on("console", lambda message: note(message.text))
    context.on("weberror", lambda error: note(str(error.error)))
    return found


def until(page: Page, expression: str, timeout_ms: float) -> None:
    """Wait until an expression is true. Playwright's own waiting compiles texts in the page, which the policy forbids."""
    end = time.monotonic() + timeout_ms / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)
