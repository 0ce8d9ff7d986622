"""Only a modality knows its particulars: the sources are searched for names and guesses elsewhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.base import Modality, modalities

ROOT = Path(__file__).resolve().parents[1]
HOMES = (
    "engine/modalities",
    "ui/modalities",
    "engine/tasks",
    "engine/models",
    "engine/datasets",
    "engine/augmentations",
)
"""Where a modality may be named."""
EXCEPTIONS = {
    "engine/imports": "a kind of imported set is called `table`, and columns and cells are `text`",
    "engine/readers": "a file may be `text`, whatever it is for",
    "engine/advice": "what was measured on data of one kind is advice for that kind",
    "engine/cli": "the flags of tables, and how a run is drawn in a terminal",
    "engine/store": "columns of the database",
    "ui/data": "what an import was understood as",
    "ui/charts": "Plotly's `text`",
    "ui/studies": "Plotly's `text`, and what Streamlit keeps of a table",
    "ui/compare": "Plotly's `text`",
    "ui/runs": "Plotly's `text`, and the filter of the list",
    "ui/demo/results.py": "a cell of Streamlit's tables may be an `image`",
    "ui/train/sources.py": "the field of a dataset that names an imported table",
}
"""Where these words mean something else, or the kind of an import."""
GUESSES = re.compile(r"dtype == object|info\.columns else|if [\w.]*info\.columns\b|len\([\w.]*shape\) == ")


def sources() -> Iterator[tuple[str, Path]]:
    """Every file that must not know a modality."""
    for path in sorted(p for folder in ("engine", "ui", "pages") for p in (ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(HOMES):
            yield name, path


def named(path: Path) -> list[str]:
    """The names of modalities among the constants of a file."""
    constants = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
    return [value for value in constants if isinstance(value, str) and value in modalities]


def test_no_file_outside_of_their_homes_names_a_modality() -> None:
    found = {name: words for name, path in sources() if (words := named(path))}
    left = {name: words for name, words in found.items() if not name.startswith(tuple(EXCEPTIONS))}
    assert not left


def test_every_exception_is_needed() -> None:
    found = [name for name, path in sources() if named(path)]
    assert [place for place in EXCEPTIONS if not any(name.startswith(place) for name in found)] == []


def test_no_file_guesses_a_modality_from_types_and_shapes() -> None:
    allowed = {"engine/training/tensors.py", "engine/serving/wire.py"}  # plain NumPy to TensorFlow and to bytes
    assert [name for name, path in sources() if GUESSES.search(path.read_text()) and name not in allowed] == []


INFO = DataInfo((3,))


@pytest.mark.parametrize("data", [b"1, 2, 3", b"[1, 2, 3]", b"\xef\xbb\xbf1 2\n3"])
def test_a_modality_without_code_of_its_own_takes_numbers(data: bytes) -> None:
    np.testing.assert_array_equal(Modality().decode(data, "a.txt", INFO).inputs, [[1, 2, 3]])


@pytest.mark.parametrize("data", [b"1, 2", b"[1, 2, null]", b"one two three", b"\xff\xfe", b"[" * 100_000, b"1,2,inf"])
def test_what_is_no_such_numbers_is_a_sentence(data: bytes) -> None:
    with pytest.raises(TrainyardError, match=r"'a\.txt' cannot be used\. Expected: 3 numbers\."):
        Modality().decode(data, "a.txt", INFO)


def test_a_wrong_entry_among_many_is_named() -> None:
    with pytest.raises(TrainyardError, match=r"^instances\[1\] cannot be used"):
        Modality().parse([[1, 2, 3], [1, "2", 3]], INFO)


def test_objects_are_not_stored_as_numbers() -> None:
    with pytest.raises(TrainyardError, match="takes arrays of numbers"):
        Modality().store(np.array(["a"], object))
