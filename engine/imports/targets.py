"""Column of a table that is probably to be predicted, by its name and place: a first guess that people correct."""

import re
from collections.abc import Sequence

from engine.imports.columns import ColumnGuess
from engine.imports.table import Role

_SURE = (
    *(
        "target",
        "label",
        "labels",
        "outcome",
        "class",
        "classes",
        "classlabel",
        "response",
        "result",
        "目标",
        "标签",
        "结果",
    ),
    *(
        "churn",
        "churned",
        "exited",
        "attrition",
        "survived",
        "survival",
        "defaulted",
        "default",
        "purchase",
        "purchased",
    ),
    *(
        "subscribed",
        "converted",
        "approved",
        "fraud",
        "isfraud",
        "diagnosis",
        "species",
        "sentiment",
        "saleprice",
        "price",
    ),
)
TARGET_WORDS = (
    *_SURE,
    *(
        "medv",
        "salary",
        "income",
        "charges",
        "quality",
        "score",
        "rating",
        "grade",
        "status",
        "category",
        "type",
    ),
    *("类别", "分类", "种类", "价格", "y"),
)
"""Names that a column to be predicted often has, the surest first; signs and capitals do not count."""
_PAIRS = (
    *(("source", "target"), ("src", "tgt"), ("src", "trg"), ("input", "output"), ("question", "answer")),
    *(("text", "summary"), ("document", "summary"), ("article", "highlights"), ("原文", "译文"), ("问题", "答案")),
)
"""Names that the two columns of pairs of texts often have."""
_PARTS = frozenset(("target", "label", "price", "churn", "attrition", "survived", "outcome", "response"))
"""Words that say so also as a part of a longer name, such as `avg_price_per_room`."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_A-Za-z]+")
_MOST_MISSING = 0.5
_LEAST_TIMES = 10  # different dates, to split by them
_BORN = re.compile(r"birth|born|\bdob\b|出生|生日", re.IGNORECASE)


def guess_roles(guesses: Sequence[ColumnGuess]) -> dict[str, Role]:
    """Return a role for each column of a table: one target, texts ignored."""
    roles: dict[str, Role] = {guess.name: "ignore" if guess.kind == "text" else guess.kind for guess in guesses}
    if target := guess_target(guesses):
        roles[target] = "target"
    return roles


def guess_target(guesses: Sequence[ColumnGuess]) -> str:
    """Return the name of the target, or "" if no column qualifies.

    The last column if its name is typical of targets; otherwise the column with the most typical name; otherwise one
    whose name contains such a word; otherwise the last column. Never a mostly empty one.
    """
    usable = [guess.name for guess in guesses if guess.kind in ("number", "category") and _is_there(guess)]
    usable = usable or [guess.name for guess in guesses if guess.kind in ("number", "category")]
    if not usable:
        return ""
    plain = {name: "".join(_WORD.findall(name)).lower() for name in usable}
    known = [
        name for name in usable if plain[name] in TARGET_WORDS and not (plain[name] == "y" and "x" in plain.values())
    ]
    if known:
        last = known[-1] == usable[-1] and plain[known[-1]] in (*_SURE, "y")
        return known[-1] if last else min(known, key=lambda name: TARGET_WORDS.index(plain[name]))
    hinted = [name for name in usable if _PARTS & {word.lower() for word in _WORD.findall(name)}]
    return (hinted or usable)[-1]


def guess_time(guesses: Sequence[ColumnGuess]) -> str:
    """Return the column of dates by which rows can be split into earlier and later ones; "" where there is none."""
    dates = [g.name for g in guesses if g.kind == "date" and _is_there(g) and g.distinct >= _LEAST_TIMES]
    return next((name for name in dates if not _BORN.search(name)), "")


def guess_text_and_label(guesses: Sequence[ColumnGuess]) -> tuple[str, str]:
    """Return the columns that look like a text and its label; empty where none does."""
    texts = [guess.name for guess in guesses if guess.kind == "text"]
    labels = [guess for guess in guesses if guess.kind in ("category", "number") and guess.distinct >= 2]
    labels = [guess for guess in labels if _is_there(guess)] or labels
    named = [guess for guess in labels if "".join(_WORD.findall(guess.name)).lower() in TARGET_WORDS]
    chosen = min(named or labels, key=lambda guess: guess.distinct, default=None)
    return (texts[0] if texts else "", chosen.name if chosen else "")


def guess_pair(guesses: Sequence[ColumnGuess]) -> tuple[str, str]:
    """Return which of the columns of words look like a text and what is to be made of it: those that say so by their names, else
    the first two that differ in most rows; empty where there are none."""
    words = [guess for guess in guesses if _is_there(guess)]
    many = [guess.name for guess in words if guess.kind == "text" or 2 * guess.distinct > guess.rows]
    named = {"".join(_WORD.findall(guess.name)).lower(): guess.name for guess in words}
    for source, target in _PAIRS:
        if source in named and target in named:
            return named[source], named[target]
    return (many[0], many[1]) if len(many) > 1 else ("", "")


def _is_there(guess: ColumnGuess) -> bool:
    return guess.missing <= _MOST_MISSING * guess.rows
