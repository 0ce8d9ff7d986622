"""While the database is unavailable, each page says so in a sentence, and continues when it is back."""

import logging
from pathlib import Path

import pytest

from engine.access import Actor, Role
from engine.service import opened
from engine.settings import settings
from engine.store import Store, StoreUnavailable
from tests import seeding
from tests.pages.opening import open_page, words
from ui.navigation import PAGES
from ui.runs.feeds import Feed

SENTENCE = "cannot be opened: file is not a database"


class Damage:
    """The database's file, to be overwritten with something else and put back."""

    def __init__(self) -> None:
        opened.close()  # what is connected knows much of the file by heart
        self.path = Path(settings().url.removeprefix("sqlite:///"))
        self.good = self.path.read_bytes()

    def do(self) -> None:
        """Overwrite it."""
        opened.close()
        self.path.write_bytes(b"something else " * 1000)

    def undo(self) -> None:
        """Put it back."""
        self.path.write_bytes(self.good)


@pytest.fixture
def damage(store: Store) -> Damage:
    """A database with a run."""
    seeding.completed(store, epochs=1)
    return Damage()


@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_each_page_says_that_the_database_is_damaged_and_goes_on_when_it_is_whole(name: str, damage: Damage) -> None:
    damage.do()
    at = open_page(name, run=1, study=1, runs="1,2")
    assert [SENTENCE in error.value for error in at.error] == [True]
    damage.undo()
    at.run()
    assert not at.exception
    assert SENTENCE not in words(at)
    assert at.title


def test_an_open_page_is_drawn_again_by_its_timer(damage: Damage) -> None:
    at = open_page("runs")
    assert not at.error
    damage.do()
    at.run()
    assert SENTENCE in words(at)
    assert "continues as soon as" in words(at)


def test_what_follows_a_run_raises_what_the_page_waits_for(damage: Damage) -> None:
    feed, ada = Feed(1), Actor("ada", Role.ADMIN)
    feed.follow(ada)
    damage.do()
    with pytest.raises(StoreUnavailable):
        feed.follow(ada, 0.0)
    damage.undo()
    assert feed.follow(ada, 0.0).id == 1


def test_the_log_has_one_line_however_many_look(damage: Damage, caplog: pytest.LogCaptureFixture) -> None:
    damage.do()
    with caplog.at_level(logging.INFO):
        for _ in range(50):
            assert opened.problem() is not None
        damage.undo()
        assert opened.problem() is None
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == [
        "engine.store.outages"
    ] * 2
    assert not any(record.exc_info for record in caplog.records)
