"""Columns of a table of choices, by what they are called: whose, of what, when, how much it was liked."""

from collections.abc import Iterable

PEOPLE = ("user", "userid", "person", "personid", "people", "customer", "customerid", "reader", "member", "visitor")
ITEMS = (
    "item",
    "itemid",
    "items",
    "product",
    "productid",
    "movie",
    "movieid",
    "book",
    "bookid",
    "song",
    "article",
    "title",
)
TIMES = ("time", "timestamp", "date", "day", "when", "at", "datetime")
RATINGS = ("rating", "ratings", "stars", "score")


def called(columns: Iterable[str], words: tuple[str, ...]) -> str:
    """Return the column that is called by the first of these words that there is; "" where there is none."""
    plain = {column.lower().replace("_", "").replace(" ", ""): column for column in columns}
    return next((plain[word] for word in words if word in plain), "")
