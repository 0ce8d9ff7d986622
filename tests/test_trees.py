"""Boosted trees: the same answers as scikit-learn gives, the same trees after any interruption, and a run like any other."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.baselines.base import baseline_of, cached_baseline
from engine.baselines.search import Search
from engine.cli import main
from engine.data_info import Column
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.forks import check_fork, check_kept
from engine.modalities.table.matrix import MOST_CATEGORIES, learn_matrix, name_cells, name_columns, to_matrix
from engine.modalities.table.rows import make_rows
from engine.models.boosted_trees import BoostedTrees, answering
from engine.preparation.learned import learn
from engine.preparation.prepare import prepare
from engine.runs import Run, RunSpec, RunState
from engine.search.suggestions import suggested_space
from engine.serving.loaded import LoadedModels
from engine.serving.seen import show_prepared
from engine.settings import settings
from engine.spec import Choices
from engine.store import Store
from engine.studies import MODEL, StudySpec
from engine.training import boosting, fit
from engine.training.growing import Growing
from engine.training.reporter import Ended, Reporter
from engine.trees import Trees, read_trees
from tests.tiny import TINY
from tests.training_runs import stopping_at

VALUES: dict[str, Any] = {
    "model": "boosted-trees", "epochs": 6, "rounds": 3, "patience": 0, "leaf_examples": 4, "columns_tried": 0.6, "seed": 5,
}  # fmt: skip
KINDS = {"binary": 2, "several classes": 4, "numbers": 0}


@pytest.fixture(autouse=True)
def _tiny(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny datasets are registered."""
    monkeypatch.setattr(datasets, "_entries", {name: datasets[name] for name in datasets})
    for name, dataset in TINY.items():
        datasets.register(name)(dataset)


def create(store: Store, **values: Any) -> Run:
    """A run that is the caller's."""
    return store.runs.create(RunSpec.build(VALUES | {"dataset": "tiny-table"} | values), "ada", slot="terminal")


def train(store: Store, **values: Any) -> Run:
    """Train from beginning to end."""
    run = create(store, **values)
    fit.train_run(store, run)
    return store.runs.get(run.id)


def rows(count: int = 400, seed: int = 0) -> np.ndarray:
    """Numbers, categories and dates, each with gaps."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(count, 3)) * [1, 1e6, 1e-3]
    numbers[rng.random((count, 3)) < 0.2] = np.nan
    words = rng.choice(["red", "green", "", "绿", "rare"], (count, 2), p=[0.4, 0.3, 0.1, 0.15, 0.05]).astype(object)
    dates = rng.integers(0, 2_000_000_000, (count, 1)).astype(np.float64)
    dates[rng.random((count, 1)) < 0.1] = np.nan
    return make_rows(numbers, words, dates)


def fresh(kind: str) -> tuple[Growing, np.ndarray, dict[str, Any]]:
    """What grows trees of the examples of `rows`, with its matrix and what was learned of the columns."""
    classes, given = KINDS[kind], rows()
    learned = learn_matrix(given)
    matrix = to_matrix(given, learned)
    score = np.nan_to_num(given["numbers"] / [1, 1e6, 1e-3]).sum(axis=1) + 2 * (given["categories"][:, 0] == "red")
    targets = np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1])) if classes else score
    model = BoostedTrees(leaf_examples=5, leaves=15, columns_tried=0.7)
    return Growing(model, matrix, targets, None, columns=learned, classes=classes, seed=1), matrix, learned


def grown(kind: str, rounds: int = 30) -> tuple[Growing, np.ndarray, dict[str, Any]]:
    """The same, once so many rounds are grown."""
    growing, matrix, learned = fresh(kind)
    growing.grow(rounds)
    return growing, matrix, learned


@pytest.mark.parametrize("kind", list(KINDS))
def test_arrays_answer_as_the_estimator_does(kind: str, tmp_path: Path) -> None:
    growing, matrix, learned = grown(kind)
    path = tmp_path / "trees.npz"
    np.savez(path, **growing.trees.arrays())  # type: ignore[arg-type]
    trees = read_trees(path)
    assert trees.left_codes.any(), "nothing was split by categories"
    assert trees.columns == json.loads(json.dumps(learned))
    for some in (matrix, to_matrix(rows(500, seed=9), learned)):
        assert np.isnan(some).any()
        estimator = growing._estimator
        asked = estimator.predict_proba(some) if KINDS[kind] else estimator.predict(some)[:, None]
        task = RunSpec.build({"dataset": "penguins" if KINDS[kind] else "diabetes"}).task
        found = task.final_of(trees.scores(trees.raw(some), KINDS[kind]))
        np.testing.assert_allclose(found, asked, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(trees.raw(some), growing.raw(some), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_first_rounds_are_those_of_a_shorter_fit(kind: str) -> None:
    growing, matrix, _ = grown(kind)
    shorter, _, _ = grown(kind, rounds=7)
    some = growing.trees.first(7)
    assert same(some, shorter.trees)
    assert some.rounds == 7
    assert len(some.first(0).raw(matrix)) == len(matrix)


@pytest.mark.parametrize("kind", list(KINDS))
def test_growing_goes_on_from_kept_trees_as_if_nothing_had_happened(kind: str) -> None:
    whole, _, _ = grown(kind)
    first, _, _ = grown(kind, rounds=11)
    arrays = {name: np.copy(values) for name, values in first.trees.arrays().items()}
    again, _, _ = fresh(kind)
    again.go_on(Trees.of_arrays(arrays), json.loads(json.dumps(first.drawing)))
    again.grow(30)
    assert same(again.trees, whole.trees)


def same(one: Trees, other: Trees) -> bool:
    """Whether two are equal to the last bit."""
    mine, others = one.arrays(), other.arrays()
    return mine.keys() == others.keys() and all(mine[name].tobytes() == others[name].tobytes() for name in mine)


def test_a_class_that_training_never_saw_has_no_probability() -> None:
    learned = learn_matrix(rows())
    growing = Growing(
        BoostedTrees(), to_matrix(rows(), learned), np.arange(400) % 2 * 2, None, columns=learned, classes=4, seed=0
    )
    growing.grow(2)
    scores = growing.trees.scores(growing.raw(to_matrix(rows(), learned)), 4)
    shares = RunSpec.build({"dataset": "penguins"}).task.final_of(scores)
    assert shares[:, [1, 3]].max() < 1e-16
    np.testing.assert_allclose(
        shares[:, [0, 2]], growing._estimator.predict_proba(to_matrix(rows(), learned)), atol=1e-12
    )


def test_rare_and_unknown_categories_have_their_code() -> None:
    words = np.array(
        [[f"w{number}"] for number in [*range(MOST_CATEGORIES + 5), *range(MOST_CATEGORIES)]] + [[""]], object
    )
    learned = learn_matrix(make_rows(None, words))
    asked = make_rows(None, np.array([["w0"], [f"w{MOST_CATEGORIES + 3}"], ["new"], [""]], object))
    codes = to_matrix(asked, learned)[:, 0]
    assert codes[0] < MOST_CATEGORIES
    assert codes[1] == codes[2] == MOST_CATEGORIES, "rare and new values share a code where there were rare ones"
    assert np.isnan(codes[3])
    info = replace(
        prepare(RunSpec.build({"dataset": "penguins"}).dataset).info,
        columns=(Column("w", "category"),),
        learned=learned,
    )
    assert [name_cells([code], info) for code in codes.tolist()] == [
        (("w", "w0", codes[0]),), (("w", "[other]", codes[1]),), (("w", "[other]", codes[2]),), (),
    ]  # fmt: skip
    few = to_matrix(asked, learn_matrix(make_rows(None, np.array([["w0"], ["w1"]], object))))[:, 0]
    assert np.isnan(few[2]), "where all values have a code, a new one is missing"


def test_columns_without_a_value_are_left_out() -> None:
    given = rows()
    given["numbers"][:, 1] = np.nan
    given["dates"] = 0.0
    learned = learn_matrix(given)
    assert learned["numbers"] == [0, 2]
    assert learned["parts"] == []
    assert to_matrix(given, learned).shape == (400, 4)
    nothing = given[["dates"]].astype([("dates", "f8", (1,))])
    assert to_matrix(nothing, learn_matrix(nothing)).tolist() == [[0.0]] * 400


def test_numbers_without_an_end_are_bounded() -> None:
    given = make_rows(np.array([[np.inf], [-np.inf], [1.0]]), None)
    assert np.isfinite(to_matrix(given, learn_matrix(given))).all()


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    growing, _, _ = grown("binary", rounds=1)
    arrays = growing.trees.arrays()
    np.savez(path, **{name: values for name, values in arrays.items() if name != "ends"})  # type: ignore[arg-type]
    with pytest.raises(TrainyardError, match="cannot be read"):
        read_trees(path)
    path.write_bytes(b"PK")
    with pytest.raises(TrainyardError, match="cannot be read"):
        read_trees(path)
    np.savez(path, **arrays | {"ends": np.array([{}], object)})  # type: ignore[arg-type]
    with pytest.raises(TrainyardError, match="cannot be read"):
        read_trees(path)


# -- a run --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", ["tiny-table", "tiny-values", "tiny-prices"])
def test_a_run_is_evaluated_answers_and_says_what_it_is_compared_with(store: Store, dataset: str) -> None:
    run = train(store, dataset=dataset)
    assert (run.state, run.epoch, run.total_steps) == (RunState.COMPLETED, 6, 18)
    assert run.result["best_epoch"] == run.best["epoch"]
    assert run.result["baseline_name"] in ("logistic-regression", "ridge-regression"), (
        "trees are not compared with trees"
    )
    history = store.metrics.history(run.id)
    assert {"loss", "val_loss", run.parsed().task.objective} <= history.keys()
    assert len(history["val_loss"]) == 6
    files = artifacts_of(run.id)
    assert files.has_model
    assert files.model.name == "model.npz"
    assert len(files.probes.read_text().splitlines()) > 2
    data = prepare(run.parsed().dataset)
    trees, info = read_trees(files.model), learn(run.parsed().model, run.parsed().task, data)
    assert trees.rounds == 3 * run.result["best_epoch"]
    inputs = data.arrays("test")[0]
    outputs = files.read_outcomes("test")
    assert outputs is not None
    np.testing.assert_allclose(answering(trees, run.parsed().task, info)(inputs), outputs.outputs, rtol=1e-6)
    assert np.isfinite(outputs.outputs).all()


def test_the_measured_metrics_are_those_of_the_answers(store: Store) -> None:
    run = train(store, epochs=1)
    history = store.metrics.history(run.id)
    for name in ("accuracy", "cross_entropy"):
        assert history[f"val_{name}"][0] == pytest.approx(run.result[f"validation_{name}"], rel=1e-5)


@pytest.mark.parametrize("chance", range(1, 7))
@pytest.mark.parametrize("way", ["stop", "kill"])
def test_left_at_any_epoch_it_ends_with_the_same_trees(
    store: Store, monkeypatch: pytest.MonkeyPatch, chance: int, way: str
) -> None:
    monkeypatch.setenv("TRAINYARD_CHECKPOINT_SECONDS", "0")
    settings.cache_clear()
    whole = train(store)
    run = create(store)
    seen = []

    class Breaking(Reporter):
        def obey(self) -> None:
            super().obey()
            if self._position is not None:
                seen.append(1)
                if len(seen) == chance:
                    raise Killed if way == "kill" else Ended(RunState.PAUSED)

    with monkeypatch.context() as patch:
        patch.setattr(fit, "Reporter", Breaking)
        if way == "stop":
            assert fit.train_run(store, run) is RunState.PAUSED
        else:
            with pytest.raises(Killed):
                fit.train_run(store, run)
            store.attempts.end(run, RunState.FAILED, "Killed.")
    fit.train_run(store, store.runs.resume(run.id, slot="terminal"))
    again = store.runs.get(run.id)
    assert (again.state, again.attempt) == (RunState.COMPLETED, 2)
    assert again.result["weights_sha256"] == whole.result["weights_sha256"]
    assert again.best == whole.best
    assert store.metrics.history(run.id) == store.metrics.history(whole.id)
    mine, others = (read_trees(artifacts_of(one.id).model) for one in (again, whole))
    assert same(mine, others)


class Killed(BaseException):
    """Stands for the death of a process."""


def test_the_seed_decides_which_columns_are_tried(store: Store) -> None:
    first, again, other = (train(store, seed=seed).result["weights_sha256"] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_stopped_run_keeps_its_best_trees(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create(store)
    monkeypatch.setattr(fit, "Reporter", stopping_at(4))
    assert fit.train_run(store, run) is RunState.STOPPED
    run = store.runs.get(run.id)
    assert 0 < run.epoch < 6
    assert read_trees(artifacts_of(run.id).model).rounds == 3 * run.best["epoch"]
    assert "test_accuracy" in run.result


def test_epochs_that_are_no_better_end_it(store: Store) -> None:
    run = train(store, epochs=40, patience=2, shrinkage=1.0)
    assert run.state is RunState.COMPLETED
    assert run.epoch == run.best["epoch"] + 2 < 40


def test_rare_classes_count_more_where_that_is_asked(store: Store) -> None:
    plain, weighted = (train(store, dataset="titanic", epochs=1, class_weights=weights) for weights in (False, True))
    assert plain.result["weights_sha256"] != weighted.result["weights_sha256"]


def test_a_run_that_trains_answers_with_its_best_trees_so_far(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_CHECKPOINT_SECONDS", "0")
    settings.cache_clear()
    run, models, told = create(store), LoadedModels(), []
    epoch = boosting.BoostingSession._epoch

    def and_ask(session: Any, callbacks: Any) -> None:
        epoch(session, callbacks)
        found = models.get(run.id)
        told.append((found.signature.epoch, session.best.epochs["epoch"], found.call(data.arrays("test")[0])))

    data = prepare(run.parsed().dataset)
    monkeypatch.setattr(boosting.BoostingSession, "_epoch", and_ask)
    fit.train_run(store, run)
    assert [shown for shown, _, _ in told] == [best for _, best, _ in told]
    assert len({answer.tobytes() for _, _, answer in told}) > 1


def test_the_saved_model_answers_files_and_shows_what_it_saw(store: Store) -> None:
    run = train(store, dataset="penguins", epochs=2)
    table = b"bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,island,sex\n39.1,18.7,181,3750,Torgersen,MALE\n46.5,,210,,Mars,\n"
    first, second = LoadedModels().predict(run.id, [("rows.csv", table)])
    assert first.prediction is not None
    assert second.prediction is not None
    assert first.prediction.values["label"] == "Adelie"
    assert second.prediction.values["unknown"] == {"island": "Mars"}
    one = json.dumps({"bill_length_mm": 39.1, "island": "Dream"}).encode()
    [seen] = show_prepared(run.id, [("one.json", one)])
    assert [(name, word) for name, word, _ in seen.numbers] == [("island", "Dream"), ("bill_length_mm", None)]
    assert [value for _, _, value in seen.numbers] == pytest.approx([1.0, 39.1], abs=1e-5)


def test_trees_answer_without_tensorflow_and_without_scikit_learn(store: Store) -> None:
    run = train(store, dataset="penguins", epochs=2)
    code = f"""
import sys
from engine.serving.sources import find_source, load
found = load(find_source({run.id}))
from engine.preparation.prepare import prepare
from engine.store import open_store
data = prepare(open_store().runs.get({run.id}).parsed().dataset)
print(found.call(data.arrays("test")[0]).argmax(axis=1).tolist())
loaded = {{"tensorflow", "keras", "sklearn"}} & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    outcomes = artifacts_of(run.id).read_outcomes("test")
    assert outcomes is not None
    assert json.loads(done.stdout) == outcomes.outputs.argmax(axis=1).tolist()


# -- what it has no use for -------------------------------------------------------------------------------------------------


def test_what_means_nothing_for_trees_is_neither_taken_nor_shown() -> None:
    spec = RunSpec.build({"dataset": "penguins", "model": "boosted-trees"})
    assert not {"optimizer", "schedule"} & spec.sections().keys()
    assert not {"learning_rate", "batch_size", "loss", "mixed_precision", "optimizer"} & {*spec.values(), *spec.flat()}
    assert spec.training.device == "cpu"
    assert RunSpec.from_dict(spec.to_dict()) == spec == RunSpec.build(spec.flat())
    for name, value in {"batch_size": 8, "learning_rate": 0.1, "loss": "hinge"}.items():
        with pytest.raises(TrainyardError, match=f"has no use for '{name}'"):
            RunSpec.build({"dataset": "penguins", "model": "boosted-trees", name: value})
    network = RunSpec.build({"dataset": "penguins", "model": "mlp", "batch_size": 8, "learning_rate": 0.1})
    assert network.with_model("boosted-trees", {}).model.name == "boosted-trees"
    assert network.changed({"model": "boosted-trees"}) == spec


def test_a_search_over_models_varies_of_each_what_it_has(store: Store) -> None:
    base = RunSpec.build({"dataset": "penguins", "model": "mlp"})
    space = suggested_space(base, compare_models=True)
    assert isinstance(space[MODEL], Choices)
    assert "boosted-trees" in space[MODEL].options
    study = StudySpec.build({"dataset": "penguins", "model": "mlp"}, space)
    used = study.used({MODEL: "boosted-trees"})
    assert {"shrinkage", "leaves"} <= {*used}
    assert "learning_rate" not in used
    assert "learning_rate" in study.used({MODEL: "mlp"})
    made = study.run_spec({MODEL: "boosted-trees", "shrinkage": 0.3})
    assert made.model == BoostedTrees(shrinkage=0.3)
    alone = suggested_space(RunSpec.build({"dataset": "penguins", "model": "boosted-trees"}), compare_models=False)
    assert set(alone) == {"shrinkage", "leaves", "leaf_examples"}


def test_forks_and_learning_rates_are_refused_with_a_sentence(store: Store) -> None:
    run = create(store)
    with pytest.raises(TrainyardError, match="takes no steps"):
        store.runs.steer(run.id, 0.1)
    with pytest.raises(TrainyardError, match="cannot be forked"):
        check_fork(run.parsed(), run.parsed(), 1)
    with pytest.raises(TrainyardError, match="cannot be forked"):
        check_kept(run, 1)


def test_the_command_line_trains_it(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["train", "--dataset", "penguins", "--model", "boosted-trees", "--epochs", "2", "--leaves", "8", "--json"])
        == 0
    )
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["state"] == "completed"
    assert main(["train", "--dataset", "penguins", "--model", "boosted-trees", "--batch-size", "8"]) == 1


def test_names_of_columns_are_those_of_the_table() -> None:
    given = rows()
    columns = (
        *(Column(name, "number") for name in "abc"),
        Column("day", "date"),
        *(Column(name, "category") for name in "xy"),
    )
    spec = RunSpec.build({"dataset": "penguins"})
    info = prepare(spec.dataset).info
    known = replace(info, columns=columns, learned=learn_matrix(given))
    names = name_columns(known)
    assert names[:5] == ["x", "y", "a", "b", "c"]
    assert "day [weekday]" in names
    assert len(names) == to_matrix(given, known.learned).shape[1]


def test_trees_are_not_compared_with_trees() -> None:
    spec = RunSpec.build({"dataset": "tiny-table", "model": "boosted-trees"})
    data = prepare(spec.dataset)
    tried = {
        without: [family.name for family in Search(data, spec.task, lambda: None, without).families]
        for without in ("", spec.model.same_as, "logistic-regression")
    }
    assert tried[""] == ["logistic-regression", "gradient-boosting"]
    assert tried[spec.model.same_as] == ["logistic-regression"]
    assert tried["logistic-regression"] == ["gradient-boosting"]
    found = baseline_of(data, spec.task, without=spec.model.same_as)
    assert cached_baseline(data, spec.task, spec.model.same_as) == found
    assert cached_baseline(data, spec.task) is None, "each has a file of its own"
