"""Files of many inputs: zips, tables, and what is wrong with them."""

import io
import json
import zipfile

import pytest

from engine.errors import TrainyardError
from engine.serving.uploads import open_inputs
from engine.settings import settings


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def read(modality: str, *uploads: tuple[str, bytes]) -> dict[str, bytes]:
    with open_inputs(modality, uploads) as inputs:
        return {member.name: member.read() for member in inputs}


def test_files_and_what_zips_hold_are_inputs_one_by_one() -> None:
    archive = zipped(**{"b.png": b"two", "deep/c.png": b"three", "__MACOSX/d": b"junk"})
    assert read("image", ("a.png", b"one"), ("x.zip", archive)) == {
        "a.png": b"one",
        "b.png": b"two",
        "deep/c.png": b"three",
    }
    assert read("image", ("renamed", archive)).keys() == {"b.png", "deep/c.png"}


@pytest.mark.parametrize(
    "text",
    ['a,b\n1,"x, y"\n\n2,\n', '\ufeffa;b\r\n1;"x, y"\r\n2;\r\n', "a\tb\n1\tx, y\n2\t\n"],
)
def test_each_row_of_a_table_is_an_input(text: str) -> None:
    found = [json.loads(row) for row in read("table", ("t.csv", text.encode())).values()]
    assert found == [{"a": 1, "b": "x, y"}, {"a": 2, "b": None}]
    inside = read("table", ("t.zip", zipped(**{"t.csv": text.encode()})))
    assert [json.loads(row) for row in inside.values()] == found


def test_columns_that_the_network_does_not_know_are_left_out_and_none_may_be_absent() -> None:
    with open_inputs("table", [("t.csv", b"a,target,b\n1,9,2\n")], ("b", "a")) as (row,):
        assert json.loads(row.read()) == {"a": 1, "b": 2}
    with (
        pytest.raises(TrainyardError, match=r"'t\.csv' has no column 'c'"),
        open_inputs("table", [("t.csv", b"a,b\n1,2\n")], ("a", "c")),
    ):
        pytest.fail("It was taken.")


def test_for_other_modalities_a_csv_is_one_text() -> None:
    assert read("text", ("t.csv", b"a,b")) == {"t.csv": b"a,b"}


def test_a_row_of_another_length_is_wrong_alone() -> None:
    with open_inputs("table", [("t.csv", b"a,b\n1,2,3\n1,2\n")]) as inputs:
        whole, long = inputs
        with pytest.raises(TrainyardError):
            long.read()
        assert json.loads(whole.read()) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"\x89PNG\r\n\x1a\n", "not a table"),
        ("x.zip", b"PK\x03\x04 broken", r"^'x\.zip': The file is not a zip archive"),
        (
            "x.xlsx",
            zipped(**{"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}),
            r"^'x\.xlsx': It is an Excel",
        ),
        ("x.zip", zipped(**{"../up.png": b""}), "points outside"),
        ("t.csv", b"a\n" + b"1\n" * 10_001, "10,001 inputs.*TRAINYARD_MAX_INSTANCES"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_used_as_a_whole_is_refused(name: str, data: bytes, said: str) -> None:
    with pytest.raises(TrainyardError, match=said), open_inputs("table", [(name, data)]):
        pytest.fail("It was taken.")


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    small = settings().model_copy(update={"max_archive_mb": 1})
    monkeypatch.setattr("engine.datasets.unpack.settings", lambda: small)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(50_000_000))
    with pytest.raises(TrainyardError, match="unpacks to more than 1 MB"):
        read("image", ("x.zip", buffer.getvalue()))
