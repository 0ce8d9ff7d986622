"""Pages without the processes behind them: the store is real, the predictor is cold, no executor is started."""

from pathlib import Path

import pytest

from engine.service import opened
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
def store(home: Path) -> Store:
    """The store that the pages of this test use."""
    return opened.store()
