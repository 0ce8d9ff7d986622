"""Failures that are foreseen: generated machines, windows that lie in one part, alarms within a budget, and a run to its answers."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.data_info import CALIBRATED, DataInfo
from engine.datasets.base import Examples, datasets
from engine.datasets.machine_sensors import SENSORS, MachineSensors, generated, shifts
from engine.datasets.sources.watched import LABELS, Machine
from engine.errors import TrainyardError
from engine.evaluation.alarms import alarms_at, threshold_for, weeks_of
from engine.imports.importing import import_data
from engine.imports.understood import Choice
from engine.modalities.base import modalities
from engine.models.base import models
from engine.preparation.prepare import prepare
from engine.reporting.kinds import kind_of
from engine.reporting.parts import Facts, Matrix
from engine.runs import RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Instances
from engine.store import Store
from engine.tasks.predictive_maintenance import PredictiveMaintenance
from engine.timeline import Timeline
from engine.training import fit
from tests.tiny import TinyMachines

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
LINE = Timeline(4, 2, 1, "hour", ("place",), watched=True)
SERIES = modalities["time-series"]


def machine(steps: int, failures: tuple[int, ...]) -> Machine:
    """One whose only sensor says the hour, and that is down for two hours from each of `failures` on."""
    down = np.zeros(steps, bool)
    for failure in failures:
        down[failure : failure + 2] = True
    return np.arange(steps, dtype=float)[:, None], down


def windows(*machines: Machine, stride: int = 1, window: int = 4, horizon: int = 2) -> Examples:
    """As the dataset cuts them."""
    dataset = TinyMachines(window=window, horizon=horizon, stride=stride, test_fraction=0.2, validation_fraction=0.25)
    return dataset.cut_watched(machines, Timeline(window, horizon, 1, "hour", ("place",)))


# -- windows -----------------------------------------------------------------------------------------------------------


def test_no_window_lies_in_two_parts_with_the_steps_after_it() -> None:
    found = windows(machine(100, (20, 70, 90)))
    assert found.test is not None
    assert found.validation is not None
    first, last = found.inputs[:, 0, 0], found.inputs[:, -1, 0] + 2
    for marked, low, high in (
        (~found.test & ~found.validation, 0, 60), (found.validation, 60, 80), (found.test, 80, 100),
    ):  # fmt: skip
        assert marked.any()
        assert (first[marked] >= low).all()
        assert (last[marked] < high).all()


def test_a_window_fails_where_a_failure_begins_in_the_steps_after_it() -> None:
    found = windows(machine(100, (20, 40)))
    last = found.inputs[:, -1, 0]
    assert sorted(last[found.targets == 1].tolist()) == [18, 19, 38, 39]
    assert found.labels == LABELS


def test_a_machine_that_is_down_is_not_asked_about() -> None:
    last = windows(machine(100, (20, 40))).inputs[:, -1, 0]
    assert not set(last.tolist()) & {20, 21, 40, 41}
    assert {19, 22} <= set(last.tolist())


def test_windows_with_a_long_gap_are_left_out_and_short_gaps_are_filled() -> None:
    values, down = machine(100, (20,))
    values[30] = np.nan
    values[45:50] = np.nan
    found = windows((values, down)).inputs[:, :, 0]
    assert 30 in found
    assert not ((found > 44) & (found < 50)).any()


def test_a_training_split_without_a_failure_is_refused() -> None:
    with pytest.raises(TrainyardError, match=r"of which 0 are followed by a failure"):
        windows(machine(100, (95,)))


def test_without_a_window_of_its_own_in_validation_or_test_nothing_is_drawn_from_training() -> None:
    for steps in (40, 56):
        with pytest.raises(TrainyardError, match="No whole window of 8 steps, with the 4 steps after it"):
            windows(machine(steps, (5, 12, 20)), window=8, horizon=4)
    assert windows(machine(60, (5, 12, 20)), window=8, horizon=4).validation.any()  # type: ignore[union-attr]


def test_the_unit_says_how_many_weeks_are_watched() -> None:
    info = windows(machine(400, (20, 40)), stride=6).timeline
    assert info is not None
    assert (info.watched, info.every, info.shape) == (True, 6, (4, 1))
    assert weeks_of(28, info) == pytest.approx(1)
    assert Timeline.from_dict(info.to_dict()) == info


# -- generated machines ------------------------------------------------------------------------------------------------


def test_machines_are_the_same_for_the_same_seed() -> None:
    generated.cache_clear()
    [(one, down)] = generated(1, 5)
    generated.cache_clear()
    np.testing.assert_array_equal(generated(1, 5)[0][0], one)
    np.testing.assert_array_equal(generated(2, 5)[0][0], one)
    assert (generated(1, 6)[0][0] != one).any()
    assert down.any()


def test_they_stand_still_in_nights_and_holidays_and_wear_before_they_fail() -> None:
    shift = shifts().reshape(-1, 24)
    assert not shift[0].any(), "New Year"
    assert not shift[217:228].any()
    assert shift[2].sum() == 16
    rising = []
    for values, down in generated(12, 0):
        begins = np.flatnonzero(down & ~np.roll(down, 1))
        assert 4 <= len(begins) <= 25
        working = values[:, SENSORS.index("power (kW)")] > 15
        vibration = values[:, SENSORS.index("vibration (mm/s)")]
        near = np.zeros(len(down), bool)
        for begin in begins:
            near[max(0, begin - 48) : begin] = True
        rising.append(vibration[near & working].mean() - vibration[~near & working & ~down].mean())
    assert np.mean(rising) > 0.3


def test_the_same_machines_are_told_or_watched_as_the_task_says() -> None:
    told = RunSpec.build({"dataset": "machine-sensors", "task": "time-series-forecasting"}).dataset
    watched = RunSpec.build({"dataset": "machine-sensors", "task": "predictive-maintenance"}).dataset
    assert (told.task(), watched.task()) == ("time-series-forecasting", "predictive-maintenance")
    one = MachineSensors(machine_count=1, asked="failures", stride=24).load_for_task()
    assert set(one.targets.tolist()) == {0, 1}
    assert "Generated" in MachineSensors.source


# -- alarms ------------------------------------------------------------------------------------------------------------


def test_a_threshold_allows_as_many_alarms_as_there_is_time_for() -> None:
    likely = np.array([0.1, 0.9, 0.5, 0.7])
    for allowed in range(4):
        assert (likely > threshold_for(likely, allowed + 0.9)).sum() == allowed
    assert threshold_for(likely, 4) == 0
    assert threshold_for(np.zeros(0), 3) == 0
    assert (np.full(5, 0.3) > threshold_for(np.full(5, 0.3), 2)).sum() <= 2, "equal ones are no alarms"


def test_windows_in_a_row_are_of_one_failure_which_one_alarm_announces() -> None:
    fails = np.array([0, 1, 1, 0, 1, 0, 1, 1], bool)
    likely = np.array([0.9, 0.1, 0.8, 0.1, 0.2, 0.7, 0.9, 0.9])
    found = alarms_at(0.5, likely, fails)
    assert (found.count, found.right, found.failing, found.failures, found.announced) == (5, 3, 5, 3, 2)
    assert found.precision == pytest.approx(3 / 5)
    assert found.recall == pytest.approx(2 / 3)
    nothing = alarms_at(0.95, likely, fails)
    assert np.isnan(nothing.precision)
    assert nothing.recall == 0
    assert np.isnan(alarms_at(0.5, likely, np.zeros(8, bool)).recall)


def test_the_budget_is_kept_on_the_validation_split_and_the_test_is_judged_with_its_threshold() -> None:
    rng = np.random.default_rng(0)
    fails = (rng.random(1_680) < 0.1).astype(int)  # ten weeks
    failing = np.clip(0.3 * fails + 0.5 * rng.random(1_680), 0, 1)
    outputs = np.stack([1 - failing, failing], axis=1)
    task, info = PredictiveMaintenance(alarms=3.0), DataInfo(LINE.shape, LABELS, timeline=LINE)
    known = info.calibrated_by(task.calibrate(outputs, fails, info))
    found = task.evaluate(outputs, fails, known)
    assert found["alarms"]["count"] == 30
    assert found["metrics"]["alarm_precision"] > 0.5
    other = task.evaluate(np.roll(outputs, 1, axis=1), fails, known)
    assert other["alarms"]["threshold"] == found["alarms"]["threshold"]


# -- one's own data ----------------------------------------------------------------------------------------------------


def brought(values: str = "0,1", minutes: int = 60) -> None:
    """Import a table of two pumps with a column of failures, and a row in so many minutes."""
    quiet, down = values.split(",")
    rows = ["time,pump,broken,heat,noise"]
    for pump in "ab":
        for hour in range(300):
            since = (hour + 9 * (pump == "b")) % 30
            time = np.datetime64("2024-01-01T00") + np.timedelta64(minutes * hour, "m")
            rows.append(f"{time},{pump},{down if since < 2 else quiet},{since},{hour % 7}")
    choice = Choice("time-series", "pumps", text_column="time", label_column="broken", group_column="pump")
    import_data(BytesIO("\n".join(rows).encode()), "pumps.csv", choice)


def test_a_table_with_a_column_of_failures_is_watched(home: Path) -> None:
    brought()
    spec = RunSpec.build(
        {"task": "predictive-maintenance", "dataset": "my-series", "series": "pumps", "window": 6, "horizon": 3}
    )
    prepared = prepare(spec.dataset)
    line = prepared.info.timeline
    assert line is not None
    assert (line.names, line.step, line.watched) == (("heat", "noise"), "hour", True)
    heat = np.asarray(prepared.inputs[prepared.indices("train")])[:, -1, 0]
    fails = np.asarray(prepared.targets[prepared.indices("train")])
    assert set(heat[fails == 1].tolist()) == {27, 28, 29}
    assert set(heat[fails == 0].tolist()) == set(range(2, 27))


def test_a_step_without_a_name_has_its_length_in_weeks(home: Path) -> None:
    brought(minutes=10)
    values = {"task": "predictive-maintenance", "dataset": "my-series", "series": "pumps", "window": 6, "horizon": 3}
    line = prepare(RunSpec.build(values).dataset).info.timeline
    assert line is not None
    assert (line.step, line.seconds) == ("step", 600)
    assert weeks_of(6 * 24 * 7, line) == pytest.approx(1)
    assert weeks_of(1, replace(line, seconds=0.0)) == pytest.approx(1 / 168)
    assert weeks_of(1, replace(line, step="year")) == pytest.approx(52.18, abs=0.01)


def test_a_column_of_failures_with_other_values_is_refused(home: Path) -> None:
    brought("0,3")
    spec = RunSpec.build(
        {"task": "predictive-maintenance", "dataset": "my-series", "series": "pumps", "window": 6, "horizon": 3}
    )
    with pytest.raises(TrainyardError, match="'broken' has other values than 0 and 1"):
        prepare(spec.dataset)


def test_the_last_hours_are_taken_from_a_table_and_a_missing_sensor_is_said() -> None:
    line = Timeline(3, 2, 1, "hour", ("heat", "noise"), hidden=2, watched=True)
    info = DataInfo(line.shape, LABELS, modality="time-series", timeline=line)
    text = "time,noise,heat\n" + "".join(f"2024-01-01 {hour:02}:00,{hour},{10 * hour}\n" for hour in range(5))
    [window] = SERIES.decode(text.encode(), "a.csv", info).inputs
    np.testing.assert_array_equal(window, [[20, 2], [30, 3], [40, 4]])
    with pytest.raises(TrainyardError, match="no value of noise"):
        SERIES.decode(b"heat,noise\n0,7\n1,\n2,\n3,\n", "a.csv", info)


def test_a_report_has_the_alarms_and_the_classes() -> None:
    found = {"threshold": 0.25, "count": 9, "right": 4, "announced": 3, "failures": 5}
    evaluated = {"alarms": found, "labels": list(LABELS), "confusion_matrix": [[80, 5], [3, 4]]}
    alarms, matrix = kind_of("alarm").parts(evaluated)
    assert isinstance(alarms, Facts)
    assert [value for _name, value in alarms.rows] == ["25.0%", "9", "4", "3 / 5"]
    assert isinstance(matrix, Matrix)
    assert kind_of("alarm").answer({"failing": 0.5, "label": "fails"}) == "50.0% for a failure"


# -- a whole run -------------------------------------------------------------------------------------------------------


@pytest.fixture
def machines(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small dataset."""
    monkeypatch.setattr(datasets, "_entries", {name: datasets[name] for name in datasets})
    datasets.register("tiny-machines")(TinyMachines)


def test_a_run_announces_failures_and_answers_with_its_threshold(machines: None, store: Store) -> None:
    values = {"task": "predictive-maintenance", "dataset": "tiny-machines", "model": "linear", "alarms": 14.0}
    run = store.runs.create(RunSpec.build({**values, "epochs": 30, "learning_rate": 0.02}), slot="terminal")
    fit.train_run(store, run)
    run = store.runs.get(run.id)
    assert run.state is RunState.COMPLETED, run.message
    found = json.loads(artifacts_of(run.id).evaluation.read_text())["test"]
    assert run.result["test_average_precision"] > 0.8
    assert run.result["test_alarm_recall"] > 0.5
    assert found["baseline"]["name"] == "logistic-regression-last-values"
    worn, fresh = ([[level + 0.01 * i, 0.0] for i in range(6)] for level in (0.9, 0.2))
    answered = json.loads(
        LoadedModels().answer(run.id, [Instances(json.dumps({"instances": [worn, fresh]}).encode())])[0]
    )
    first, second = answered["predictions"]
    assert first["failing"] > first["threshold"] > second["failing"]
    assert (first["alarm"], second["alarm"]) == (True, False)
    assert first["threshold"] == pytest.approx(found["alarms"]["threshold"])


@pytest.mark.parametrize("model", sorted(name for name in models if PredictiveMaintenance.accepts(models[name])))
def test_every_model_of_series_sees_how_high_sensors_are(model: str, machines: None) -> None:
    from engine.preparation.learned import learn
    from engine.training.calling import SavedModel
    from engine.training.network import build_network

    spec = RunSpec.build({"task": "predictive-maintenance", "dataset": "tiny-machines", "model": model})
    info = learn(spec.model, spec.task, prepare(spec.dataset))
    call = SavedModel(build_network(spec, info))
    window = np.random.default_rng(0).normal(size=(1, 6, 2)).astype(np.float32)
    first, second = np.asarray(call(window)), np.asarray(call(window + 3))
    assert first.shape == (1, 2)
    assert np.abs(first - second).max() > 1e-4
    assert CALIBRATED not in info.learned
