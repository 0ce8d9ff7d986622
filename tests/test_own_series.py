"""Series that people bring: times are read, steps made equal, gaps said, and windows cut of what is whole."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from engine.data_info import DataInfo
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.imports.importing import import_data
from engine.imports.sets import ImportReport
from engine.imports.understood import Choice
from engine.modalities.base import modalities
from engine.modalities.time_series.regular import regular, times_of
from engine.preparation.prepare import PreparedDataset, prepare
from engine.timeline import Timeline

DAY = 86_400.0


def bring(text: str, time: str = "", target: str = "", group: str = "") -> ImportReport:
    """Import a table as series."""
    choice = Choice("time-series", "mine", text_column=time, label_column=target, group_column=group)
    return import_data(BytesIO(text.encode()), "mine.csv", choice)


def told(report: ImportReport) -> str:
    """Everything that was said of an import."""
    return " ".join(f"{problem.file}: {problem.reason}" for problem in report.problems)


def cut(**fields: object) -> PreparedDataset:
    """The prepared windows of what was brought."""
    return prepare(datasets["my-series"].parse({"series": "mine", "window": 8, "horizon": 3, **fields}))


def daily(steps: int, *, start: str = "2024-01-01", leave_out: range = range(0)) -> str:
    """A table of days, a wave, and a mark that rises with it."""
    days = np.arange(steps) + np.datetime64(start)
    rows = [
        f"{day},{np.sin(i):.4f},{i % 7 == 0:d},{np.sin(i) * 2:.4f}" for i, day in enumerate(days) if i not in leave_out
    ]
    return "\n".join(["day,sales,holiday,twice", *rows])


def test_a_table_becomes_windows(home: Path) -> None:
    report = bring(daily(80), target="sales")
    assert report.made.roles == {"time": "day", "target": "sales"}
    assert report.made.num_examples == 80
    prepared = cut(known="holiday")
    line = prepared.info.timeline
    assert line is not None
    assert (line.step, line.season, line.names, line.hidden) == ("day", 7, ("sales", "twice", "holiday"), 2)
    grid = prepared.inputs[np.array([5])][0]
    np.testing.assert_allclose(grid[:8, 0], np.sin(np.arange(5, 13)), atol=1e-3)
    assert not grid[8:, :2].any()
    np.testing.assert_array_equal(grid[:, 2], [(i % 7 == 0) for i in range(5, 16)])


def test_a_column_that_gives_the_future_away_is_warned_of(home: Path) -> None:
    assert "'twice': It says nearly the same as 'sales'" in told(bring(daily(80), target="sales"))


def test_gaps_are_said_filled_when_short_and_touched_by_no_window_when_long(home: Path) -> None:
    assert "Steps without a value: 2 of 80; the longest gap has 2." in told(
        bring(daily(80, leave_out=range(20, 22)), target="sales")
    )
    whole = len(cut().inputs)
    report = bring(daily(80, leave_out=range(20, 32)), target="sales")  # longer than the window
    assert "the longest gap has 12." in told(report)
    prepared = prepare(datasets["my-series"].parse({"series": report.made.reference, "window": 8, "horizon": 3}))
    assert len(prepared.inputs) == whole - (12 + 8 + 3 - 1)


def test_times_may_be_in_any_order_zone_and_twice(home: Path) -> None:
    report = bring(
        "at,value\n2024-01-01T02:00:00+02:00,1\n2024-01-01T03:00:00Z,4\n2024-01-01T01:00:00Z,2\n"
        "2024-01-01T10:00:00+08:00,3\n2024-01-01T03:00:00Z,6\n"
    )
    said = told(report)
    assert "Rows are put in the order of their times." in said
    assert "averaged: 1" in said
    found = regular(times_of(["2024-01-01T02:00:00+02:00", "2024-01-01T01:00:00Z"]), np.array([[1.0], [2.0]]))
    np.testing.assert_array_equal(found.values[:, 0], [1, 2])
    assert found.step == "hour"


@pytest.mark.parametrize(
    ("cells", "step"),
    [
        (["2024-01-31", "2024-02-29", "2024-03-31"], "month"),
        (["2020", "2021", "2022"], "year"),
        (["2024-01-01", "2024-01-08", "2024-01-15"], "week"),
        (["1", "2", "3"], "step"),
        (["2024-01-01", "2024-04-01", "2024-07-01"], "quarter"),
    ],
)
def test_the_unit_of_time_is_recognised(cells: list[str], step: str) -> None:
    found = regular(times_of(cells), np.arange(3.0)[:, None])
    assert found.step == step
    np.testing.assert_array_equal(found.values[:, 0], [0, 1, 2])


@pytest.mark.parametrize("times", [[0.0], [5.0, 5.0], []])
def test_fewer_than_two_times_are_a_sentence(times: list[float]) -> None:
    with pytest.raises(TrainyardError, match="at least two different times"):
        regular(np.array(times), np.zeros((len(times), 1)))


def test_a_time_that_is_far_off_does_not_fill_the_memory() -> None:
    times = np.array([0, 1, 2, 3, 1e12])
    with pytest.raises(TrainyardError, match="Is a time wrong"):
        regular(times, np.zeros((5, 1)))


def test_two_rows_and_constant_series_are_sentences(home: Path) -> None:
    bring("day,value\n2024-01-01,1\n2024-01-02,2\n")
    with pytest.raises(TrainyardError, match="The series has 2 steps"):
        cut()
    report = bring("day,value\n" + "\n".join(f"{np.datetime64('2024-01-01') + i},5" for i in range(60)))
    with pytest.raises(TrainyardError, match="the same value at all times"):
        prepare(datasets["my-series"].parse({"series": report.made.reference, "window": 8, "horizon": 3}))


def test_several_series_are_told_apart(home: Path) -> None:
    days = np.arange(60) + np.datetime64("2024-01-01")
    rows = [f"{day},{shop},{np.sin(i) * (1 + 9 * (shop == 'b')):.3f}" for i, day in enumerate(days) for shop in "ab"]
    bring("\n".join(["day,shop,sales", *rows]), group="shop", target="sales")
    prepared = cut()
    scales = np.unique(prepared.targets[:, -1])
    assert len(scales) == 2
    assert scales[1] == pytest.approx(10 * scales[0], rel=0.01)


def test_a_file_of_the_demo_is_read_like_the_import() -> None:
    line = Timeline(4, 2, 7, "day", ("sales",))
    info = DataInfo(line.shape, target="sales", modality="time-series", timeline=line)
    text = "day,sales\n2024-01-04,4\n2024-01-01,1\n2024-01-02,2\n"
    [one] = modalities["time-series"].decode(text.encode(), "a.csv", info).inputs
    np.testing.assert_array_equal(one[:4, 0], [1, 2, 3, 4])  # in order, and the third day filled


def test_a_step_has_a_length_only_where_times_are_those_of_a_calendar() -> None:
    values = np.ones((5, 1))
    dated = times_of([f"2024-01-01 00:{5 * i:02}" for i in range(5)])
    for times, seconds in ((dated, 300), (dated * 1_000, 0), (np.arange(5.0), 0)):
        assert regular(times, values).seconds == seconds
