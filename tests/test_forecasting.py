"""Forecasts: windows and splits by time, what a network may see, simple forecasts, and a run from its series to its answers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.data_info import DataInfo
from engine.datasets.base import Examples, datasets
from engine.datasets.sources.windows import usual_change
from engine.errors import TrainyardError
from engine.evaluation.forecasts import drift, evaluate_forecasts, forecast_scores, seasonal_naive
from engine.modalities.base import modalities
from engine.models.base import models
from engine.runs import RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Instances
from engine.store import Store
from engine.tasks.base import Prediction
from engine.tasks.forecasting import Forecasting
from engine.timeline import Timeline
from engine.training import fit
from engine.training.calling import SavedModel
from engine.training.network import build_network
from tests.tiny import TinySeries

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
FORECASTERS = sorted(name for name in models if Forecasting.accepts(models[name]))
LINE = Timeline(6, 3, 4, "day", ("value", "measured", "mark"), hidden=2)
INFO = DataInfo(LINE.shape, target="value", modality="time-series", timeline=LINE)
ALONE = DataInfo((9, 1), target="value", modality="time-series", timeline=Timeline(6, 3))
SERIES = modalities["time-series"]


@pytest.fixture
def series(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small dataset of three channels."""
    monkeypatch.setattr(datasets, "_entries", {name: datasets[name] for name in datasets})
    datasets.register("tiny-series")(TinySeries)


# -- windows -----------------------------------------------------------------------------------------------------------


def cut(steps: int, window: int = 8, horizon: int = 4, season: int = 3, stride: int = 1) -> Examples:
    """Windows of a series whose values are their places."""
    dataset = TinySeries(window=window, horizon=horizon, stride=stride)
    return dataset.cut([np.arange(steps, dtype=float)[:, None]], Timeline(window, horizon, season), "place")


def origins(examples: Examples, split: str) -> np.ndarray:
    """The first step that each example of a split tells."""
    assert examples.validation is not None
    assert examples.test is not None
    chosen = {
        "validation": examples.validation,
        "test": examples.test,
        "train": ~examples.validation & ~examples.test,
    }[split]
    return np.asarray(examples.targets[chosen, 0]).astype(int)


def test_no_forecast_reaches_into_a_later_split() -> None:
    examples = cut(100)
    assert origins(examples, "train").max() + 4 <= origins(examples, "validation").min()
    assert origins(examples, "validation").max() + 4 <= origins(examples, "test").min()
    assert origins(examples, "test").max() + 4 == 100
    assert all(len(origins(examples, split)) for split in ("train", "validation"))


def test_the_future_follows_the_window_and_is_hidden_in_it() -> None:
    examples = cut(100)
    np.testing.assert_array_equal(examples.inputs[:, 7, 0] + 1, examples.targets[:, 0])
    assert not examples.inputs[:, 8:].any()
    np.testing.assert_array_equal(examples.targets[:, -1], 3)  # what the series changes over a season


@pytest.mark.parametrize("stride", [1, 3])
def test_networks_with_different_windows_are_tested_from_the_same_origins(stride: int) -> None:
    short, long = cut(120, window=6, stride=stride), cut(120, window=20, stride=stride)
    for split in ("validation", "test"):
        np.testing.assert_array_equal(origins(short, split), origins(long, split))


@pytest.mark.parametrize("steps", [2, 19])
def test_a_short_series_is_a_sentence(steps: int) -> None:
    with pytest.raises(TrainyardError, match=r"need at least 20"):
        cut(steps)


def test_the_shortest_series_has_an_example_of_each_split() -> None:
    assert all(len(origins(cut(20), split)) for split in ("train", "validation", "test"))


def test_a_constant_series_is_a_sentence() -> None:
    with pytest.raises(TrainyardError, match="the same value at all times"):
        usual_change(np.full(30, 5.0), 12)


def test_a_series_that_repeats_itself_exactly_is_measured_from_step_to_step() -> None:
    assert usual_change(np.tile([0.0, 1.0], 12), 2) == 1


def test_folds_are_refused() -> None:
    with pytest.raises(TrainyardError, match="mix past and future"):
        TinySeries(folds=5).load()


# -- what is seen ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", FORECASTERS)
def test_no_network_reads_a_cell_of_the_hidden_future(home: Path, model: str) -> None:
    spec = RunSpec.build({"task": "time-series-forecasting", "dataset": "co2", "model": model})
    info = replace(INFO, learned={"means": [0.0, 1.0, 0.5], "deviations": [1.0, 2.0, 0.5]})
    call = SavedModel(build_network(spec, info))
    rng = np.random.default_rng(0)
    grid = rng.normal(size=(4, *LINE.shape)).astype(np.float32)
    told = np.asarray(call(grid))
    hidden, seen = grid.copy(), grid.copy()
    hidden[:, ~LINE.visible()] = np.nan
    np.testing.assert_array_equal(np.asarray(call(hidden)), told)
    for place in np.argwhere(LINE.visible()):
        seen[:, *place] += 1.0
    assert not np.allclose(np.asarray(call(seen)), told)
    seen = grid.copy()
    seen[:, LINE.window :, LINE.hidden :] += 1.0  # known beforehand, and used
    assert not np.allclose(np.asarray(call(seen)), told)


@pytest.mark.parametrize("level", [0.0, 1e4, -300.0])
def test_the_level_of_a_series_does_not_matter(home: Path, level: float) -> None:
    spec = RunSpec.build({"task": "time-series-forecasting", "dataset": "co2", "model": "linear"})
    call = SavedModel(build_network(spec, ALONE))
    grid = np.sin(np.arange(9, dtype=np.float32)).reshape(1, 9, 1)
    np.testing.assert_allclose(np.asarray(call(grid + level)) - level, np.asarray(call(grid)), atol=2e-2)


def test_quantiles_never_cross(home: Path) -> None:
    spec = RunSpec.build({"task": "time-series-forecasting", "dataset": "co2", "model": "mlp"})
    told = np.asarray(
        SavedModel(build_network(spec, ALONE))(np.random.default_rng(0).normal(size=(50, 9, 1)).astype("f4"))
    )
    assert told.shape == (50, 3, 3)
    assert (np.diff(told, axis=2) >= 0).all()


# -- figures -----------------------------------------------------------------------------------------------------------


def test_simple_forecasts() -> None:
    past = np.array([[1.0, 2, 3, 4, 5]])
    np.testing.assert_array_equal(seasonal_naive(past, 5, 2), [[4, 5, 4, 5, 4]])
    np.testing.assert_array_equal(seasonal_naive(past, 2, 12), [[5, 5]])  # the window is shorter than a season
    np.testing.assert_array_equal(drift(past, 3), [[6, 7, 8]])


def test_scores_by_hand() -> None:
    told = np.array([[[1, 2, 4, 0, 0], [2, 2, 2, 0, 0]]], float)  # two steps: low, median, high, and the simple ones
    scores = forecast_scores(told, np.array([[3.0, 3.0, 0.5]]))
    assert scores["mase"] == pytest.approx([2.0])
    assert scores["smape"] == pytest.approx([2 / 5])
    assert scores["coverage"] == pytest.approx([0.5])


def test_an_evaluation_has_each_origin_beside_the_simple_forecasts() -> None:
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(20, 9, 5)), np.abs(rng.normal(size=(20, 4))) + 0.1
    found = evaluate_forecasts(outputs, targets, Timeline(6, 3), "value")
    assert found["origins"] == len(found["by_origin"]["network"]) == 20
    assert found["means"]["network"] == pytest.approx(found["metrics"]["mase"])
    assert np.mean(found["by_origin"]["seasonal"]) == pytest.approx(found["means"]["seasonal"], rel=1e-4)
    assert len(found["ahead"]["drift"]) == 3
    json.dumps(found, allow_nan=False)


# -- given by people ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"9,1,2,3,4,5,6",
        b"1\n2\n3\n4\n5\n6\n",
        b"[1, 2, 3, 4, 5, 6]",
        b"day,anything\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n2020-01-04,4\n2020-01-05,5\n2020-01-06,6\n",
        b"value\n1\n2\n\n4\n5\n6\n".replace(b"\n\n", b"\nNA\n"),
        b"\xef\xbb\xbf1 2 3 4 5 6",
    ],
)
def test_a_series_can_be_given_in_many_ways(data: bytes) -> None:
    [one] = SERIES.decode(data, "a.csv", ALONE).inputs
    np.testing.assert_array_equal(one[:, 0], [1, 2, 3, 4, 5, 6, 0, 0, 0])


@pytest.mark.parametrize(
    "data", [b"1,2", b"[1, 2]", b"[1,2,3,4,5,1e999]", b"[[[", b"1,2,3,4,5,inf", b"[" * 100_000, b'["1","2"]', b"true"]
)
def test_what_is_no_such_series_is_a_sentence(data: bytes) -> None:
    with pytest.raises(TrainyardError):
        SERIES.decode(data, "a.csv", ALONE)


ROWS = "value,measured,mark\n" + "".join(f"{i},{i * 2},{i % 2}\n" for i in range(6))


def test_the_future_of_what_is_known_beforehand_follows_the_last_value() -> None:
    [one] = SERIES.decode((ROWS + ",,1\n,,0\n,,1\n").encode(), "a.csv", INFO).inputs
    np.testing.assert_array_equal(one[6:], [[0, 0, 1], [0, 0, 0], [0, 0, 1]])
    with pytest.raises(TrainyardError, match="does not say what mark will be in the 3 steps"):
        SERIES.decode(ROWS.encode(), "a.csv", INFO)
    rows = one.astype(object)
    rows[~LINE.visible()] = None
    np.testing.assert_array_equal(SERIES.parse([rows.tolist()], INFO)[0], one)


# -- a whole run -------------------------------------------------------------------------------------------------------


def test_a_run_goes_from_its_series_to_its_answers(series: None, store: Store) -> None:
    values = {"task": "time-series-forecasting", "dataset": "tiny-series", "model": "linear", "epochs": 30}
    run = store.runs.create(RunSpec.build(values), slot="terminal")
    fit.train_run(store, run)
    run = store.runs.get(run.id)
    assert run.state is RunState.COMPLETED, run.message
    found = json.loads(artifacts_of(run.id).evaluation.read_text())["test"]
    assert run.result["test_mase"] == found["means"]["network"]
    assert run.result["test_mase"] < found["means"]["drift"]
    assert found["baseline"]["name"] == "seasonal-naive"
    assert found["baseline"]["metrics"]["mase"] == pytest.approx(found["means"]["seasonal"], rel=1e-4)
    body = {"instances": [[[i % 5, i, 0] for i in range(12)] + [[None, None, 1]] * 4]}
    answered = json.loads(LoadedModels().answer(run.id, [Instances(json.dumps(body).encode())])[0])
    [one] = answered["predictions"]
    assert one["history"] == [float(i % 5) for i in range(12)]
    assert [len(one[name]) for name in ("forecast", "low", "high", "seasonal", "drift")] == [4] * 5
    assert one["seasonal"] == [0, 1, 2, 3]
    assert Prediction("forecast", one).describe() == " ".join(
        ["value day", *(f"{value:.6g}" for value in one["forecast"])]
    )
    assert all(
        low <= middle <= high for low, middle, high in zip(one["low"], one["forecast"], one["high"], strict=True)
    )
