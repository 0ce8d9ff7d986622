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
def test_each_row_of_a_csv_is_an_input(text: str) -> None:
    found = [json.loads(row) for row in read("table", ("t.csv", text.encode())).values()]
    assert found == [{"a": "1", "b": "x, y"}, {"a": "2", "b": ""}]
    inside = read("table", ("t.zip", zipped(**{"t.csv": text.encode()})))
    assert [json.loads(row) for row in inside.values()] == found


def test_for_other_modalities_a_csv_is_one_text() -> None:
    assert read("text", ("t.csv", b"a,b")) == {"t.csv": b"a,b"}


def test_a_row_of_another_length_is_wrong_alone() -> None:
    with open_inputs("table", [("t.csv", b"a,b\n1\n1,2\n")]) as inputs:
        short, whole = inputs
        with pytest.raises(TrainyardError, match=r"'t.csv:2' has 1 values for 2 columns"):
            short.read()
        assert json.loads(whole.read()) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t.csv", b"\xff\xfea", "not text in UTF-8"),
        ("t.csv", b"a,a\n1,2\n", "column names"),
        ("t.csv", b"", "column names"),
        ("t.csv", b'a,b\n"x"y,1\n', "no CSV file"),
        ("t.csv", b"a\n" + b"x" * 200_000, "no CSV file"),
        ("x.zip", b"PK\x03\x04 broken", "not a zip archive"),
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
