"""Opening a page in a test as the dashboard does: through the navigation, with a query."""

from typing import Any

from streamlit.testing.v1 import AppTest

from ui.navigation import FOLDER

SHELL = FOLDER.parent / "ui" / "shell.py"


def open_page(name: str, **query: Any) -> AppTest:
    """The page after its first run; an exception on it fails the test."""
    at = AppTest.from_file(str(SHELL), default_timeout=120)
    for key, value in query.items():
        at.query_params[key] = str(value)
    at.switch_page(str(FOLDER / f"{name}.py"))
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def words(at: AppTest) -> str:
    """Everything that the page says, in one text."""
    kinds = ("title", "header", "subheader", "caption", "markdown", "info", "warning", "error", "code")
    return "\n".join(str(element.value) for kind in kinds for element in at.get(kind))


def press(at: AppTest, label: str) -> AppTest:
    """Press the button that reads `label` and run the page again."""
    next(button for button in at.button if button.label == label).click()
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def unfold(at: AppTest, *parts: str) -> AppTest:
    """Open folds of the Train form: data, network, training, augmentation."""
    for part in parts:
        at.session_state[f"fold-{part}"] = True
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def labels(at: AppTest) -> list[str]:
    """The buttons that can be pressed."""
    return [button.label for button in at.button if not button.disabled]


def choose_way(at: AppTest, name: str) -> None:
    """Choose how an input is given on the demo page, and run it again."""
    at.session_state[f"way-{at.selectbox(key='demo_run').value}"] = name
    at.run()
    assert not at.exception, at.exception[0].message
