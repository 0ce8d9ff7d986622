"""One reading for all: predictions, batches, CLI and API read a column as it was decided at import."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from engine.cli.flags import Parser, add_run_flags
from engine.data_info import Column, DataInfo
from engine.datasets.base import datasets
from engine.modalities.table.given import rows_of_records
from engine.preparation.prepare import prepare
from engine.readers.deciding import decide, decide_decimal
from engine.readers.tables import TableFile, read_table
from engine.reading import Reading, cell_text
from engine.runs import RunSpec
from engine.serving.decoding import decode
from engine.serving.outputs import Outputs, Signature
from engine.serving.requests import Files, Instances
from engine.tasks.base import tasks
from engine.tasks.contents import Value
from tests.test_own_data import imported, upload
from ui.demo.results import result_table
from ui.predictions import renderer_for

NBSP = "\N{NO-BREAK SPACE}"
CAFES = ("Caf\u00e9", "Cafe\u0301", "bar")


def info_of(text: str, filename: str = "t.csv", **values: Any) -> DataInfo:
    """Import a table, and return what a network is told of it."""
    made = imported(upload(text), filename, **values).made
    return prepare(datasets["my-table"].parse({"table": made.reference})).info


def lines(head: str, row: Any, count: int = 60) -> str:
    return head + "\n" + "".join(row(i) + "\n" for i in range(count))


# -- cells -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "number"),
    [
        (["1,234.50", "12,000"], 1234.5),
        (["$1,234.50", "-$3", "($4)"], 1234.5),
        (["12.5 %", "3 %"], 12.5),
        (["\N{MINUS SIGN}7", "8"], -7.0),
        (["(7)", "8"], -7.0),
        ([f"1{NBSP}234", "2 345"], 1234.0),
        (["1'234.5", "2\N{RIGHT SINGLE QUOTATION MARK}345"], 1234.5),
        (["5 EUR", "EUR 6"], 5.0),
        (["<NA>", "."], math.nan),
    ],
)
def test_a_number_is_read_in_the_form_of_its_column(cells: list[str], number: float) -> None:
    reading = decide(pa.array([*cells, "1", "2"]), ".").reading
    assert reading.kind == "number"
    assert reading.number(cells[0]) == pytest.approx(number, nan_ok=True)
    values, bad = reading.numbers(pa.array(cells))
    assert values[0] == pytest.approx(number, nan_ok=True)
    assert not bad.any(), "one by one and all at once are the same"


@pytest.mark.parametrize("cell", ["1,5", "7 kg", "1,23", "€5", "1-2", "((5))", "5)", "1,2345"])
def test_what_has_another_form_is_not_a_number(cell: str) -> None:
    assert Reading("number", thousands=",", unit="$").number(cell) is None


def test_a_file_has_one_decimal_mark_and_semicolons_decide_where_cells_leave_doubt() -> None:
    assert decide_decimal([pa.array(["1,5", "2"]), pa.array(["3"])], ";") == ","
    assert decide_decimal([pa.array(["1,500", "2,250"])], ";") == ","
    assert decide_decimal([pa.array(["1,500", "2,250"])], ",") == "."
    assert decide_decimal([pa.array(["1.5", "2.25"])], ";") == "."


def test_a_reading_comes_back_from_json_also_when_a_later_version_wrote_more() -> None:
    reading = Reading("number", decimal=",", thousands=".", wide=True)
    assert Reading.from_dict(json.loads(json.dumps(reading.to_dict())) | {"later": 1}) == reading


def test_values_of_json_are_written_with_all_their_digits() -> None:
    assert [cell_text(value) for value in (True, 49301234561, 49301234561.0, 3.1, None, math.nan, "x")] == [
        "true", "49301234561", "49301234561", "3.1", "", "", "x",
    ]  # fmt: skip


# -- the layout of a file ----------------------------------------------------------------------------------------------


def table(text: str) -> TableFile:
    return read_table(text.encode(), "t.csv")


def columns(read: TableFile) -> dict[str, list[Any]]:
    return {str(name): values.tolist() for name, values in read.frame.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"length", "species"\n1.1, "oak"\n1.2, "elm, white"\n', {"length": [1.1, 1.2], "species": ["oak", "elm, white"]}),
        ("Länge, cm;Breite, cm;Art\n1,5;0,5;Eiche\n4,5;2,5;Linde\n", {
            "Länge, cm": [1.5, 4.5], "Breite, cm": [0.5, 2.5], "Art": ["Eiche", "Linde"]}),
        ("4.0,1.1,oak\n6.8,2.3,elm\n0.1,0.7,oak\n", {
            "column 1": [4.0, 6.8, 0.1], "column 2": [1.1, 2.3, 0.7], "column 3": ["oak", "elm", "oak"]}),
        ("Sales of 2024\n\nname,price,sold\nx,1,2\ny,3,4\nz,5,6\n", {
            "name": ["x", "y", "z"], "price": [1, 3, 5], "sold": [2, 4, 6]}),
        ("Sales,,\nname,price,sold\nx,1,2\ny,3,4\nz,5,6\n", {
            "name": ["x", "y", "z"], "price": [1, 3, 5], "sold": [2, 4, 6]}),
        ("# made by a balance\n# unit: g\na,b\n1,2\n3,4\n# the end\n", {"a": [1, 3], "b": [2, 4]}),
        ("# a b\n1 2\n3 4\n", {"a": [1, 3], "b": [2, 4]}),
        ("#,name,size\n1,x,5\n2,y,6\n4,z,7\n", {"#": [1, 2, 4], "name": ["x", "y", "z"], "size": [5, 6, 7]}),
        ("a   b  c\n1.5  2 x\n10 20   y\n", {"a": [1.5, 10], "b": [2, 20], "c": ["x", "y"]}),
        ("a,b\nr1,1.5,2\nr2,3,4\n", {"column 1": ["r1", "r2"], "a": [1.5, 3], "b": [2, 4]}),
        ("country,2019,2020\nx,1,2\ny,3,4\n", {"country": ["x", "y"], "2019": [1, 3], "2020": [2, 4]}),
    ],
    ids=["quotes behind blanks", "semicolons", "no names", "title", "padded title", "comments", "names in a comment", "a name #",
         "blanks", "row names", "years"],
)  # fmt: skip
def test_layouts_are_found_out(text: str, expected: dict[str, list[Any]]) -> None:
    assert columns(table(text)) == expected


def test_one_bad_cell_is_named_and_the_column_stays_numbers() -> None:
    read = table(lines("temp,state", lambda i: "#DIV/0!,x" if i == 7 else f"{i * 1.5},y"))
    assert np.isnan(read.frame["temp"][7])
    assert [p.reason for p in read.problems] == [
        "Cells that are not numbers count as missing: 1, the first in row 9: '#DIV/0!'."
    ]


# -- from import to prediction -----------------------------------------------------------------------------------------


def test_a_category_is_cleaned_alike_at_import_and_at_prediction(home: Path) -> None:
    info = info_of(
        lines("city,noise,sold", lambda i: f"{('New' + NBSP + 'York', 'Los  Angeles')[i % 2]},{i % 11},{'yn'[i % 2]}")
    )
    given = f"city,noise\nNew{NBSP}York,1\nNew York,2\n\N{ZERO WIDTH SPACE}Los Angeles,3\nBoston,4\n".encode()
    assert decode("table", given, "p.csv", info).inputs["categories"][:, 0].tolist() == [
        "New York", "New York", "Los Angeles", "Boston",
    ]  # fmt: skip


def test_composed_and_decomposed_letters_are_one_category_and_one_column(home: Path) -> None:
    info = info_of(lines("stra\u00dfe \u00e9,x,y", lambda i: f"{CAFES[i % 3]},{i % 7},{'ab'[i % 2]}"))
    assert set(info.named("category")[0].values) == {"Café", "bar"}
    found = decode("table", '{"stra\u00dfe e\u0301": "Cafe\u0301", "x": 1}'.encode(), "row", info)
    assert found.inputs["categories"].tolist() == [["Café"]]


def test_the_answer_for_a_row_does_not_depend_on_the_others(home: Path) -> None:
    info = info_of(lines("vote,noise,cls", lambda i: f"{('-1', '+1', 'abstain')[i % 3]},{i / 7},{'ab'[i % 3 == 1]}"))
    alone = decode("table", b"vote,noise\n+1,0.5\n-1,0.5\n", "p.csv", info).inputs
    together = decode("table", b"vote,noise\n+1,0.5\n-1,0.5\nabstain,0.5\n", "p.csv", info).inputs
    assert alone["categories"].tolist() == together["categories"][:2].tolist() == [["+1"], ["-1"]]
    plain = DataInfo((), ("a", "b"), (Column("n", "number"), Column("c", "category", ("x",))))
    one = decode("table", b"n,c\nNA,x\n", "p.csv", plain)
    assert np.isnan(one.inputs["numbers"]).all(), "one row, in which NA is all that a column has"


@pytest.mark.parametrize("written", ["true", "True", "TRUE"])
def test_true_is_true_in_every_format(written: str, home: Path) -> None:
    rows = [json.dumps({"member": i % 2 == 0, "noise": i % 7, "cls": "ab"[i % 2]}) for i in range(60)]
    info = info_of("\n".join(rows), "t.jsonl")
    assert decode("table", f"member,noise\n{written},1\n".encode(), "p.csv", info).inputs["categories"].tolist() == [
        ["true"]
    ]
    assert rows_of_records([{"member": True}, {"member": written}], info)[0]["categories"].tolist() == [
        ["true"],
        ["true"],
    ]


def test_all_digits_of_a_number_are_kept_in_classes_and_categories(home: Path) -> None:
    phones = ("49301234561", "49891112223", "49301234562")
    report = imported(upload(lines("a,line", lambda i: f"{i % 7},{phones[i % 3]}")), "t.csv")
    assert report.made.labels == ("49301234561", "49301234562", "49891112223")
    assert prepare(datasets["my-table"].parse({"table": "mine"})).info.num_classes == 3
    texts = lines("message,line", lambda i: f"dear support this is about my invoice number {i},{phones[i % 3]}")
    assert set(imported(upload(texts), "t.csv", name="texts").made.labels) == set(phones)
    roles: dict[str, Any] = {"a": "target", "line": "category"}
    assert set(info_of(lines("a,line", lambda i: f"{i % 7},{phones[i % 3]}"), roles=roles).columns[0].values) == set(
        phones
    )


def test_versions_that_are_one_number_are_two_categories_when_taken_as_such(home: Path) -> None:
    text = lines("python,noise,ok", lambda i: f"{('3.1', '3.10', '3.2')[i % 3]},{i % 7},{'yn'[i % 2]}")
    info = info_of(text, roles={"python": "category", "noise": "number", "ok": "target"})
    assert set(info.named("category")[0].values) == {"3.1", "3.10", "3.2"}
    found = decode("table", b"python,noise\n3.10,1\n3.1,1\n", "p.csv", info)
    assert found.inputs["categories"].tolist() == [["3.10"], ["3.1"]]


def test_decimal_commas_are_numbers_for_whoever_asks(home: Path) -> None:
    text = lines("qm;zimmer;miete", lambda i: f"{20 + i};{i % 4};1.{i:03},{i:02}")
    info = info_of(text, roles={"qm": "number", "miete": "number", "zimmer": "target"})
    assert info.columns[1].read_as == Reading("number", decimal=",", thousands=".")
    found = decode("table", b"qm;miete\n30;1.234,5\n31;959,73\n32;\n", "p.csv", info)
    assert found.inputs["numbers"].tolist()[:2] == [[30, 1234.5], [31, pytest.approx(959.73)]]
    assert rows_of_records([{"qm": "7,5", "miete": 959.73}], info)[0]["numbers"].tolist() == [
        [7.5, pytest.approx(959.73)]
    ]


def test_times_in_milliseconds_stay_different(home: Path) -> None:
    info = info_of(lines("ts_ms,phase", lambda i: f"{1_700_000_000_000 + 500 * i},{'ab'[i > 29]}"), roles={
        "ts_ms": "number", "phase": "target"})  # fmt: skip
    assert info.wide
    prepared = prepare(datasets["my-table"].parse({"table": "mine"}))
    assert len(set(prepared.inputs[np.arange(60)]["numbers"][:, 0].tolist())) == 60
    assert rows_of_records([{"ts_ms": 1_700_000_000_500}], info)[0]["numbers"][0, 0] == 1_700_000_000_500


def test_a_first_column_without_a_name_that_numbers_rows_is_no_feature(home: Path) -> None:
    order = np.random.default_rng(0).permutation(60)
    found = imported(upload(lines(",width,kind", lambda i: f"{order[i]},{i % 9 / 2},{'ab'[i % 2]}")), "t.csv").made
    assert found.roles["columns"]["column 1"] == "ignore"


# -- what is unknown ---------------------------------------------------------------------------------------------------

VOTES = DataInfo((), ("a", "b"), (Column("vote", "category", ("+1", "-1"), Reading("category")), Column("n", "number")))
MEANING = Signature(tasks["tabular-classification"](), VOTES)
OUTPUTS = np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5]])


def test_an_unknown_category_is_told_beside_the_answer_for_files_and_for_instances() -> None:
    files = Files([("p.csv", b"vote,n\n+1,1\n+2,1\n,1\n")])
    assert files.inputs(MEANING) is not None
    told = [
        result.prediction.values.get("unknown")
        for result in files.answer(Outputs(OUTPUTS), MEANING)
        if result.prediction
    ]
    assert told == [None, {"vote": "+2"}, None]
    instances = Instances(json.dumps({"instances": [{"vote": "+1"}, {"vote": "+2"}, {}]}).encode())
    instances.inputs(MEANING)
    answers = json.loads(instances.answer(Outputs(OUTPUTS), MEANING))["predictions"]
    assert [answer.get("unknown") for answer in answers] == [None, {"vote": "+2"}, None]


def test_a_value_far_outside_of_the_training_targets_is_told_beside_the_answer_everywhere() -> None:
    info = DataInfo((), (), (Column("n", "number"),), "price", target_range=(35_000.0, 755_000.0))
    assert DataInfo.from_dict(json.loads(json.dumps(info.to_dict()))).target_range == (35_000.0, 755_000.0)
    meaning = Signature(tasks["tabular-regression"](), info)
    outputs = np.array([[160_000.0], [760_000.0], [884_027.0], [-90_000.0]])
    range_ = [35_000.0, 755_000.0]
    instances = Instances(json.dumps({"instances": [{"n": 1}] * 4}).encode())
    instances.inputs(meaning)
    answers = json.loads(instances.answer(Outputs(outputs), meaning))["predictions"]
    assert [answer.get("outside") for answer in answers] == [None, None, range_, range_]
    Value.model_validate(answers[2])
    files = Files([("p.csv", b"n\n1\n1\n1\n1\n")])
    files.inputs(meaning)
    told = [result.prediction for result in files.answer(Outputs(outputs), meaning) if result.prediction]
    assert told[2].describe() == "884027.0 price (outside the training targets, which are from 35000 to 755000)"
    assert "outside" not in told[0].describe()
    table = result_table(renderer_for("value"), files.answer(Outputs(outputs), meaning))
    assert table["outside"].fillna("").tolist() == ["", "", "35,000 to 755,000", "35,000 to 755,000"]


def test_of_a_model_of_an_earlier_version_nothing_is_said_of_its_targets() -> None:
    old = DataInfo.from_dict({"shape": [], "labels": [], "columns": [["n", "number", []]], "target": "price"})
    [found] = tasks["tabular-regression"]().predictions(np.array([[1e9]]), old)
    assert found.values == {"value": 1e9, "target": "price"}


def test_whole_numbers_are_known_with_and_without_a_point() -> None:
    column = Column("n", "category", ("3", "4.0", "5", "5.0"), Reading("category"))
    assert [column.category(value) for value in ("3.0", 3, 4, "4", 5.0, "5.0", 6)] == [
        "3",
        "3",
        "4.0",
        "4.0",
        "5",
        "5.0",
        "6",
    ]


def test_a_table_of_an_earlier_version_is_read_plainly() -> None:
    old = DataInfo.from_dict(
        {"shape": [], "labels": ["a"], "columns": [["n", "number", []], ["c", "category", ["x y"]]]}
    )
    found = decode("table", f"n,c\nNA,x{NBSP}y\n".encode(), "p.csv", old)
    assert np.isnan(found.inputs["numbers"]).all()
    assert found.inputs["categories"].tolist() == [["x y"]]
    assert DataInfo.from_dict(json.loads(json.dumps(VOTES.to_dict()))) == VOTES


def test_frames_of_pandas_are_rows_as_before() -> None:
    rows, errors = rows_of_records(pd.DataFrame({"vote": ["+1", None], "n": [1.5, np.nan]}).to_dict("records"), VOTES)
    assert not errors
    assert rows["categories"][:, 0].tolist() == ["+1", ""]


# -- what is predicted -------------------------------------------------------------------------------------------------


def test_the_task_comes_from_the_target_of_the_set(home: Path) -> None:
    imported(upload(lines("a,y", lambda i: f"{i % 7},{i * 1.25}")), "t.csv")
    assert RunSpec.build({"dataset": "my-table", "table": "mine"}).task.name == "tabular-regression"
    parser = Parser()
    add_run_flags(parser, ["--dataset", "my-table", "--table", "mine"])
    assert "--label-smoothing" not in parser.format_help(), "which only classification has"


def test_numbers_with_many_values_can_be_asked_for_as_classes(home: Path) -> None:
    text = lines("a,y", lambda i: f"{i},{i % 25}", 200)
    found = imported(upload(text), "t.csv", roles={"a": "number", "y": "target"}).made
    assert found.tasks == ("tabular-regression",)
    found = imported(upload(text), "t.csv", roles={"a": "number", "y": "target"}, classes=True).made
    assert (found.tasks, len(found.labels)) == (("tabular-classification",), 25)
