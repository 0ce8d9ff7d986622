"""Networks that write and speak, in a real browser: a text that comes token by token, a translation, a dictation, a sound."""

import re
from contextlib import suppress

from playwright.sync_api import Locator, Page, TimeoutError, expect

from engine.language.written import OTHERS
from tests.e2e.dashboard import Dashboard
from tests.e2e.test_journey import PATIENCE, button, start_run
from tests.e2e.test_modalities import choose
from tests.e2e.voice import WORD

ATTEMPTS = 12
WORDS = "zero|one|two|three|four|five|six|seven|eight|nine"


def trained(page: Page, dashboard: Dashboard, query: str, answering: str = "") -> int:
    """A run that was started in the browser and has completed; its demo page is open, with settings of the answer."""
    run_id = start_run(page, query)
    dashboard.completed(run_id, timeout_seconds=300)  # judging what is said takes longer than learning it
    page.goto(f"/demo?run={run_id}{answering}")
    return run_id


def told(page: Page) -> Locator:
    """Tokens of the answer: each tells on hover what else was likely."""
    return page.locator("[data-testid=stHtml] span[title*='%']")


def write(page: Page, run_id: int, text: str) -> None:
    """Ask about a text."""
    page.locator(f".st-key-text-{run_id} textarea").fill(text, timeout=PATIENCE)
    page.locator(".st-key-predict_text button").first.click()


def test_a_text_comes_token_by_token_until_stop_is_pressed(page: Page, dashboard: Dashboard) -> None:
    query = "dataset=english-prose&model=gpt&depth=1&context_length=64&epochs=1"
    run_id = trained(page, dashboard, query, "&max_tokens=1000&temperature=2&top_k=0")  # it seldom ends by itself
    write(page, run_id, "In the beginning")
    stopped = page.get_by_text("Stopped: this is as far as the answer had come.")
    for _attempt in range(ATTEMPTS):  # the network may end it by chance
        expect(told(page).first).to_be_visible(timeout=PATIENCE)
        seen = told(page).count()
        page.wait_for_timeout(400)
        with suppress(TimeoutError):
            button(page, "Stop").click(timeout=2_000)
        expect(button(page, "Answer again")).to_be_visible()
        if stopped.is_visible() and seen < told(page).count():
            break
        button(page, "Answer again").click()
        expect(stopped).to_be_hidden()
    kept = told(page).count()
    assert seen < kept < 1_000
    expect(stopped).to_be_visible()
    page.wait_for_timeout(1_000)
    assert told(page).count() == kept
    assert (told(page).first.get_attribute("title") or "").count("%") == 1 + OTHERS


def test_a_translation_shows_where_the_network_looked(page: Page, dashboard: Dashboard) -> None:
    run_id = trained(page, dashboard, "dataset=fillets-dialogues&model=gru-attention&units=32&batch_size=16&epochs=4")
    write(page, run_id, "What is it?")
    expect(told(page).first).to_be_visible(timeout=PATIENCE)
    page.get_by_text("Where it looked").click()
    expect(page.locator("[role=img][aria-label^='Attention'], .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)


def test_dictated_words_are_written_along_the_sound(page: Page, dashboard: Dashboard) -> None:
    query = "dataset=digit-strings&model=ctc-crnn&strings=600&longest=1&varied=false&epochs=12&patience=0"
    trained(page, dashboard, query)
    choose(page, "Record")
    microphone = page.get_by_test_id("stAudioInputActionButton")
    microphone.click(timeout=PATIENCE)
    page.wait_for_timeout(3_000)
    microphone.click()
    heard = page.locator("[data-testid=stHtml] p")
    expect(heard).to_have_text(re.compile(WORDS), timeout=PATIENCE)
    print(heard.inner_text(), "for", WORD)
    timed = page.locator("[data-testid=stHtml] span[title*='probability']")
    expect(timed).to_have_count(len(heard.inner_text().split()))
    expect(timed.first).to_have_attribute("title", re.compile(r"^\d\.\d\d s, "))


def test_a_typed_word_is_said_in_a_voice(page: Page, dashboard: Dashboard) -> None:
    run_id = trained(page, dashboard, "dataset=digit-voices&model=mel-decoder&filters=16&epochs=1")
    said = page.locator(f".st-key-say-{run_id} input")
    said.fill("seven", timeout=PATIENCE)
    said.press("Enter")
    player = page.get_by_test_id("stAudio")
    expect(player).to_be_visible(timeout=PATIENCE)
    page.wait_for_function("document.querySelector('audio').duration > 0.2")
    expect(page.get_by_alt_text("Spectrogram of the sound")).to_be_visible()
    expect(page.get_by_text("cannot be shown")).to_have_count(0)
