"""Files of many inputs: zips, tables, and their errors."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from engine.data_info import Column, DataInfo
from engine.errors import TrainyardError
from engine.serving.decoding import decode
from engine.serving.uploads import open_inputs
from engine.settings import settings
from tests.bad_files.make import CHINESE, SCRIPTS, sounds, tables
from tests.memory import said_and_megabytes
from tests.test_images import encoded, plain

WANTED = {
    "image": DataInfo((16, 16, 3), ("a", "b")),
    "audio": DataInfo((4_000,), ("a", "b")),
    "text": DataInfo((), ("a", "b")),
    "table": DataInfo((), ("a", "b"), (Column("a", "number"), Column("b", "category"))),
}
ODD = (
    sounds()
    | tables()
    | {
        "cat.png": encoded(plain()),
        "torn.jpg": encoded(plain(size=(400, 400)), "JPEG")[:700],
        "logo.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "a.gif": encoded(plain(), "GIF", save_all=True, append_images=[plain(colour=(0, 0, 255))]),
        "zeros.txt": bytes(1_000),
    }
)
"""Everything that is kept for one kind of input, which people give for each other kind, too."""


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
    assert found == [{"a": "1", "b": "x, y"}, {"a": "2", "b": None}], (
        "cells stay text: the network's columns say what they are"
    )
    inside = read("table", ("t.zip", zipped(**{"t.csv": text.encode()})))
    assert [json.loads(row) for row in inside.values()] == found


def test_columns_that_the_network_does_not_know_are_left_out_and_none_may_be_absent() -> None:
    with open_inputs("table", [("t.csv", b"a,target,b\n1,9,2\n")], ("b", "a")) as (row,):
        assert json.loads(row.read()) == {"a": "1", "b": "2"}
    with (
        pytest.raises(TrainyardError, match=r"'t\.csv' does not have the column 'c'"),
        open_inputs("table", [("t.csv", b"a,b\n1,2\n")], ("a", "c")),
    ):
        pytest.fail("It was taken.")


def test_a_table_of_texts_is_one_text_a_row_and_any_other_file_is_one_text() -> None:
    table = b"id,review\n1,a fine film\n2,\n3,dull\n"
    assert read("text", ("a.txt", b"a,b\nc,d")) == {"a.txt": b"a,b\nc,d"}
    with open_inputs("text", [("t.csv", table)], ("review",)) as inputs:
        assert [member.name for member in inputs] == ["t.csv:1", "t.csv:2", "t.csv:3"]
        assert inputs[0].read() == b"a fine film"
        with pytest.raises(TrainyardError, match="The text is missing"):
            inputs[1].read()
    for info in (DataInfo((), ("a", "b"), text_column="review"), WANTED["text"]):
        found = decode("text", table, "t.csv", info)
        assert (found.names, found.inputs.tolist(), list(found.errors)) == (
            ("t.csv:1", "t.csv:2", "t.csv:3"), ["a fine film", "dull"], [1],
        )  # fmt: skip
    with pytest.raises(TrainyardError, match=r"'t\.csv' does not have the column 'text', from which"):
        decode("text", table, "t.csv", DataInfo((), ("a", "b"), text_column="text"))


def test_a_row_of_another_length_is_wrong_alone() -> None:
    with open_inputs("table", [("t.csv", b"a,b\n1,2,3\n1,2\n")]) as inputs:
        whole, long = inputs
        with pytest.raises(TrainyardError):
            long.read()
        assert json.loads(whole.read()) == {"a": "1", "b": "2"}


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


def test_a_file_in_a_zip_may_have_as_much_as_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = settings().model_copy(update={"max_image_mb": 1, "max_clip_mb": 3})
    for module in ("unpack", "sounds"):
        monkeypatch.setattr(f"engine.readers.{module}.settings", lambda: limits)
    for module in ("serving.uploads", "modalities.base", "modalities.audio"):
        monkeypatch.setattr(f"engine.{module}.settings", lambda: limits)
    archive = zipped(**{"a.wav": bytes(2_000_000)})
    assert len(read("audio", ("x.zip", archive))["a.wav"]) == 2_000_000
    with pytest.raises(TrainyardError, match=r"'a\.wav' unpacks to more than 1 MB"):
        read("image", ("x.zip", archive))


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    small = settings().model_copy(update={"max_archive_mb": 1})
    monkeypatch.setattr("engine.readers.unpack.settings", lambda: small)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(50_000_000))
    with pytest.raises(TrainyardError, match="unpacks to more than 1 MB"):
        read("image", ("x.zip", buffer.getvalue()))


# -- one file for a network --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modality", sorted(WANTED))
@pytest.mark.parametrize("name", sorted(ODD))
def test_any_file_for_any_network_is_an_input_or_a_sentence_that_names_it(modality: str, name: str) -> None:
    said, found = "", None
    try:
        found = decode(modality, ODD[name], name, WANTED[modality])
    except TrainyardError as error:
        said = str(error)
    if found is None:
        assert re.fullmatch(rf"{re.escape(repr(name))} .{{10,}}\.", said, re.DOTALL)
    else:
        assert len(found.names) == len(found.inputs) + len(found.errors) > 0


@pytest.mark.parametrize("modality", sorted(WANTED))
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_file_with_a_name_in_any_script_is_named_in_its_sentence(modality: str, script: str) -> None:
    with pytest.raises(TrainyardError) as caught:
        decode(modality, b"", f"{script}.bin", WANTED[modality])
    assert str(caught.value).startswith(f"{script + '.bin'!r} ")
    assert ("does not contain any letters" if modality == "text" else "is empty") in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "does not contain any letters"),
        (b"\xef\xbb\xbf \n\t", "does not contain any letters"),
        (CHINESE.encode("utf-16"), "is not text in UTF-8"),
        ("plain words".encode("utf-16-le"), "is not text in UTF-8, but UTF-16 or binary data"),
        (CHINESE.encode("gb18030"), "is not text in UTF-8"),
        ("na\xefve".encode() + "na\xefve".encode("latin-1"), "is not text in UTF-8"),
        (encoded(plain()), "is a PNG image, not text in UTF-8"),
        (zipped(a=b"x" * 9), "is a zip archive, not text in UTF-8"),
        (b"x" * 100_001, r"has 100,001 characters; a text may have 100,000 \(TRAINYARD_MAX_TEXT_CHARACTERS\)"),
    ],
)
def test_what_is_no_usable_text_is_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(TrainyardError, match=rf"^'a\.txt' ({said})"):
        decode("text", data, "a.txt", WANTED["text"])


@pytest.mark.parametrize("data", [b'{"a":[' + b"[]," * 4_000_000 + b"1]}", b'{"a":' * 2_000_000])
def test_a_row_in_json_that_would_grow_a_hundredfold_is_not_read(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(data)
    said, megabytes = said_and_megabytes(
        f"""
import pandas, pyarrow.compute
from engine.errors import TrainyardError
from engine.modalities.table.given import decode_rows
from engine.data_info import Column, DataInfo
info = DataInfo((), ("a", "b"), (Column("a", "number"),))
data = open({str(tmp_path / "bomb")!r}, "rb").read()
""",
        """
try:
    print(decode_rows(data, "bomb", info).errors)
except TrainyardError as error:
    print(error)
""",
    )
    assert "The line has more than 1,000,000 characters" in said
    assert megabytes < 100
