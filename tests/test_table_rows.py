"""Rows for a network: from a JSON object, a list, lines or a table; each wrong one gets its own sentence."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.data_info import Column, DataInfo
from engine.errors import TrainyardError
from engine.modalities.table.given import rows_of_columns, rows_of_records
from engine.modalities.table.rows import make_rows
from engine.serving.decoding import decode
from engine.settings import settings

INFO = DataInfo((), ("no", "yes"), (Column("weight, g", "number"), Column("n", "number"), Column("isle 🏝", "category")))
ROWS = [
    {"weight, g": 3.5, "n": 1, "isle 🏝": "Dream"},
    {"weight, g": None, "n": 2, "isle 🏝": ""},
    {"weight, g": 4.25, "n": None, "isle 🏝": "unseen"},
]
EXPECTED = make_rows(np.array([[3.5, 1], [np.nan, 2], [4.25, np.nan]]), np.array([["Dream"], [""], ["unseen"]], object))


def equal(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one["numbers"], other["numbers"], equal_nan=True) and np.array_equal(
        one["categories"], other["categories"]
    )


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(ROWS).encode(),
        "\n".join(map(json.dumps, ROWS)).encode(),
        pd.DataFrame(ROWS).to_csv(index=False).encode(),
        pd.DataFrame(ROWS).assign(species="known").to_csv(index=False, sep=";").encode("utf-8-sig"),
    ],
    ids=["list", "lines", "csv", "semicolons and a further column"],
)
def test_many_rows_mean_the_same_in_every_format(data: bytes) -> None:
    found = decode("table", data, "rows.txt", INFO)
    assert found.names == ("rows.txt:1", "rows.txt:2", "rows.txt:3")
    assert equal(found.inputs, EXPECTED)
    assert not found.errors


def test_an_object_is_one_row_in_which_columns_may_be_absent() -> None:
    found = decode("table", '{"isle 🏝": "Dream", "n": "7"}'.encode(), "row", INFO)
    assert found.names == ("row",)
    assert equal(found.inputs, make_rows(np.array([[np.nan, 7]]), np.array([["Dream"]], object)))


def test_an_unknown_column_of_an_object_and_an_absent_one_of_a_table_are_sentences() -> None:
    with pytest.raises(TrainyardError, match="has a column 'wieght' that this network does not take"):
        decode("table", b'{"wieght": 1}', "row", INFO)
    with pytest.raises(TrainyardError, match="does not have the column 'n', which this network needs"):
        decode("table", "weight, g;isle 🏝\n1;x\n".encode(), "a.csv", INFO)


@pytest.mark.parametrize("value", ["heavy", True, "1e999", 10**400, [1], "1,5"])
def test_what_is_no_number_is_an_error_of_its_row_alone(value: object) -> None:
    rows, errors = rows_of_records([ROWS[0], {**ROWS[1], "n": value}, ROWS[2]], INFO)
    assert equal(rows, EXPECTED[[0, 2]])
    assert list(errors) == [1]
    assert errors[1].startswith("'n' is ")


def test_rows_that_the_table_reader_left_out_are_told() -> None:
    found = decode("table", b'"weight, g";n;"isle \xf0\x9f\x8f\x9d"\n1;2;a\n1;2\n3;4;b\n', "a.csv", INFO)
    assert len(found.inputs) == 2
    assert found.names == ("a.csv:1", "a.csv:2", "a.csv, row 3 of the file")
    assert list(found.errors) == [2]


def test_ten_thousand_rows_are_one_batch_and_one_more_is_refused(home: Path) -> None:
    frame = pd.DataFrame({"weight, g": np.arange(10_000) / 8, "n": 1.0, "isle 🏝": "x"})
    found = decode("table", frame.to_csv(index=False).encode(), "a.csv", INFO)
    assert np.array_equal(found.inputs["numbers"][:, 0], frame["weight, g"].to_numpy(np.float32))
    assert settings().max_predicted_rows == 10_000
    more = pd.concat([frame, frame[:1]]).to_csv(index=False).encode()
    with pytest.raises(TrainyardError, match="has 10,001 rows; one request may have 10,000"):
        decode("table", more, "a.csv", INFO)


def test_whole_numbers_as_categories_are_written_alike_wherever_they_come_from() -> None:
    frame = pd.DataFrame({"weight, g": [1.0] * 3, "n": [1.0] * 3, "isle 🏝": [3.0, np.nan, 2.5]})
    rows, _ = rows_of_columns(frame, INFO)
    assert rows["categories"][:, 0].tolist() == ["3", "", "2.5"]


def test_half_of_a_character_becomes_a_question_mark() -> None:
    found = decode("table", b'{"isle \xf0\x9f\x8f\x9d": "Dre\\ud83dam"}', "row", INFO)
    assert found.inputs["categories"].tolist() == [["Dre?am"]]


@pytest.mark.parametrize("data", [b"", b"{", b"[", b"[]", b"\xff\x00", b"<html>", b'{"a": {"b": 1}}'])
def test_anything_else_is_a_sentence(data: bytes) -> None:
    with pytest.raises(TrainyardError):
        decode("table", data, "a.json", INFO)
