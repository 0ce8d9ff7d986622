"""Only a modality knows its particulars: the sources are searched for names and guesses elsewhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.imports.own_kinds import own_kinds
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
"""Files in which a modality may be named."""
EXCEPTIONS = {
    "engine/imports/annotations.py": "a key of COCO JSON, and a folder of YOLO, are called `images`",
    "engine/imports/columns.py": "the cells of a column look like `text`",
    "engine/imports/targets.py": "the same",
    "engine/imports/transcripts.py": "columns of tables are called so",
    "engine/imports/sets.py": "sets that are older than kinds are of images, and do not say so",
    "engine/cli/own_data.py": "the role of a column",
    "engine/readers/kinds.py": "a file may be `text`, whatever it is for",
    "engine/scripting/network.py": "a name in scripts",
    "engine/store": "a column of the database",
    "ui/runs": "the same, and the filter of the list",
    "engine/settings.py": "logs are `text` or JSON",
    "ui/predictions/generated.py": "the `text` of a prediction",
    "engine/advice/alarms.py": "the same",
    "ui/predictions/rewritten.py": "the same",
    "ui/predictions/tokens.py": "the `text` of a token",
    "ui/predictions/transcript.py": "the same",
    "ui/demo/results.py": "a cell of Streamlit's tables may be an `image`",
}
"""Files in which these words mean something else."""
GUESSES = re.compile(r"dtype == object|info\.columns else|if [\w.]*info\.columns\b|len\([\w.]*shape\) == ")


def sources() -> Iterator[tuple[str, Path]]:
    """Every file that must not know a modality."""
    for path in sorted(p for folder in ("engine", "ui", "pages") for p in (ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(HOMES):
            yield name, path


def words() -> set[str]:
    """The names of modalities, of the sets that people import of them, and what goes with these."""
    kinds = own_kinds().values()
    return {*modalities, *(word for kind in kinds for word in (kind.name, kind.dataset))}


def named(path: Path) -> list[str]:
    """The words among the constants of a file; a single one as a key says something to another program, such as Plotly."""
    tree = ast.parse(path.read_text())
    keys = [[key for key in node.keys if key] for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    alone = {id(found[0]) for some in keys if len(found := [key for key in some if _word(key)]) == 1}
    return [word for node in ast.walk(tree) if (word := _word(node)) and id(node) not in alone]


def _word(node: ast.AST) -> str:
    known = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in words()
    return str(node.value) if known else ""


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


def test_the_group_of_a_modality_is_one_that_stands_for_itself() -> None:
    for modality in modalities.values():
        assert not modality.group or not modalities[modality.group].group, modality.name
