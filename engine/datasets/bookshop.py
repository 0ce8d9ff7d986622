"""A made-up bookshop: readers with planted tastes, so that the best possible recommendation is known."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from engine.catalogue import ItemColumn
from engine.datasets.base import Examples, datasets
from engine.datasets.sources.choices import Choices, ChoicesDataset

_READERS, _BOOKS, _MOST, _DAYS = 6_000, 400, 36, 730
_VERSION, _SEED = "3", 20
_GENRES = (
    *("adventure", "cooking", "fantasy", "gardening", "history", "mystery"),
    *("poetry", "romance", "science", "sea stories", "travel", "winter tales"),
)
_MOODS = ("quiet", "funny", "dark", "warm")
_FIRST = (
    *(
        "The Lantern",
        "A Map",
        "The Orchard",
        "Seven Letters",
        "The Clockmaker",
        "The Last Ferry",
        "A Garden",
        "The Violin",
    ),
    *("A Brass Compass", "The Sleeping Hill", "Nine Candles", "The Ferryman"),
    *(
        "The Keeper",
        "An Atlas",
        "The Bridge",
        "Two Sparrows",
        "The Lighthouse",
        "A Recipe",
        "The Winter House",
        "The Song",
    ),
)
_SECOND = (
    *(
        "of Tarn",
        "of Quiet Water",
        "of the North Wind",
        "of Elm Street",
        "of Small Things",
        "of Marrow Hill",
        "of Salt",
    ),
    *("of Thornfield", "of the Long Road", "of Distant Bells", "of Early Snow"),
    *("of the Blue Hour", "of Paper Birds", "of Old Harbour", "of Amber", "of the Third Moon", "of Fennel", "of Glass"),
)
_LATE, _JOINING = 0.05, 0.2
"""Shares of the books that appear, and of the readers who join, after the first day."""
_TASTE, _MOOD, _YEAR, _SEQUEL, _FAME = 6.0, 3.0, 0.3, 2.0, 1.0


@dataclass(frozen=True)
class _Books:
    genre: np.ndarray
    mood: np.ndarray
    year: np.ndarray
    pages: np.ndarray
    price: np.ndarray
    follows: np.ndarray
    """(books,) the book of which each is the sequel, -1: none."""
    appears: np.ndarray
    """(books,) the day from which on it can be bought."""
    fame: np.ndarray
    names: list[str]


@dataclass(frozen=True)
class _Shop:
    books: _Books
    liking: np.ndarray
    """(readers, books) how much each reader likes each book."""
    people: np.ndarray
    items: np.ndarray
    days: np.ndarray


@datasets.register("bookshop", "Bookshop (6,000 made-up readers)")
class Bookshop(ChoicesDataset):
    """Readers who buy books of the genres, moods and years that they like, and sequels of what they have read; all of it is made up."""

    source: ClassVar[str] = "Made by this program: engine/datasets/bookshop.py"
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = (
        "Readers choose by rules that are simpler than people. A good score here shows that a network finds such rules, not that it "
        "will suit real readers."
    )

    def fingerprint(self) -> str:
        """Changes with the rules by which it is made."""
        return f"bookshop {_VERSION}"

    def load(self) -> Examples:
        """Two years of the shop; the same each time."""
        shop = _shop()
        found = Choices.of(shop.people, shop.items, shop.days)
        columns = [
            ItemColumn("genre", "category", tuple(_GENRES[one] for one in shop.books.genre)),
            ItemColumn("mood", "category", tuple(_MOODS[one] for one in shop.books.mood)),
            ItemColumn("year", "number", tuple(shop.books.year.tolist())),
            ItemColumn("pages", "number", tuple(shop.books.pages.tolist())),
            ItemColumn("price", "number", tuple(shop.books.price.tolist())),
        ]
        return self.examples_of(found, shop.books.names, columns, _best)


def _best(people: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Return the ten books (readers, 10), from 1, that each reader is most likely to buy next, by the rules of the shop itself."""
    shop = _shop()
    found = np.empty((len(people), 10), np.int32)
    for row, (person, day) in enumerate(zip(people.tolist(), days.tolist(), strict=True)):
        had = np.zeros(_BOOKS, bool)
        had[shop.items[(shop.people == person) & (shop.days < day)] - 1] = True
        found[row] = np.argsort(-_wanted(shop.books, shop.liking[person], had, day), kind="stable")[:10] + 1
    return found


def _wanted(books: _Books, liking: np.ndarray, had: np.ndarray, day: Any) -> np.ndarray:
    """Return how much books (..., books) are wanted by readers who have some: -inf where they are had, or not there yet."""
    sequel = (books.follows >= 0) & had[..., books.follows]
    there = books.appears <= np.asarray(day)[..., None]
    return np.where(had | ~there, -np.inf, liking + _SEQUEL * sequel)


@lru_cache(maxsize=1)
def _shop() -> _Shop:
    """Let everybody buy, one book after the other."""
    rng = np.random.default_rng(_SEED)
    books = _make_books(rng)
    liking = _likings(books, rng)
    joins = np.where(rng.random(_READERS) > _JOINING, 0.0, rng.uniform(0, _DAYS, _READERS))
    count = rng.integers(1, _MOST + 1, _READERS)
    days = np.sort(rng.uniform(joins[:, None], _DAYS, (_READERS, _MOST)), axis=1)
    had = np.zeros((_READERS, _BOOKS), bool)
    people, items, bought = [], [], []
    taken = np.argsort(np.argsort(rng.random((_READERS, _MOST)), axis=1), axis=1) < count[:, None]
    for turn in range(_MOST):
        who = np.flatnonzero(taken[:, turn])
        wanted = _wanted(books, liking[who], had[who], days[who, turn])
        book = np.argmax(wanted + rng.gumbel(size=wanted.shape), axis=1)
        had[who, book] = True
        people.append(who)
        items.append(book + 1)
        bought.append(days[who, turn])
    return _Shop(books, liking, np.concatenate(people), np.concatenate(items).astype(np.int32), np.concatenate(bought))


def _make_books(rng: np.random.Generator) -> _Books:
    """Return books of all genres; a third of them are sequels."""
    genre, mood = rng.integers(0, len(_GENRES), _BOOKS), rng.integers(0, len(_MOODS), _BOOKS)
    year = rng.integers(1950, 2026, _BOOKS)
    follows = np.full(_BOOKS, -1)
    names = _names(rng)
    for book in np.flatnonzero(rng.random(_BOOKS) < 0.33):
        if (book and follows[book - 1] < 0) or (rng.random() < 0.5 and book):
            first = book - 1
            follows[book], genre[book], mood[book] = first, genre[first], mood[first]
            year[book] = min(year[first] + 1, 2025)
            stem, _comma, number = names[first].partition(", part ")
            names[book] = f"{stem}, part {int(number or 1) + 1}"
    appears = np.where(rng.random(_BOOKS) > _LATE, 0.0, rng.uniform(0, _DAYS, _BOOKS))
    for book in np.flatnonzero(follows >= 0):
        appears[book] = max(appears[book], appears[follows[book]])
    return _Books(
        genre,
        mood,
        year,
        10 * rng.integers(8, 70, _BOOKS),
        rng.integers(6, 40, _BOOKS) - 0.05,
        follows,
        appears,
        _FAME * rng.normal(size=_BOOKS),
        names,
    )


def _names(rng: np.random.Generator) -> list[str]:
    """Return different titles."""
    plain = [f"{first} {second}" for first in _FIRST for second in _SECOND]
    pairs = [f"{first} and {_inside(second)}" for first in _FIRST for second in _FIRST if first != second]
    every = [*plain, *pairs]
    return [every[place] for place in rng.permutation(len(every))[:_BOOKS]]


def _inside(title: str) -> str:
    """Return a title inside another: its article is small."""
    return title[0].lower() + title[1:] if title.startswith(("The ", "A ", "An ")) else title


def _likings(books: _Books, rng: np.random.Generator) -> np.ndarray:
    """Return (readers, books): two or three genres each, one mood, and years around one."""
    genres = np.zeros((_READERS, len(_GENRES)))
    for row in genres:
        row[rng.permutation(len(_GENRES))[: rng.integers(2, 4)]] = rng.uniform(0.8, 1.2)
    mood = rng.integers(0, len(_MOODS), _READERS)
    year = rng.uniform(1950, 2026, _READERS)
    away = np.abs(books.year - year[:, None]) / 20
    return np.asarray(
        _TASTE * genres[:, books.genre]
        + _MOOD * (books.mood == mood[:, None])
        - _YEAR * np.minimum(away, 2)
        + books.fame
    )
