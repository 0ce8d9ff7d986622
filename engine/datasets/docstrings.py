"""Descriptions of functions and their first lines, from the libraries that Trainyard stands on."""

import ast
import hashlib
import importlib.metadata
import importlib.util
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.language.edits import units

LIBRARIES = (
    *(("numpy", "numpy"), ("scipy", "scipy"), ("pandas", "pandas"), ("sklearn", "scikit-learn"), ("keras", "keras")),
    *(("statsmodels", "statsmodels"), ("sqlalchemy", "SQLAlchemy")),
)
"""Names of packages with those under which they are installed; all of them have licences that allow this."""
_SKIPPED = {"tests", "test", "_vendor", "vendored", "externals", "conftest.py"}
_LEAST_BODY, _MOST_BODY = 80, 1_500  # characters
_LEAST_TITLE, _MOST_TITLE = 3, 25  # words
_SHINGLE, _BANDS, _BAND_ROWS = 4, 8, 3
_BLANK = re.compile(r"\n\s*\n")
_SECTION = re.compile(
    r"^\s*(Parameters|Args|Arguments|Returns|Raises|Examples?|Notes|See Also|References)\s*:?\s*$", re.MULTILINE
)


@datasets.register("docstrings", "Descriptions of functions and their first lines")
class Docstrings(UnsplitDataset):
    """What functions of well-known libraries say about themselves: the description is read, its first line is the summary."""

    tasks: ClassVar[tuple[str, ...]] = ("summarization",)
    source: ClassVar[str] = "Gathered when it is prepared from the installed sources of " + ", ".join(
        name for _, name in LIBRARIES
    )
    licence: ClassVar[str] = "BSD-3-Clause, MIT and Apache-2.0, as of each library"
    limits: ClassVar[str] = (
        "Technical English of a few libraries, which describe similar functions alike: the summary of the most similar function is "
        "hard to beat. In minutes a network writes first lines that sound right and are often about something else."
    )
    suggested: ClassVar[dict[str, Any]] = {
        "model": "pointer-generator", "context_length": 128, "vocabulary_size": 2_000, "epochs": 6,
    }  # fmt: skip

    def fingerprint(self) -> str:
        """Changes with the versions of the libraries."""
        return " ".join(f"{name} {importlib.metadata.version(name)}" for _, name in LIBRARIES)

    def load(self) -> Examples:
        """Every different description; near copies stay in one split."""
        pairs = list(dict.fromkeys(pair for package, _ in LIBRARIES for pair in _pairs_of(package)))
        bodies = np.empty(len(pairs), object)
        bodies[:] = [body for body, _ in pairs]
        titles = [title for _, title in pairs]
        return Examples(bodies, titles, groups=near_copies([f"{title} {body}" for body, title in pairs], titles))


def _pairs_of(package: str) -> Iterator[tuple[str, str]]:
    """Yield description and first line of all functions and classes of a package, which is not imported."""
    spec = importlib.util.find_spec(package)
    for root in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(root).rglob("*.py")):
            if not _SKIPPED & set(path.relative_to(root).parts):
                yield from _pairs_in(path.read_text("utf-8", "replace"))


def _pairs_in(code: str) -> Iterator[tuple[str, str]]:
    try:
        with warnings.catch_warnings():  # of other people's code
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except SyntaxError:
        return
    for node in _described(tree):
        text = ast.get_docstring(node)
        if text and (pair := pair_of(text)):
            yield pair


def _described(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield functions, classes and their methods; what is inside of functions is not looked at."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from _described(node)


def pair_of(text: str) -> tuple[str, str] | None:
    """Return description and first line of a docstring; None where one of them is too short or too long."""
    title, _, rest = (part if part else "" for part in text.strip().partition("\n\n"))
    body = " ".join(_BLANK.sub("\n", _SECTION.split(rest)[0]).split())
    title = " ".join(title.split())
    good = _LEAST_TITLE <= len(title.split()) <= _MOST_TITLE and len(body) >= _LEAST_BODY
    return (body[:_MOST_BODY], title) if good and title not in body else None


def near_copies(texts: list[str], titles: list[str]) -> np.ndarray:
    """Return a number for each text (texts,): those that share most of their words in a row, or their title, have the same.

    MinHash with bands (Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900).
    """
    parent = list(range(len(texts)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = place = parent[parent[place]]
        return place

    seen: dict[Any, int] = {}
    for place, (text, title) in enumerate(zip(texts, titles, strict=True)):
        for key in (("title", title.lower()), *_bands(text)):
            parent[root(place)] = root(seen.setdefault(key, place))
    return np.array([root(place) for place in range(len(texts))], np.int64)


def _bands(text: str) -> Iterator[tuple[int, bytes]]:
    words = units(text.lower())
    rows = {" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))}
    digests = np.array([list(hashlib.blake2b(row.encode(), digest_size=8).digest()) for row in rows], np.uint8)
    numbers = digests.copy().view(np.uint64).ravel()
    rng = np.random.default_rng(0)
    factors = rng.integers(1, 2**63, _BANDS * _BAND_ROWS, dtype=np.uint64) | np.uint64(1)
    least = (numbers[:, None] * factors[None, :]).min(axis=0)
    for band in range(_BANDS):
        yield band, least[band * _BAND_ROWS : (band + 1) * _BAND_ROWS].tobytes()
