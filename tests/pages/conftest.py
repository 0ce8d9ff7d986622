"""Pages without the processes behind them: the store is real, the predictor is cold, the executor is asked in vain."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ui import lab
from ui.navigation import PAGES, page

SHELL = Path(lab.__file__).with_name("shell.py")


class ColdPredictor:
    """A predictor that never gets warm."""

    def ready(self) -> bool:
        """Never."""
        return False


@pytest.fixture(autouse=True)
def _no_processes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", ColdPredictor)
    monkeypatch.setattr(lab, "start_executor", lambda: None)


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """Open a page as a visitor does, with these query parameters."""

    def opened(name: str, **params: str) -> AppTest:
        app = AppTest.from_file(SHELL, default_timeout=30)
        if name != PAGES[0].name:
            app.run()
            app.switch_page(str(page(name)))
        for key, value in params.items():
            app.query_params[key] = value
        return app.run()

    return opened
