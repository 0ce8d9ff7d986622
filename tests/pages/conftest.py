"""Pages without the processes behind them: the store is real, the predictor is cold, nobody starts an executor."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import Store
from ui import lab


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
def store(home: Path) -> Iterator[Store]:
    """The store that the pages of this test use."""
    opened = lab.store()
    yield opened
    opened.close()
    lab.open_once.clear()
