"""Choice of the target column, by names and places as real tables have them."""

import pytest

from engine.imports.columns import ColumnGuess
from engine.imports.targets import guess_roles, guess_target, guess_text_and_label


def columns(*names: str, missing: dict[str, int] | None = None) -> list[ColumnGuess]:
    return [ColumnGuess(name, "number", 50, (missing or {}).get(name, 0), "", 100) for name in names]


@pytest.mark.parametrize(
    ("names", "target"),
    [
        (("lead_time", "avg_price_per_room", "adults"), "avg_price_per_room"),
        (("Lot_Area", "Sale_Price", "Longitude", "Latitude"), "Sale_Price"),
        (("Age", "Attrition", "BusinessTravel"), "Attrition"),
        (("carat", "price", "x", "y", "z"), "price"),
        (("MOSTYPE", "Purchase"), "Purchase"),
        (("default", "student", "balance", "income"), "default"),
        (("age", "default", "balance", "y"), "y"),
        (("survived", "pclass", "age"), "survived"),
        (("time", "status", "sex", "age"), "status"),
        (("x", "y", "z"), "z"),
        (("low", "age", "bwt"), "bwt"),
        (("customerID", "tenure", "Churn Value", "City"), "Churn Value"),
    ],
)
def test_a_telling_name_is_the_target_and_the_last_column_otherwise(names: tuple[str, ...], target: str) -> None:
    assert guess_target(columns(*names)) == target
    assert [name for name, role in guess_roles(columns(*names)).items() if role == "target"] == [target]


def test_a_column_that_is_mostly_empty_is_not_the_target_where_another_can_be() -> None:
    assert guess_target(columns("a", "b", "status", missing={"status": 60})) == "b"
    assert guess_target(columns("a", missing={"a": 60})) == "a"
    text = ColumnGuess("review", "text", 90, 0, "", 100)
    few = ColumnGuess("empty", "category", 2, 90, "", 100)
    label = ColumnGuess("stars", "category", 5, 0, "", 100)
    assert guess_text_and_label([text, few, label]) == ("review", "stars")
