"""Texts follow the session's language, and the catalogs are complete and true."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from scripts import messages
from scripts.message_checks import bare_literals
from tests.pages.opening import SHELL
from ui import lab
from ui.language import LANGUAGES, LOCALES, _, catalog, nearest


def test_outside_a_session_texts_are_english() -> None:
    assert _("Train") == "Train"
    assert _("") == ""


@pytest.mark.parametrize(
    ("code", "language"), [("zh-CN", "zh"), ("zh_TW", "zh"), ("en-GB", "en"), ("fr", "en"), ("", "en")]
)
def test_a_browser_gets_the_nearest_language(code: str, language: str) -> None:
    assert nearest(code, "en") == language


@pytest.fixture
def _quiet(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cold:
        def ready(self) -> bool:
            return False

    monkeypatch.setattr(lab, "predictor", Cold)


def opened(locale: str = "en-US", **query: str) -> AppTest:
    """The first page as a browser with this locale sees it."""
    at = AppTest.from_file(str(SHELL), default_timeout=120)
    at.context = {"locale": locale}
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


@pytest.mark.usefixtures("_quiet")
def test_the_page_speaks_the_language_of_the_browser() -> None:
    assert opened("zh-CN").title[0].value == "训练一个神经网络"
    assert opened("de-DE").title[0].value == "Train a neural network"


@pytest.mark.usefixtures("_quiet")
def test_the_document_has_the_language_of_the_page() -> None:
    for locale, code in (("zh-CN", "zh"), ("de-DE", "en")):
        assert any(f"documentElement.lang = '{code}'" in part.proto.body for part in opened(locale).get("html"))


@pytest.mark.usefixtures("_quiet")
def test_a_link_can_ask_for_a_language() -> None:
    assert opened("en-US", lang="zh").title[0].value == "训练一个神经网络"
    assert opened("zh-CN", lang="en").title[0].value == "Train a neural network"


@pytest.mark.usefixtures("_quiet")
def test_the_switch_holds_for_this_session_only() -> None:
    mine, yours = opened(), opened()
    mine.get_by_key("language").set_value("zh").run()
    assert mine.title[0].value == "训练一个神经网络"
    assert yours.run().title[0].value == "Train a neural network"


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_there_is_a_catalog_for_every_language(language: str) -> None:
    assert (LOCALES / language / "LC_MESSAGES" / "trainyard.po").is_file()
    assert catalog(language).gettext("Learning rate") != "Learning rate"


def test_every_visible_text_has_its_translation() -> None:
    assert messages.problems() == []


def test_a_text_that_is_not_marked_is_found() -> None:
    code = 'st.button("Press me", help=_("Well marked"))\ncolumn.metric(f"Loss {value}", value)\nst.button("OK")'
    found = bare_literals(code, "page.py")
    assert [line.split(": ")[0] for line in found] == ["page.py:1", "page.py:2"]


def test_a_missing_and_a_broken_translation_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = (LOCALES / "zh" / "LC_MESSAGES" / "trainyard.po").read_text()
    copy = tmp_path / "zh" / "LC_MESSAGES" / "trainyard.po"
    copy.parent.mkdir(parents=True)
    copy.write_text(
        true.replace('msgid "Batch size"', 'msgid "Batch seize"').replace(
            'msgstr "运行 {id}"', 'msgstr "运行 {nummer}"'
        )
    )
    monkeypatch.setattr(messages, "LOCALES", tmp_path)
    found = "\n".join([*messages.problems(), *messages.missing()])
    assert "not in the catalog: 'Batch size'" in found
    assert "nothing shows it any more: 'Batch seize'" in found
    assert "other placeholders: 'Run {id}'" in found
