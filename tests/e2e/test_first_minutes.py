"""Each card of the start page leads to a trained network and a prediction of one's own."""

import pytest
from playwright.sync_api import Page

from tests.e2e.dashboard import Dashboard
from tests.e2e.first_minutes import CARDS, walk_through
from ui.start import cards


def test_every_card_is_walked() -> None:
    assert {card.name for card in cards.CARDS} == set(CARDS)


@pytest.mark.parametrize("card", CARDS)
def test_a_card_leads_to_a_prediction_of_one_s_own(page: Page, dashboard: Dashboard, card: str) -> None:
    clicks, _seconds = walk_through(page, dashboard, card)
    assert clicks <= 3
