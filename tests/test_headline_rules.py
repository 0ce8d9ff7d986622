"""The rules about an ended run say what its curves and figures show, and nothing where these show nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.advice.choice import after_best
from engine.advice.curves import overfitting, still_learning
from engine.advice.evidence import Evidence, Possible
from engine.advice.findings import Headline
from engine.advice.headline import headline
from engine.sentences import Sentence
from engine.spec import Range
from engine.tasks.summarization import Summarization

RISING = [0.9, 0.6, 0.45, 0.4, 0.42, 0.47, 0.53, 0.6, 0.66]
FALLING = [0.9, 0.6, 0.4, 0.3, 0.22, 0.16, 0.12, 0.09, 0.07]
FIGURES: dict[str, Any] = {
    "metrics": {"accuracy": 0.9, "cross_entropy": 0.3},
    "baseline": {"name": "logistic-regression-words", "metrics": {"accuracy": 0.85, "cross_entropy": 0.4}},
    "guess": {"answer": "Dog", "metrics": {"accuracy": 0.2, "cross_entropy": 1.6}},
}
ENDED = Evidence(
    "completed",
    objective="val_accuracy",
    metrics=("accuracy",),
    planned_epochs=10,
    split="test",
    evaluated=FIGURES,
    examples=400,
    intervals={"accuracy": (0.87, 0.93)},
)
FORM = Possible(
    values={"epochs": 10, "dropout": 0.2, "learning_rate": 1e-3, "l2": 0.0},
    ranges={
        "epochs": Range(1, 500, log=True),
        "dropout": Range(0.0, 0.7),
        "learning_rate": Range(1e-6, 1.0),
        "l2": Range(0.0, 0.1),
    },
)


def kinds(seen: Evidence) -> list[str]:
    """What was found."""
    return [finding.kind for finding in headline(seen).findings]


def said(seen: Evidence, kind: str) -> str:
    """The sentence of one finding."""
    return next(str(finding.sentence) for finding in headline(seen).findings if finding.kind == kind)


def tried(found: Headline) -> list[str]:
    """What is suggested, in order."""
    return [suggestion.kind for suggestion in found.suggestions]


def figures(**changes: Any) -> dict[str, Any]:
    """The evaluation with other parts."""
    return FIGURES | changes


# -- when overfitting begins --------------------------------------------------------------------------------------------


def test_overfitting_begins_where_the_validation_loss_turns_while_training_goes_on() -> None:
    seen = replace(ENDED, history={"loss": FALLING, "val_loss": RISING})
    assert "Overfitting began after epoch 4" in said(seen, "overfitting")


def test_a_fork_counts_its_epochs_from_its_parent_s() -> None:
    seen = replace(ENDED, history={"loss": FALLING, "val_loss": RISING}, first_epoch=21)
    assert "after epoch 24" in said(seen, "overfitting")


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        (FALLING, FALLING),  # both fall
        (RISING, RISING),  # training got worse, too: that is divergence, not overfitting
        (FALLING[:6], RISING[:6]),  # two epochs after the best are not enough to tell
        (FALLING, [0.9, 0.6, 0.45, 0.4, 0.402, 0.403, 0.404, 0.404, 0.405]),  # one per cent is nothing
        ([], []),
        (FALLING, [*RISING[:8], float("nan")]),
    ],
)
def test_no_overfitting_is_seen_where_there_is_none(train: list[float], validation: list[float]) -> None:
    assert overfitting(train, validation) is None


@pytest.mark.parametrize("epochs", [6, 10, 20, 50])
def test_scatter_is_seldom_called_overfitting(epochs: int) -> None:
    rng = np.random.default_rng(epochs)
    train = np.exp(-np.arange(epochs) / 5)
    flat = (0.5 + 0.05 * rng.normal(size=(400, epochs))).tolist()
    assert sum(overfitting(train.tolist(), curve) is not None for curve in flat) < 0.05 * 400


@pytest.mark.parametrize("epochs", [10, 20, 50])
def test_a_noisy_rise_is_seen_all_the_same(epochs: int) -> None:
    rng = np.random.default_rng(epochs)
    at = np.arange(epochs) / epochs
    train = np.exp(-4 * at)
    curve = 0.5 + 2 * np.maximum(0, 0.3 - at) + 0.5 * np.maximum(0, at - 0.4)
    noisy = (curve + 0.03 * rng.normal(size=(100, epochs))).tolist()
    found = [overfitting(train.tolist(), one) for one in noisy]
    seen = [one.position / epochs for one in found if one is not None]
    assert len(seen) > 90
    assert 0.2 < float(np.median(seen)) < 0.5


# -- whether it was still learning --------------------------------------------------------------------------------------


def test_an_objective_that_still_rises_at_the_end_says_so_with_its_pace() -> None:
    seen = replace(ENDED, history={"val_accuracy": [0.5, 0.55, 0.6, 0.65, 0.7, 0.75]}, planned_epochs=6)
    assert "better by 5 points in each" in said(seen, "still-learning")


def test_an_objective_that_is_to_be_small_learns_while_it_falls() -> None:
    assert still_learning(FALLING, maximize=False)
    assert still_learning(FALLING, maximize=True) is None


@pytest.mark.parametrize(
    "values",
    [
        [0.5, 0.7, 0.8, 0.81, 0.8, 0.81, 0.8, 0.8, 0.8, 0.8],  # it stands still
        [0.5, 0.7, 0.8, 0.85, 0.84, 0.83, 0.82, 0.81],  # it falls
        [0.1, 0.9, 0.9601, 0.9602, 0.9603, 0.9604, 0.9605, 0.9606, 0.9607],  # crumbs
        [0.8],
        [0.8, 0.7],
        [0.8, float("nan"), 0.9],
    ],
)
def test_one_that_does_not_rise_any_more_is_not_called_learning(values: list[float]) -> None:
    assert still_learning(values, maximize=True) is None


@pytest.mark.parametrize("epochs", [5, 10, 30])
def test_a_plateau_with_scatter_is_seldom_called_learning(epochs: int) -> None:
    rng = np.random.default_rng(epochs)
    flat = (0.8 + 0.02 * rng.normal(size=(400, epochs))).tolist()
    assert sum(still_learning(curve, maximize=True) is not None for curve in flat) < 0.12 * 400


def test_early_stopping_means_that_it_had_stopped_learning() -> None:
    rising = {"val_accuracy": [0.5, 0.55, 0.6, 0.65, 0.7, 0.75]}
    assert "still-learning" in kinds(replace(ENDED, history=rising, planned_epochs=6))
    assert "still-learning" not in kinds(replace(ENDED, history=rising, planned_epochs=20))


def test_a_run_whose_best_epoch_is_long_past_had_stopped_getting_better() -> None:
    values = [0.5, 0.7, 0.8, 0.79, 0.78, 0.79, 0.78]
    seen = replace(ENDED, history={"val_accuracy": values}, best={"epoch": 3.0, "val_accuracy": 0.8})
    told = said(seen, "kept-epoch")
    assert "Of 7 epochs, epoch 3 is kept: it has the best validation accuracy, 80.0%." in told
    held = replace(seen, held={"accuracy": (0.75, 0.85)})
    assert "80.0% (with 95% confidence between 75.0% and 85.0%)" in said(held, "kept-epoch")


@pytest.mark.parametrize(
    ("values", "best", "words"),
    [
        ([0.5, 0.7, 0.8], 3, "Epoch 3 is kept, the last"),
        ([0.5, 0.8, 0.7], 2, "The later epoch is worse: 70.0%"),
        ([0.5, 0.7, 0.8, 0.79, 0.8, 0.79, 0.8, 0.79, 0.8], 3, "None of the 6 later ones is better"),
        ([0.5, 0.7, 0.8, 0.79, 0.78, 0.75, 0.72, 0.69, 0.66, 0.63], 3, "later ones"),
        ([0.5, 0.7, 0.9, 0.6, 0.6, 0.6], 3, "The 3 later ones are worse; the last reached 60.0%"),
    ],
)
def test_later_epochs_are_worse_or_within_the_noise(values: list[float], best: int, words: str) -> None:
    seen = replace(ENDED, history={"val_accuracy": values}, best={"epoch": float(best)})
    assert words in said(seen, "kept-epoch")


def test_on_a_plateau_with_scatter_most_later_epochs_are_within_the_noise() -> None:
    rng = np.random.default_rng(7)
    flat = 0.8 + 0.02 * rng.normal(size=(200, 20))
    found = [after_best(curve.tolist(), int(curve.argmax()), maximize=True) for curve in flat]
    worse = sum(one.worse for one in found) / sum(one.worse + one.same for one in found)
    assert worse < 0.6, "the best of many is above the mean itself, so about half are more than two deviations below it"
    falling = [0.8 - 0.02 * abs(n - 5) for n in range(20)]
    assert after_best(falling, 5, maximize=True).same <= 1


# -- the result and what it is compared with ----------------------------------------------------------------------------


def test_the_result_has_its_interval_and_its_number_of_examples() -> None:
    assert said(ENDED, "result") == (
        "On 400 test examples: accuracy 90.0%, with 95% confidence between 87.0% and 93.0%."
    )


def test_a_metric_without_single_scores_has_no_interval() -> None:
    assert "result" not in kinds(replace(ENDED, intervals={}))
    assert "90.0%" in headline(replace(ENDED, intervals={})).title


@pytest.mark.parametrize(
    ("other", "kind", "title"),
    [
        (0.85, "baseline-above", "Test accuracy 90.0%: better than the baseline"),
        (0.88, "baseline-same", "Test accuracy 90.0%: about as good as the baseline"),
        (0.92, "baseline-same", "Test accuracy 90.0%: about as good as the baseline"),
        (0.95, "baseline-below", "Test accuracy 90.0%: not better than the baseline"),
    ],
)
def test_a_baseline_inside_the_interval_is_not_told_apart(other: float, kind: str, title: str) -> None:
    seen = replace(ENDED, evaluated=figures(baseline={"name": "ridge-regression", "metrics": {"accuracy": other}}))
    assert kind in kinds(seen)
    assert str(headline(seen).title) == title


def test_without_an_interval_the_baseline_is_above_or_below() -> None:
    seen = replace(ENDED, intervals={}, evaluated=figures(baseline={"name": "x", "metrics": {"accuracy": 0.9001}}))
    assert "baseline-below" in kinds(seen)


def test_the_objective_judges_and_the_metric_that_says_the_opposite_is_named() -> None:
    seen = replace(
        ENDED,
        objective="val_cross_entropy",
        intervals={"accuracy": (0.87, 0.93), "cross_entropy": (0.27, 0.33)},
        evaluated=figures(baseline={"name": "x", "metrics": {"accuracy": 0.8, "cross_entropy": 0.2}}),
    )
    sentence = said(seen, "baseline-below")
    assert "cross-entropy 0.3 against 0.2" in sentence
    assert "By accuracy it is the other way round: 90.0% against 80.0%." in sentence


def test_metrics_that_agree_are_not_named_beside_the_objective() -> None:
    seen = replace(ENDED, objective="val_cross_entropy", intervals={"cross_entropy": (0.27, 0.33)})
    assert "other way round" not in said(seen, "baseline-above")


def test_summaries_that_lose_to_those_of_similar_texts_say_so_by_the_metric_of_their_task() -> None:
    task = Summarization()
    figures_of = {name: task.measure([text], ["a cat sat here"]) for name, text in (("own", "dog"), ("near", "a cat"))}
    seen = Evidence(
        "completed",
        objective=task.objective,
        metrics=task.metric_names(),
        split="test",
        evaluated={"metrics": figures_of["own"], "baseline": {"name": "nearest-title", "metrics": figures_of["near"]}},
        examples=1,
    )
    assert "It does not beat the baseline, nearest title: ROUGE-L" in said(seen, "baseline-below")
    assert str(headline(seen).title).endswith("not better than the baseline")


def test_a_missing_baseline_says_why() -> None:
    seen = replace(ENDED, evaluated=figures(baseline={"problem": "Time was out."}))
    assert said(seen, "baseline-missing") == "There is no baseline: Time was out."


def test_a_network_that_is_not_better_than_one_answer_has_learned_nothing() -> None:
    guess = {"answer": "Dog", "metrics": {"accuracy": 0.9}}
    seen = replace(ENDED, evaluated=figures(guess=guess, baseline={}))
    assert "always answering “Dog” (accuracy 90.0%)" in said(seen, "guess-not-better")
    assert str(headline(seen).title) == "Test accuracy 90.0%: it has learned nothing that helps"
    better = replace(ENDED, evaluated=figures(guess=guess | {"metrics": {"accuracy": 0.899}}, baseline={}))
    assert "guess-not-better" not in kinds(better)


def test_a_run_that_was_not_evaluated_has_what_its_best_epoch_reached() -> None:
    stopped = Evidence("stopped", metrics=("accuracy",), best={"epoch": 3.0, "val_accuracy": 0.87})
    assert str(headline(stopped).title) == "Validation accuracy 87.0%"
    assert str(headline(Evidence("stopped")).title) == "No result"


def test_a_typical_error_has_the_unit_of_the_target_and_is_compared_with_one_answer() -> None:
    seen = Evidence(
        "completed",
        objective="val_rmse",
        metrics=("r2", "rmse", "mae"),
        split="test",
        unit="price (EUR)",
        evaluated={
            "metrics": {"r2": 0.5, "rmse": 55.0, "mae": 43.2},
            "guess": {"answer": "152", "metrics": {"r2": 0.0, "rmse": 77.0, "mae": 66.0}},
        },
        intervals={"rmse": (48.0, 62.0), "mae": (40.0, 47.0)},
        examples=66,
    )
    assert said(seen, "typical-error") == (
        "On average an answer is off by 43.2 (price (EUR)); always answering 152 would be off by 66."
    )
    assert str(headline(seen).title) == "Test root mean squared error 55"


# -- the most confused classes ------------------------------------------------------------------------------------------


def test_the_pair_that_is_confused_most_in_both_directions_is_named_with_its_share() -> None:
    counts = [[90, 2, 8], [1, 97, 2], [9, 0, 91]]
    seen = replace(ENDED, confusion=counts, labels=("Coat", "Bag", "Shirt"))
    assert said(seen, "confused") == "It confuses “Shirt” and “Coat” most: 17 of 22 mistakes, 77%."


def test_a_confusion_or_two_is_chance() -> None:
    seen = replace(ENDED, confusion=[[9, 1, 0], [0, 9, 1], [1, 0, 9]], labels=("a", "b", "c"))
    assert "confused" not in kinds(seen)


def test_of_two_classes_only_a_clear_direction_is_told() -> None:
    seen = replace(ENDED, confusion=[[60, 40], [12, 88]], labels=("good", "bad"))
    assert said(seen, "confused") == "Most mistakes take “good” for “bad”: 40 of 52."
    assert "confused" not in kinds(replace(seen, confusion=[[60, 30], [22, 88]]))


# -- what broke ---------------------------------------------------------------------------------------------------------


def test_a_loss_without_a_number_leads_to_a_smaller_learning_rate() -> None:
    failed = Evidence("failed", message=Sentence("The loss became nan."), diverged=3e-4, next=FORM)
    found = headline(failed)
    assert str(found.title) == "The loss was no longer a number"
    assert found.suggestions[0].values == {"learning_rate": 3e-4}


def test_any_other_failure_has_its_own_words() -> None:
    found = headline(Evidence("failed", message="The disk is full.", next=FORM))
    assert (str(found.title), str(found.findings[0].sentence)) == ("The run failed", "The disk is full.")
    assert found.suggestions == ()


# -- what to try next ---------------------------------------------------------------------------------------------------

LEARNING = {"val_accuracy": [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]}
OVERFITTED = {"loss": FALLING, "val_loss": RISING}


def test_one_that_was_still_learning_trains_on_from_its_last_epoch() -> None:
    seen = replace(ENDED, history=LEARNING, next=replace(FORM, kept_epoch=10))
    first = headline(seen).suggestions[0]
    assert (first.kind, first.values, first.fork) == ("longer", {"epochs": 20}, 10)
    begun_again = headline(replace(seen, next=replace(FORM, kept_epoch=8))).suggestions[0]
    assert (begun_again.values, begun_again.fork) == ({"epochs": 20}, 0)


def test_no_run_is_longer_than_its_field_allows() -> None:
    short = replace(FORM, ranges={"epochs": Range(1, 12)})
    assert headline(replace(ENDED, history=LEARNING, next=short)).suggestions[0].values == {"epochs": 12}
    none = replace(FORM, ranges={"epochs": Range(1, 10)})
    assert "longer" not in tried(headline(replace(ENDED, history=LEARNING, next=none)))


def test_one_that_overfits_gets_dropout_then_a_penalty() -> None:
    seen = replace(ENDED, history=OVERFITTED, next=FORM)
    assert headline(seen).suggestions[0].values == {"dropout": 0.4}
    full = replace(FORM, values=dict(FORM.values) | {"dropout": 0.5})
    assert headline(replace(seen, next=full)).suggestions[0].values == {"l2": 1e-4}


def test_one_that_overfits_is_not_sent_on_even_if_its_objective_still_rises() -> None:
    assert "longer" not in tried(headline(replace(ENDED, history=LEARNING | OVERFITTED, next=FORM)))


def test_a_pretrained_network_is_suggested_where_this_one_does_not_beat_the_baseline() -> None:
    weak = replace(ENDED, evaluated=figures(baseline={"name": "x", "metrics": {"accuracy": 0.95}}))
    possible = replace(FORM, pretrained="efficientnet-lite0")
    assert headline(replace(weak, next=possible)).suggestions[0].values == {"model": "efficientnet-lite0"}
    assert "pretrained" not in tried(headline(replace(ENDED, next=possible)))


@pytest.mark.parametrize(
    ("confusion", "wanted"),
    [
        ([[4, 16], [5, 375]], True),  # a rare class that is mostly missed
        ([[12, 8], [5, 375]], False),  # found more often than not
        ([[80, 120], [5, 195]], False),  # missed, but not rare
        ([[1, 4], [5, 375]], False),  # too few to say
    ],
)
def test_class_weights_are_suggested_where_a_rare_class_is_missed(confusion: list[list[int]], wanted: bool) -> None:
    form = replace(FORM, values={**FORM.values, "class_weights": False})
    found = headline(replace(ENDED, confusion=confusion, labels=("fails", "holds"), next=form))
    assert ("weighted" in tried(found)) == wanted
    if wanted:
        [weighted] = [suggestion for suggestion in found.suggestions if suggestion.kind == "weighted"]
        assert weighted.values == {"class_weights": True}
        assert "only 4 of 20 examples" in weighted.why
        on = replace(form, values={**form.values, "class_weights": True})
        assert "weighted" not in tried(
            headline(replace(ENDED, confusion=confusion, labels=("fails", "holds"), next=on))
        )


def test_own_data_that_does_not_suffice_wants_more_examples() -> None:
    seen = replace(ENDED, history=OVERFITTED, next=replace(FORM, own_data=True))
    assert tried(headline(seen)) == ["regularise", "more-data", "seeds"]


def test_a_stopped_run_is_resumed() -> None:
    stopped = Evidence("stopped", history={"val_loss": FALLING}, planned_epochs=30, next=replace(FORM, resumable=True))
    assert tried(headline(stopped)) == ["resume"]


def test_there_are_never_more_than_three() -> None:
    weak = figures(baseline={"name": "x", "metrics": {"accuracy": 0.9}})
    possible = replace(FORM, own_data=True, pretrained="p")
    assert len(headline(replace(ENDED, evaluated=weak, history=OVERFITTED, next=possible)).suggestions) == 3


@pytest.mark.parametrize("state", ["canceled", "pruned"])
def test_nothing_is_suggested_for_what_was_given_up(state: str) -> None:
    assert headline(replace(ENDED, state=state, next=FORM)).suggestions == ()


def test_a_study_chooses_the_next_values_of_its_trials_itself() -> None:
    assert headline(replace(ENDED, next=replace(FORM, trial=True))).suggestions == ()
