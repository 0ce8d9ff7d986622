"""The page of an ended run begins with what became of it, and its buttons lead where the rules say."""

import json

import pytest

from engine import service
from engine.access import local_owner
from engine.artifacts import artifacts_of
from engine.runs import Run, RunState
from engine.service.commands import suggested_command
from engine.store import MetricPoint, Store
from tests import seeding
from tests.pages.opening import labels, open_page, press, words


def curves(store: Store, run: Run, **series: list[float]) -> None:
    """Write epoch-level values, as `val_loss=[...]`."""
    points = [
        MetricPoint(0, split, name, "epoch", epoch * 10, float(epoch), value, 1.0 * epoch)
        for key, values in series.items()
        for split, name in [("validation", key.removeprefix("val_")) if key.startswith("val_") else ("train", key)]
        for epoch, value in enumerate(values, 1)
    ]
    store.attempts.report(run, points)


def ended(store: Store, state: RunState = RunState.COMPLETED, **series: list[float]) -> Run:
    """A run with such curves and an evaluation."""
    run = seeding.running(store, epochs=0, dataset="digits")
    curves(store, run, **series)
    seeding.end(store, run, state)
    return store.runs.get(run.id)


def test_a_run_that_goes_on_has_no_headline(store: Store) -> None:
    at = open_page("run", run=seeding.running(store).id)
    assert "baseline" not in " ".join(header.value for header in at.header)


def test_an_evaluated_run_begins_with_its_verdict_interval_and_confused_pair(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits")
    at = open_page("run", run=run.id)
    assert at.header[0].value.endswith("better than the baseline")
    said = words(at)
    assert "with 95% confidence between" in said
    assert "It confuses “" in said
    assert "logistic regression on pixels" in said


def test_the_headline_is_in_the_language_of_the_session(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits")
    at = open_page("run", run=run.id, lang="zh")
    assert "：优于基线" in at.header[0].value
    assert "置信区间" in words(at)


def test_an_ended_run_is_shared_by_a_button_in_the_language_of_the_page(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits")
    for language, label in (("en", "Share"), ("zh", "分享")):
        at = open_page("run", run=run.id, lang=language)
        assert at.get_by_key(f"share-{run.id}").label == label


def test_names_of_classes_stay_what_they_are(store: Store) -> None:
    run = seeding.completed(store, dataset="digits")
    evaluation = json.loads(artifacts_of(run.id).evaluation.read_text())
    for split in evaluation.values():
        split["labels"][0] = "![x](http://host.test/i.png)"
        split["confusion_matrix"] = [[5, 90] + [0] * 8] + [[0] * 10 for _ in range(9)]
    artifacts_of(run.id).evaluation.write_text(json.dumps(evaluation))
    said = words(open_page("run", run=run.id))
    assert "confuses" in said
    assert "![x](http" not in said


def test_one_that_overfits_opens_the_form_with_more_dropout(store: Store) -> None:
    loss = [0.9, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02]
    held = [0.9, 0.6, 0.45, 0.4, 0.45, 0.5, 0.56, 0.61, 0.68]
    run = ended(store, loss=loss, val_loss=held)
    at = open_page("run", run=run.id)
    assert "Overfitting began after epoch 4" in words(at)
    press(at, "Dropout 0.3 → 0.5")
    assert at.query_params["dropout"] == "0.5"
    assert at.title[0].value == "Train"


def test_one_that_was_still_learning_can_train_longer(store: Store) -> None:
    run = ended(store, val_accuracy=[0.1 * n for n in range(1, 10)] + [0.95])
    at = open_page("run", run=run.id)
    assert "It was still learning" in words(at)
    press(at, "Train to epoch 20")
    assert at.query_params["epochs"] == "20"


def test_a_stopped_run_trains_on_where_it_was(store: Store) -> None:
    run = seeding.stopped(store)
    artifacts_of(run.id).checkpoint.write_bytes(b"a checkpoint that nobody reads here")
    at = open_page("run", run=run.id)
    press(at, "Train on")
    assert store.runs.get(run.id).state == RunState.QUEUED


def test_a_failed_run_says_why_in_its_headline(store: Store) -> None:
    at = open_page("run", run=seeding.failed(store).id)
    assert at.header[0].value.endswith("The run failed")
    assert "Lower the learning rate" in words(at)


@pytest.mark.parametrize("label", ["Try it", "3 other seeds"])
def test_a_good_run_can_be_tried_and_repeated(store: Store, label: str) -> None:
    run = seeding.evaluated(store, dataset="digits")
    at = open_page("run", run=run.id)
    assert labels(at).count(label) == 1


def test_every_figure_and_finding_leads_to_its_explanation(store: Store) -> None:
    at = open_page("run", run=seeding.evaluated(store, dataset="digits").id)
    helps = [metric.proto.help for metric in at.metric if metric.label in ("Test accuracy", "Cross-entropy", "AUC")]
    assert len(helps) >= 3
    assert all("](learn?read=formulas#" in text for text in helps)
    assert any("#how-sure-is-a-result" in markdown.proto.help for markdown in at.markdown)


def test_a_run_whose_evaluation_is_damaged_still_has_a_page(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits")
    artifacts_of(run.id).evaluation.write_text("{")
    artifacts_of(run.id).outcomes.write_bytes(b"no zip")
    assert open_page("run", run=run.id).header[0].value.endswith("Validation accuracy 87.2%")


def test_a_run_of_parts_that_are_gone_has_what_its_record_says(store: Store) -> None:
    run = seeding.completed(store)
    spec = run.spec | {"model": {"name": "gone"}}
    from dataclasses import replace

    found = service.headlines.of(local_owner(), replace(run, spec=spec))
    assert found.suggestions == ()


def test_every_suggestion_is_a_command_that_a_terminal_takes(store: Store) -> None:
    run = ended(store, val_accuracy=[0.1 * n for n in range(1, 10)] + [0.95])
    found = service.headlines.of(local_owner(), run)
    commands = [suggested_command(run, suggestion) for suggestion in found.suggestions]
    assert [command[3] for command in commands] == ["train", "train"]
    assert {"--epochs", "20"} <= set(commands[0])
    assert {"--seed", "1"} <= set(commands[1])
