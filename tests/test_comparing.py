"""Verdicts are honest: known statistics, the same test examples or a sentence why not, seeds, and the leaderboard."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sqlalchemy import update

from engine.artifacts import artifacts_of
from engine.comparing.correction import corrected
from engine.comparing.differences import baseline_metrics, hyperparameters, last_metrics
from engine.comparing.findings import compare_runs
from engine.comparing.leaderboard import evaluated_runs, metrics_of, rank, wilson
from engine.comparing.outcomes import read_evaluated
from engine.comparing.resampling import interval_of, interval_of_right, resampled_means
from engine.comparing.seeds import compare_seeds, group_seeds, mean_of
from engine.comparing.verdicts import compare_pairs, mcnemar_p, paired_p
from engine.data_info import DataInfo
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.runs import Run, RunSpec, RunState
from engine.settings import settings
from engine.store import Store
from engine.store.schema import runs as runs_table
from engine.tasks.base import tasks
from tests import seeding

DIGITS = {"dataset": "digits", "model": "mlp"}


PAIR = ((0.85, 0), (0.855, 1), (0.85, 0))
"""Shares of right answers and draws of which the first two alone are distinguishable, just so."""


def figures_of(store: Store, accuracies: list[float], **values: object) -> list[Run]:
    """Completed runs with seeds 0, 1, 2 ... and these test accuracies."""
    made = []
    for seed, accuracy in enumerate(accuracies):
        run = store.runs.create(RunSpec.build(DIGITS | {"seed": seed} | values), slot="cpu-0")
        store.attempts.end(run, RunState.COMPLETED, result={"test_accuracy": accuracy})
        made.append(store.runs.get(run.id))
    return made


# -- statistics against known values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "p"),
    [
        ([[794, 86], [150, 570]], 4.11e-5),  # Agresti, Categorical Data Analysis: (|150 - 86| - 1)² / 236 = 16.82
        ([[10, 5], [15, 70]], 0.04139),  # 20 discordant: the exact test, twice P(X <= 5) of 20 coins
        ([[10, 0], [0, 5]], 1.0),
    ],
)
def test_mcnemars_test_gives_what_the_textbook_says(table: list[list[int]], p: float) -> None:
    assert mcnemar_p(table) == pytest.approx(p, rel=0.005)


def test_the_paired_bootstrap_agrees_with_the_one_of_scipy() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(0.1, 1, 300)
    second = first + rng.normal(0.05, 0.3, 300)
    drawn = resampled_means(np.stack([first, second], axis=1), 4_000)
    low, high = interval_of(drawn[:, 0] - drawn[:, 1], 300)
    theirs = stats.bootstrap(
        (first - second,), np.mean, n_resamples=4_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert (low, high) == (pytest.approx(theirs.low, abs=0.004), pytest.approx(theirs.high, abs=0.004))


@pytest.mark.parametrize(
    ("examples", "only_one", "only_other"), [(36, 0.02, 0.01), (100, 0.02, 0.01), (360, 0.08, 0.03)]
)
def test_the_interval_of_a_difference_of_right_answers_holds_it_as_often_as_it_says(
    examples: int, only_one: float, only_other: float
) -> None:
    rng = np.random.default_rng(3)
    held = 0
    for one, other, _ in rng.multinomial(examples, [only_one, only_other, 1 - only_one - only_other], 300):
        low, high = interval_of_right(one, other, examples)
        held += low <= only_one - only_other <= high
    assert held >= 0.93 * 300, "without imagined examples it is 51 % and 86 % of the first two"


def test_the_interval_of_few_examples_is_wider_by_as_much_as_students(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(0).normal(0, np.sqrt(9 / 10), 200_000)  # as means of 10 examples with deviation √10
    low, high = interval_of(drawn, 10)
    assert (low, high) == (pytest.approx(-2.262, abs=0.02), pytest.approx(2.262, abs=0.02))  # t with 9 degrees


def test_the_paired_t_test_gives_what_the_textbook_says() -> None:
    sleep = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])  # Student 1908: t = 4.06, p = 0.0028
    assert paired_p(sleep) == pytest.approx(0.00283, abs=1e-5)
    assert paired_p(np.zeros(9)) == paired_p(np.ones(1)) == 1.0


def test_the_correction_is_that_of_holm() -> None:
    assert corrected([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert corrected([0.04]) == [0.04]
    assert corrected([]) == []


def test_draws_in_portions_are_as_many_and_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.comparing.resampling._CELLS", 250)
    values = np.arange(100.0)[:, None]
    drawn = resampled_means(values, 7)
    assert drawn.shape == (7, 1)
    assert (drawn == resampled_means(values, 7)).all()
    assert len(np.unique(drawn)) == 7, "each portion draws anew"


def test_wilsons_interval_gives_what_the_textbook_says() -> None:
    assert wilson(81, 263) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))  # Newcombe 1998


def test_the_t_interval_gives_what_the_textbook_says() -> None:
    found = mean_of([1.0, 2.0, 3.0])  # 2 +- 4.303 / sqrt(3)
    assert (found.low, found.high) == (pytest.approx(-0.484, abs=1e-3), pytest.approx(4.484, abs=1e-3))


# -- pairs of runs -----------------------------------------------------------------------------------------------------


def test_equal_predictions_are_not_distinguishable(store: Store) -> None:
    [verdict] = compare_pairs([seeding.scored(store, **DIGITS), seeding.scored(store, **DIGITS)])
    assert not verdict.distinguishable
    assert (verdict.gain, verdict.mcnemar_p) == (0.0, 1.0)
    assert -0.02 < verdict.low < 0.0 < verdict.high < 0.02, "of 269 examples one in a hundred may differ unseen"
    assert "not distinguishable on 269 test examples" in verdict.sentences()


def test_a_small_difference_is_not_distinguishable_and_a_clear_one_is(store: Store) -> None:
    weak, near, strong = (seeding.scored(store, right, **DIGITS) for right in (0.80, 0.81, 0.97))
    small, clear, _ = compare_pairs([weak, near, strong])
    assert (small.run, small.other, small.distinguishable) == (near.id, weak.id, False)
    assert (clear.run, clear.other, clear.distinguishable) == (strong.id, weak.id, True)
    assert clear.gain == pytest.approx(strong.result["test_accuracy"] - weak.result["test_accuracy"])
    assert 0 < clear.low < clear.gain < clear.high
    assert f"Run {strong.id} is better than run {weak.id} by" in clear.sentences()
    assert "p < 0.001" in clear.sentences()


def test_a_difference_that_is_clear_alone_is_not_among_several_pairs(store: Store) -> None:
    weak, strong, other = (seeding.scored(store, right, luck, **DIGITS) for right, luck in PAIR)
    [alone] = compare_pairs([weak, strong])
    assert alone.distinguishable
    assert (alone.corrected_p, alone.pairs) == (alone.p, 1)
    assert "Corrected" not in alone.sentences()
    found = compare_runs([weak, strong, other])
    first = found.pairs[0]
    assert (first.gain, first.low, first.high, first.p) == (alone.gain, alone.low, alone.high, alone.p)
    assert first.corrected_p == pytest.approx(min(1.0, 3 * alone.p))
    assert not first.distinguishable
    assert f"Corrected for 3 pairs: p = {first.corrected_p:.2g}." in first.sentences()
    assert "(Holm's method)" in found.sentences()[-1]
    assert found.to_dict()["correction"]["method"] == "holm"
    assert compare_runs([weak, strong]).correction() == []


def test_pairs_that_cannot_be_evaluated_do_not_count_in_the_correction(store: Store) -> None:
    runs = [seeding.scored(store, right, luck=luck, **DIGITS) for luck, right in enumerate((0.8, 0.9))]
    verdicts = compare_pairs([*runs, seeding.running(store, **DIGITS)])
    assert [verdict.pairs for verdict in verdicts if not verdict.problem] == [1]


def test_a_verdict_names_the_better_run_whichever_comes_first(store: Store) -> None:
    strong, weak = seeding.scored(store, 0.97, **DIGITS), seeding.scored(store, 0.7, luck=1, **DIGITS)
    [verdict] = compare_pairs([strong, weak])
    assert verdict.gain < 0
    assert verdict.sentences().startswith(f"Run {strong.id} is better than run {weak.id} by")
    assert "-" not in verdict.sentences().split("test examples")[0]


def test_a_regression_is_compared_by_its_error_where_less_is_better(store: Store) -> None:
    values = {"dataset": regression()}
    weak, strong = seeding.scored(store, 0.5, **values), seeding.scored(store, 0.9, luck=1, **values)
    [verdict] = compare_pairs([weak, strong])
    assert (verdict.metric, verdict.distinguishable, verdict.mcnemar_p) == ("rmse", True, None)
    assert verdict.gain == pytest.approx(weak.result["test_rmse"] - strong.result["test_rmse"], rel=1e-5)
    assert "in RMSE" in verdict.sentences()
    assert "Paired t-test: p < 0.001." in verdict.sentences()


def regression() -> str:
    """An embedded dataset with numbers as targets."""
    return next(
        name for name in datasets if datasets[name].embedded and datasets[name].tasks == ("tabular-regression",)
    )


def test_more_than_four_runs_are_compared_with_the_first_only(store: Store) -> None:
    runs = [seeding.scored(store, luck=i, **DIGITS) for i in range(5)]
    assert [(v.run, v.other) for v in compare_pairs(runs)] == [(run.id, runs[0].id) for run in runs[1:]]


def test_another_fold_has_the_same_test_examples(store: Store) -> None:
    first, second = (seeding.scored(store, folds=3, fold=fold, **DIGITS) for fold in (0, 1))
    assert first.environment["dataset_hash"] != second.environment["dataset_hash"]
    [verdict] = compare_pairs([first, second])
    assert verdict.problem == ""


def test_another_test_split_is_said(store: Store) -> None:
    [verdict] = compare_pairs([seeding.scored(store, **DIGITS), seeding.scored(store, split_seed=1, **DIGITS)])
    assert "not evaluated on the same test examples: the test split was drawn differently" in verdict.problem
    assert not verdict.distinguishable


def test_a_dataset_that_has_changed_is_said(store: Store) -> None:
    first, second = seeding.scored(store, **DIGITS), seeding.scored(store, **DIGITS)
    second.environment["dataset_hash"] = "another"
    [verdict] = compare_pairs([first, second])
    assert "the dataset changed in between" in verdict.problem


def test_another_dataset_is_said(store: Store) -> None:
    [verdict] = compare_pairs([seeding.scored(store, **DIGITS), seeding.scored(store, dataset=regression())])
    assert "cannot be compared example by example" in verdict.problem


def test_two_imported_sets_with_equal_targets_are_not_the_same_examples(store: Store) -> None:
    first, second = seeding.scored(store, **DIGITS), seeding.scored(store, **DIGITS)
    for run, table in ((first, "prices"), (second, "prices@2")):
        run.spec["dataset"] |= {"name": "my-table", "table": table}
    [verdict] = compare_pairs([first, second])
    assert (
        "one is on 'prices@2', the other on 'prices'" in verdict.problem
        or "one is on 'prices', the other on 'prices@2'" in verdict.problem
    )


def test_a_run_that_is_not_evaluated_says_why(store: Store) -> None:
    good, deleted, damaged = (seeding.scored(store, **DIGITS) for _ in range(3))
    artifacts_of(deleted.id).outcomes.unlink()
    artifacts_of(damaged.id).outcomes.write_bytes(b"PK\x03\x04")
    live, failed = seeding.running(store, **DIGITS), seeding.failed(store, **DIGITS)
    trial = replace(good, study_id=3)
    said = [verdict.problem for verdict in compare_pairs([good, deleted, damaged, live, failed])]
    assert "TRAINYARD_DISK_BUDGET_MB" in said[0]
    assert f"The per-example predictions of run {damaged.id} are damaged." in said[1]
    assert f"Run {live.id} is running: it is evaluated" in said[2]
    assert f"Run {failed.id} is failed: only a completed run" in said[3]
    with pytest.raises(TrainyardError, match="is a trial of study 3"):
        read_evaluated(trial)


@pytest.mark.parametrize("name", [name for name in tasks if tasks[name].prediction in ("classes", "value")])
def test_the_scores_of_single_examples_make_up_the_metrics(name: str) -> None:
    task = tasks[name]
    rng = np.random.default_rng(0)
    classes = 0 if task.prediction == "value" else 3
    targets = rng.integers(0, 3, 50) if classes else rng.normal(size=50)
    outputs = seeding.outputs_for(targets, classes, 0.7, rng)
    info = DataInfo((1,), ("a", "b", "c")[:classes], target="x")
    evaluated = task().evaluate(outputs, targets, info)["metrics"]
    scores = task.example_scores(outputs, targets)
    assert scores
    for metric, values in scores.items():
        mean = values.mean()
        assert evaluated[metric] == pytest.approx(mean**0.5 if metric == "rmse" else mean)


# -- seeds -------------------------------------------------------------------------------------------------------------


def test_runs_that_differ_in_the_seed_only_are_one_group(store: Store) -> None:
    runs = figures_of(store, [0.90, 0.92, 0.94]) + figures_of(store, [0.5], units=32)
    [group] = group_seeds(runs)
    assert group.ids == tuple(run.id for run in runs[:3])
    assert group.figures.mean == pytest.approx(0.92)
    assert "3 seeds of one spec" in group.sentence()
    assert "92.0% on average (95%: 87.0% to 97.0%)" in group.sentence()


def test_folds_are_not_called_seeds(store: Store) -> None:
    runs = [*figures_of(store, [0.9], folds=2), *figures_of(store, [0.92], folds=2, fold=1)]
    [group] = group_seeds(runs)
    assert group.sentence().startswith(f"2 folds of one spec (runs {runs[0].id}, {runs[1].id}): test accuracy 91.0%")


def test_the_interval_of_a_share_ends_at_all_of_it(store: Store) -> None:
    [group] = group_seeds(figures_of(store, [0.97, 0.99]))
    assert (group.figures.low < 0.97, group.figures.high) == (True, 1.0)


def test_seeds_before_and_after_the_data_has_changed_are_no_group(store: Store) -> None:
    runs = figures_of(store, [0.90, 0.92])
    assert len(group_seeds(runs)) == 1
    runs[0].environment["dataset_hash"] = "another"
    assert group_seeds(runs) == []


def test_forks_and_steered_runs_are_no_seeds(store: Store) -> None:
    first, second = figures_of(store, [0.90, 0.92])
    assert group_seeds([first, replace(second, parent_id=first.id, parent_epoch=1)]) == []
    assert group_seeds([first, replace(second, steering=[{"step": 9, "learning_rate": 1e-4}])]) == []
    assert len(group_seeds([first, replace(second, steering=[{"step": None, "learning_rate": 1e-4}])])) == 1


def test_the_same_seed_twice_counts_once(store: Store) -> None:
    assert group_seeds(figures_of(store, [0.9], seed=1) + figures_of(store, [0.9], seed=1)) == []


def test_two_groups_are_compared_by_welchs_test(store: Store) -> None:
    values = [0.90, 0.92, 0.91], [0.95, 0.96, 0.97]
    first, second = group_seeds(figures_of(store, values[0]) + figures_of(store, values[1], units=32))
    found = compare_seeds(second, first)
    theirs = stats.ttest_ind(values[1], values[0], equal_var=False)
    assert found.p == pytest.approx(theirs.pvalue)
    assert found.gain == pytest.approx(0.05)
    assert found.distinguishable
    assert found.sentence().startswith("Runs 4, 5, 6 together are better than runs 1, 2, 3 by")
    assert "5.0 points of accuracy" in found.sentence()


def test_several_pairs_of_groups_are_corrected_too(store: Store) -> None:
    runs = [run for units in (16, 32, 64) for run in figures_of(store, [0.9, 0.91, 0.92 + units / 1000], units=units)]
    found = compare_runs(runs)
    assert [pair.corrected_p for pair in found.groups] == pytest.approx(corrected([pair.p for pair in found.groups]))
    assert "Corrected for 3 pairs: p =" in found.groups[0].sentence()
    assert found.correction()


def test_groups_without_any_spread_are_not_compared(store: Store) -> None:
    steady, better = figures_of(store, [0.9, 0.9]), figures_of(store, [0.92, 0.92], units=32)
    found = compare_runs([*steady, *better])
    assert found.groups == (), "two equal values twice say nothing of how seeds vary"
    assert "reached the same test accuracy, 90.0%, so their variation cannot be estimated." in found.about_seeds()[0]
    varied = figures_of(store, [0.93, 0.95], units=64)
    assert len(compare_runs([*steady, *varied]).groups) == 1


def test_groups_on_other_test_splits_are_not_compared(store: Store) -> None:
    runs = figures_of(store, [0.9, 0.91]) + figures_of(store, [0.5, 0.51], split_seed=1)
    found = compare_runs(runs)
    assert len(found.seeds) == 2
    assert found.groups == ()


@pytest.mark.parametrize("count", [0, 1, 21])
def test_too_few_and_too_many_runs_are_refused(store: Store, count: int) -> None:
    [run] = figures_of(store, [0.9])
    with pytest.raises(TrainyardError, match=f"{count} runs cannot be compared: choose 2 to 20"):
        compare_runs([run] * count)


def test_runs_repeated_with_other_seeds_are_one_group_with_the_first(store: Store) -> None:
    [run] = figures_of(store, [0.9])
    made = store.runs.repeat(run.id, run.parsed().reseeded(3))
    assert [member.id for member in store.runs.group(run.id)] == [run.id, *(new.id for new in made)]
    again = store.runs.repeat(run.id, run.parsed().reseeded(2, [member.parsed().training.seed for member in made]))
    assert [new.parsed().training.seed for new in (*made, *again)] == [1, 2, 3, 4, 5]
    assert {new.group_id for new in again} == {run.id}


def test_seeds_of_a_steered_run_repeat_its_changes_and_are_one_group_with_it(store: Store) -> None:
    [run] = figures_of(store, [0.9])
    steering = [{"step": 9, "learning_rate": 1e-4}]
    with store.writing() as db:
        db.execute(update(runs_table).values(steering=steering))
    made = store.runs.repeat(run.id, run.parsed().reseeded(2))
    assert [new.steering for new in made] == [steering, steering]
    assert {member.group_id for member in store.runs.group(run.id)} == {run.id}


def test_seeds_of_a_fork_are_a_group_without_it(store: Store) -> None:
    [parent] = figures_of(store, [0.9])
    child = store.runs.fork(parent, 1, parent.parsed(), prepare=lambda _: None)
    made = store.runs.repeat(child.id, child.parsed().reseeded(2))
    assert {new.group_id for new in made} == {made[0].id}
    assert store.runs.get(child.id).group_id is None


def test_seeds_of_a_fold_leave_its_cross_validation_alone(store: Store) -> None:
    folds = store.runs.create_group(RunSpec.build(DIGITS | {"folds": 3}).folded())
    made = store.runs.repeat(folds[0].id, folds[0].parsed().reseeded(2))
    assert len(store.runs.group(folds[0].id)) == 3
    assert {new.group_id for new in made} == {made[0].id}


# -- the leaderboard ---------------------------------------------------------------------------------------------------


def test_the_leaderboard_ranks_runs_and_the_baseline_with_intervals(store: Store) -> None:
    weak, strong = seeding.scored(store, 0.8, **DIGITS), seeding.scored(store, 0.95, luck=1, **DIGITS)
    [runs] = evaluated_runs([weak, strong])
    assert metrics_of(runs)[0] == "accuracy"
    board = rank(runs, "accuracy")
    assert [place.run.id if place.run else place.baseline for place in board.places] == [
        strong.id, "logistic-regression-pixels", weak.id,
    ]  # fmt: skip
    assert board.examples == 269
    assert all(place.low < place.value < place.high for place in board.places)
    right = round(strong.result["test_accuracy"] * 269)
    assert (board.places[0].low, board.places[0].high) == wilson(right, 269)


def test_a_leaderboard_of_errors_begins_with_the_least(store: Store) -> None:
    weak, strong = (seeding.scored(store, right, dataset=regression()) for right in (0.5, 0.9))
    board = rank([weak, strong], "rmse")
    assert [place.run.id for place in board.places if place.run] == [strong.id, weak.id]
    assert board.places[0].low < board.places[0].value < board.places[0].high


def test_a_run_without_outcomes_keeps_its_place_and_loses_its_interval(store: Store) -> None:
    first, second = seeding.scored(store, 0.95, **DIGITS), seeding.scored(store, 0.8, **DIGITS)
    artifacts_of(first.id).outcomes.unlink()
    board = rank([first, second], "accuracy")
    assert (board.places[0].run, board.places[0].low) == (first, None)


def test_runs_on_other_test_examples_are_on_another_board(store: Store) -> None:
    runs = [
        seeding.scored(store, **DIGITS),
        seeding.scored(store, **DIGITS),
        seeding.scored(store, split_seed=1, **DIGITS),
    ]
    assert [[run.id for run in board] for board in evaluated_runs(runs)] == [[runs[0].id, runs[1].id], [runs[2].id]]
    runs[0].environment["dataset_hash"] = "another"
    board = rank(runs[:2], "accuracy")
    assert board.others == (runs[0].id,)
    assert [place.run.id for place in board.places if place.run] == [runs[1].id]


def test_a_run_on_other_data_is_left_out_though_its_outcomes_are_gone(store: Store) -> None:
    old, new = figures_of(store, [0.9, 0.8])
    old.environment["dataset_hash"], new.environment["dataset_hash"] = "before", "now"
    board = rank([old, new], "accuracy")
    assert board.others == (old.id,)
    assert [place.value for place in board.places] == [0.8]


def test_runs_of_a_task_that_is_gone_are_ranked_by_what_they_have(store: Store) -> None:
    [run] = figures_of(store, [0.9])
    gone = replace(run, spec=run.spec | {"task": {"name": "a-plug-in"}})
    assert metrics_of([gone]) == ["accuracy"]
    assert [place.value for place in rank([gone], "accuracy").places] == [0.9]


def test_a_leaderboard_is_as_long_as_the_setting_says(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_LEADERBOARD_RUNS", "2")
    settings.cache_clear()
    runs = figures_of(store, [0.7, 0.9, 0.8])
    assert [place.value for place in rank(runs, "accuracy").places] == [0.9, 0.8]


# -- columns -----------------------------------------------------------------------------------------------------------


def test_only_hyperparameters_that_differ_are_listed(store: Store) -> None:
    runs = [*figures_of(store, [0.9]), *figures_of(store, [0.9], units=32, optimizer="sgd", learning_rate=0.001)]
    found = hyperparameters(runs)
    assert found["model", "units"] == [128, 32]
    assert found["optimizer", "name"] == ["adam", "sgd"]
    assert found["optimizer", "beta_1"] == [0.9, None]
    assert ("optimizer", "learning_rate") not in found
    assert ("model", "dropout") in hyperparameters(runs, different=False)


def test_figures_of_the_baseline_are_called_like_those_of_runs(store: Store) -> None:
    run = replace(
        figures_of(store, [0.9])[0],
        result={"baseline_name": "x", "baseline_accuracy": 0.8, "baseline_validation_accuracy": 0.7},
    )
    assert baseline_metrics(run) == {"test_accuracy": 0.8, "val_accuracy": 0.7}


def test_the_last_epoch_is_the_end_of_the_history_and_a_fork_counts_on(store: Store) -> None:
    [run] = figures_of(store, [0.9])
    history = {"loss": [2.0, 1.0], "val_loss": [3.0, None]}
    assert last_metrics(run, history) == {"epoch": 2.0, "loss": 1.0}
    assert last_metrics(replace(run, parent_id=9, parent_epoch=4), history)["epoch"] == 6.0
    assert last_metrics(run, {}) == {}
