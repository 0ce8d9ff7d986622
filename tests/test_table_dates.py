"""Dates in tables: read as people write them, to what a calendar says, the same in numpy and in a network; splits by time."""

import datetime
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.data_info import Column, DataInfo
from engine.datasets.base import Examples, datasets
from engine.dates import parse_date, parts_of, write_date
from engine.errors import TrainyardError
from engine.imports.importing import import_data
from engine.imports.understand import understand
from engine.imports.understood import Choice
from engine.modalities.base import modalities
from engine.modalities.table.dates import date_places, learn_dates
from engine.modalities.table.given import rows_of_records
from engine.modalities.table.rows import Rows, make_rows
from engine.preparation.prepare import prepare, split_examples
from engine.reading import Reading

DAY = 86_400.0
START = datetime.date(2023, 1, 1)


def table_of_days(count: int = 60, form: str = "%Y-%m-%d") -> bytes:
    """Two rows a day."""
    days = [START + datetime.timedelta(days=i // 2) for i in range(count)]
    rows = [f"{day.strftime(form)},{i % 7},{10 + i % 5 + i / 10:.1f}" for i, day in enumerate(days)]
    return "\n".join(["when,size,price", *rows]).encode()


def imported(data: bytes, name: str = "days", **changes: object) -> str:
    found = understand(io.BytesIO(data), "days.csv")
    choice = Choice("table", name, roles=found.roles, layout=found.layout, time_column=found.time_column)
    return import_data(io.BytesIO(data), "days.csv", replace(choice, **changes), found=found).made.reference  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "order", "read"),
    [
        ("2024-03-05", "", "2024-03-05T00:00:00"),
        ("2024/3/5 07:08", "", "2024-03-05T07:08:00"),
        ("3/4/2024", "mdy", "2024-03-04T00:00:00"),
        ("3/4/2024", "dmy", "2024-04-03T00:00:00"),
        ("31.12.99", "dmy", "1999-12-31T00:00:00"),
        ("Mar 3, 2024", "", "2024-03-03T00:00:00"),
        ("3-Mar-2024 3:05 PM", "", "2024-03-03T15:05:00"),
        ("2024年3月5日", "", "2024-03-05T00:00:00"),
        ("2024-03-05T10:00:00+08:00", "", "2024-03-05T02:00:00"),
        ("2024-02-30", "", None),
        ("3/4/2024", "", None),
        ("0001-01-01T00:00+01:00", "", None),
        ("9999-12-31T23:59-01:00", "", None),
        ("2024-01-01T00:00+99:99", "", None),
        ("2024-01-01 10:00" + " " * 50_000 + "x", "", None),
        ("soon", "", None),
    ],
)
def test_a_date_is_read_as_people_write_it(text: str, order: str, read: str | None) -> None:
    found = parse_date(text, order)  # type: ignore[arg-type]
    assert (None if found is None else write_date(found, times=True)) == read


def test_a_calendar_agrees_with_python_over_all_years() -> None:
    rng = np.random.default_rng(0)
    days = np.concatenate([rng.integers(-719_162, 2_932_896, 500), [-719_162, 0, 2_932_896]])
    parts = parts_of(days * DAY + 3_600)
    for row, day in enumerate(days.tolist()):
        true = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
        found = [int(parts[name][row]) for name in ("year", "month", "day", "weekday", "hour")]
        assert found == [true.year, true.month, true.day, true.weekday(), 1]
    assert np.isnan(parts_of(np.array([np.nan]))["year"]).all()


def test_a_network_sees_what_the_calendar_says_and_nothing_of_a_missing_date() -> None:
    import keras

    rng = np.random.default_rng(1)
    seconds = rng.integers(0, 20_000, 64) * DAY + rng.integers(0, 24, 64) * 3_600
    rows = make_rows(None, None, np.append(seconds, np.nan)[:, None])
    learned = learn_dates(rows["dates"][:, 0])
    info = DataInfo((), columns=(Column("when", "date"),), modality="table", learned={"dates": [learned]})
    raw, _ = modalities["table"].inputs(info)
    seen = keras.Model(raw, modalities["table"].preprocess(raw, info))({"dates": rows["dates"]}).numpy()
    places = {word: seen[:, index] for index, (_name, word) in enumerate(date_places(info))}
    parts = parts_of(rows["dates"][:-1, 0])
    mean, deviation = learned["elapsed"]
    assert places["elapsed days"][:-1] == pytest.approx(
        (parts["elapsed"] - learned["first"] / DAY - mean) / deviation, abs=1e-5
    )
    assert places["month, sine"][:-1] == pytest.approx(np.sin((parts["month"] - 1) * np.pi / 6), abs=1e-5)
    assert places["hour, cosine"][:-1] == pytest.approx(np.cos(parts["hour"] * np.pi / 12), abs=1e-5)
    assert np.array_equal(places["Sunday"][:-1], parts["weekday"] == 6)
    assert places["missing"][-1] == 1
    assert not seen[-1, :-1].any()


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y"])
def test_a_column_of_dates_is_recognised_and_read_the_same_in_a_request(home: Path, form: str) -> None:
    found = understand(io.BytesIO(table_of_days(form=form)), "days.csv")
    assert (found.roles["when"], found.time_column) == ("date", "when")
    data = prepare(datasets["my-table"].parse({"table": imported(table_of_days(form=form))}))
    assert [column.kind for column in data.info.columns] == ["number", "date"]
    assert write_date(data.inputs[np.array([2])]["dates"][0, 0]) == "2023-01-02"
    rows, errors = rows_of_records([{"when": "2023-01-09"}, {"when": None}, {"when": "later"}, {"when": 3}], data.info)
    assert [write_date(cell) if cell == cell else "" for cell in rows["dates"][:, 0].tolist()] == ["2023-01-09", ""]
    assert sorted(errors) == [2, 3]
    assert "such as 2024-03-31" in errors[2]


def test_a_doubtful_order_is_said_and_can_be_overruled() -> None:
    from engine.readers.layout import Layout

    table = b"when,size,price\n" + b"".join(
        b"%d/%d/2023,%d,%d\n" % (1 + i % 12, 1 + i // 12, i, i * i) for i in range(60)
    )
    guess = understand(io.BytesIO(table), "t.csv").columns[0]
    assert "month/day" in guess.reason
    other = understand(io.BytesIO(table), "t.csv", layout=Layout(dates="dmy")).table
    assert other is not None
    assert other.decided["when"].reading == Reading("date", order="dmy")


def test_the_latest_rows_are_the_test_and_days_stay_together(home: Path) -> None:
    name = imported(table_of_days())
    data = prepare(datasets["my-table"].parse({"table": name}))
    times = {split: data.inputs[data.indices(split)]["dates"][:, 0] for split in ("train", "validation", "test")}  # type: ignore[arg-type]
    assert times["train"].max() < times["validation"].min()
    assert times["validation"].max() < times["test"].min()
    shuffled = prepare(datasets["my-table"].parse({"table": name, "at_random": True}))
    assert (data.by_time, shuffled.by_time) == (True, False)
    assert shuffled.inputs[shuffled.indices("test")]["dates"].min() < times["validation"].min()


def test_folds_by_time_never_train_on_what_comes_later() -> None:
    rows = Examples(np.zeros(60), np.arange(60.0), times=np.arange(60.0))
    for fold in range(3):
        dataset = datasets["my-table"].parse({"folds": 3, "fold": fold, "predict": "values"})
        found = split_examples(dataset, rows)
        assert 0 < found["train"].max() < found["validation"].min()
        assert found["validation"].max() < found["test"].min()


def test_dates_that_cannot_split_are_refused(home: Path) -> None:
    table = table_of_days()
    two_days = b"when,size,price\n" + b"".join(b"2023-01-0%d,%d,%d\n" % (1 + i % 2, i, i * i) for i in range(40))
    with pytest.raises(TrainyardError, match="fewer than 3 different dates"):
        imported(two_days, time_column="when")
    with pytest.raises(TrainyardError, match="no cell that is a date"):
        imported(table.replace(b"when,size", b"when,how"), roles={"price": "target", "how": "date"})


def test_rows_with_dates_are_kept_on_disk(tmp_path: Path) -> None:
    rows = make_rows(np.ones((3, 1)), np.array([["a"], ["b"], [""]], object), np.array([[0.0], [DAY], [np.nan]]))
    kept = Rows.of(rows)
    for name, array in kept.files().items():
        np.save(tmp_path / name, array)
    for name, text in kept.texts().items():
        (tmp_path / name).write_text(text)
    again = Rows.read(tmp_path)[np.arange(3)]
    assert np.array_equal(again["dates"], rows["dates"], equal_nan=True)
    assert len(set(kept.keys())) == 3


def test_pages_write_dates_as_dates_and_a_hidden_one_becomes_the_middle(home: Path) -> None:
    from ui.modalities.table_facts import column_facts, records
    from ui.modalities.table_look import _range

    data = prepare(datasets["my-table"].parse({"table": imported(table_of_days())}))
    [fact] = [fact for fact in column_facts(data) if fact.column.kind == "date"]
    assert str(fact.typical).startswith("2023-01-1")
    assert _range(fact).startswith("2023-01-01 … 2023-01-2")
    row = data.inputs[np.array([0])]
    assert records(row, data.info) == [{"size": 0.0, "when": "2023-01-01"}]
    table = modalities["table"]
    assert table.face(row[0], data.info).text == "size 0, when 2023-01-01"
    found = table.occlude(row, 10, data.info, table.typical(data.inputs, data.indices("train")))
    assert {"column": "when"} in found.parts
