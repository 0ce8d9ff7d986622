"""The start page: one click to a training, what trains now, the newest results, links of old."""

import pytest

from engine.runs import RunSpec
from engine.store import Store
from tests import seeding
from tests.pages.opening import open_page, words
from ui import lab
from ui.start.cards import CARDS


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody starts an executor."""
    monkeypatch.setattr(lab, "start_executor", lambda: None)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_is_one_click_from_training(store: Store, card) -> None:
    assert card.picture.is_file()
    at = open_page("start")
    next(button for button in at.button if button.key == f"card-{card.name}").click().run()
    [run] = store.runs.list()
    assert run.parsed() == RunSpec.build(dict(card.values))


def test_what_trains_and_the_newest_results_are_one_click_away(store: Store) -> None:
    assert "Training now" not in words(open_page("start"))
    running, ended = seeding.running(store, dataset="digits"), seeding.completed(store, dataset="digits")
    at = open_page("start")
    assert {"Training now", "Newest results"} <= {element.value for element in at.header}
    links = [link.proto.label for link in at.get("page_link")]
    assert [f"Run {run.id}: {run.spec['model']['name']} on digits" in links for run in (running, ended)] == [True, True]


def test_a_link_to_the_form_still_opens_it(store: Store) -> None:
    at = open_page("start", dataset="penguins", epochs=7)
    assert [title.value for title in at.title] == ["Train"]
    assert dict(at.query_params) == {"dataset": "penguins", "epochs": "7"}


def test_a_link_from_elsewhere_leads_to_the_start_page(store: Store) -> None:
    assert [title.value for title in open_page("start", utm_source="letter").title] == ["Train a neural network"]


def test_whoever_prefers_the_form_begins_with_it(store: Store) -> None:
    at = open_page("start")
    at.toggle(key="begin_with_form").set_value(True).run()
    assert open_page("start").toggle(key="begin_with_form").value is True
    at.toggle(key="begin_with_form").set_value(False).run()
    assert open_page("start").toggle(key="begin_with_form").value is False


def test_a_file_dropped_on_the_card_is_looked_at_on_the_data_page(store: Store) -> None:
    at = open_page("start")
    table = b"size,kind\n" + b"".join(b"%d,%s\n" % (7 * i % 23, (b"oak", b"elm")[i % 2]) for i in range(40))
    at.file_uploader(key="card.file").upload("trees.csv", table, "text/csv").run()
    assert [title.value for title in at.title] == ["Data"]
    assert "trees.csv" in words(at)
    assert "Import" in [button.label for button in at.button]
    at.button(key="own.drop").click().run()
    assert "trees.csv" not in words(at)
