"""The page of one run says what it does, why it waits or failed, and offers what its state allows."""

import json

import numpy as np
import pytest

from engine.artifacts import artifacts_of
from engine.evaluation.values import evaluate_values
from engine.runs import RunSpec, RunState
from engine.sentences import Sentence, word
from engine.store import Store
from tests import seeding
from tests.pages.opening import labels, open_page, press, words
from ui.predictions.mistakes import MOST, cell
from ui.widgets.downloads import history_csv


def plots(at) -> dict:
    """Return what each chart was given, by the metric that its label begins with."""
    boards = [json.loads(element.proto.json) for element in at.get("bidi_component")]
    return {chart["label"].split(" of ")[0]: chart for board in boards for chart in board["charts"]}


def test_a_running_run_shows_progress_numbers_and_curves(store: Store) -> None:
    run = seeding.running(store, epochs=4)
    at = open_page("run", run=run.id)
    assert "Epoch 5 of 10 · step 560 of 1,400" in words(at)
    assert {"Loss", "Accuracy"} <= plots(at).keys()
    assert plots(at)["Loss"]["step"] == 560
    assert {m.label: m.value for m in at.metric}["Best validation accuracy"] == "79.8%"
    assert {"Stop", "Cancel…"} <= set(labels(at))
    assert "Try it" not in labels(at)


def test_empty_charts_are_drawn_while_a_run_waits_for_its_first_point(store: Store) -> None:
    run = seeding.queued(store)
    [board] = open_page("run", run=run.id).get("bidi_component")
    told = json.loads(board.proto.json)
    assert told["src"].startswith("/vendor/plotly/plotly.")
    assert [(chart["name"], json.loads(chart["spec"])["data"], chart["step"]) for chart in told["charts"]] == [
        ("loss", [], None),
        ("accuracy", [], None),
    ]


def test_a_run_that_is_trained_and_not_yet_evaluated_says_so(store: Store) -> None:
    run = seeding.running(store, epochs=10)
    assert "Epoch 10 of 10 · step 1,400 of 1,400 · training finished; evaluating" in words(open_page("run", run=run.id))


def test_a_stopped_run_that_was_not_evaluated_says_so_and_offers_it(store: Store) -> None:
    run = seeding.stopped(store)
    files = artifacts_of(run.id)
    files.checkpoint.write_bytes(b"")
    files.evaluation.unlink()
    at = open_page("run", run=run.id)
    assert "This run was stopped and has not been evaluated." in words(at)
    press(at, "Evaluate")
    waiting = store.runs.get(run.id)
    assert (waiting.state, waiting.phase) == (RunState.QUEUED, "evaluating")
    assert "waits to be evaluated" in words(at)
    assert "Pause" not in labels(at)
    press(at, "Stop")
    assert store.runs.get(run.id).state is RunState.STOPPED


def test_a_stopped_run_counts_epochs_as_its_message_does(store: Store) -> None:
    run = seeding.running(store, epochs=4)
    store.attempts.report(run, step=600)  # in the fifth
    store.attempts.end(run, RunState.STOPPED, "Stopped in epoch 5 of 10.")
    assert "Epoch 5 of 10" in words(open_page("run", run=run.id))


def test_stop_writes_a_request_and_cannot_be_pressed_twice(store: Store) -> None:
    run = seeding.running(store)
    at = press(open_page("run", run=run.id), "Stop")
    assert store.runs.get(run.id).request == RunState.STOPPED
    assert "Stop" not in labels(at)


def test_cancel_asks_before_it_throws_a_run_away(store: Store) -> None:
    run = seeding.running(store)
    at = press(open_page("run", run=run.id), "Cancel…")
    assert store.runs.get(run.id).request == ""
    assert "Cancel the training" in labels(at)
    press(at, "Cancel the training")
    assert store.runs.get(run.id).request == RunState.CANCELED


def test_a_completed_run_shows_what_it_reached_and_can_be_tried(store: Store) -> None:
    run = seeding.completed(store)
    at = open_page("run", run=run.id)
    numbers = {m.label: m.value for m in at.metric}
    assert numbers["Test accuracy"] == f"{run.result['test_accuracy']:.1%}"
    assert any("Confusion matrix" in label for label in plots(at))
    assert list(at.dataframe[0].value["label"]) == list(seeding.LABELS)
    assert "Try it" in labels(at)


def test_the_confusion_matrix_shows_counts_or_shares(store: Store) -> None:
    at = open_page("run", run=seeding.completed(store).id)
    counts = next(data for label, data in plots(at).items() if "Confusion" in label)["spec"]
    at.toggle(key="confusion_shares").set_value(True).run()
    shares = next(data for label, data in plots(at).items() if "Confusion" in label)["spec"]
    assert "%" not in json.loads(counts)["data"][0]["text"][0][0]
    assert json.loads(shares)["data"][0]["text"][0][0].endswith("%")


def test_a_failed_run_says_what_to_do_and_can_be_resumed(store: Store) -> None:
    run = seeding.failed(store)
    at = open_page("run", run=run.id)
    assert "Lower the learning rate" in at.error[0].value
    press(at, "Resume")
    assert store.runs.get(run.id).state == RunState.QUEUED


def test_a_queued_run_tells_its_place(store: Store) -> None:
    seeding.queued(store)
    run = seeding.queued(store)
    seeding.executor(store)
    assert "1 ahead of it in the queue" in words(open_page("run", run=run.id))


def test_a_queued_run_without_an_executor_says_so(store: Store) -> None:
    run = seeding.queued(store)
    assert "No executor is running" in open_page("run", run=run.id).warning[0].value


@pytest.mark.parametrize("asked", ["", "x", "-1", "99", "9" * 30, "²"])
def test_an_unknown_run_leads_to_the_list_of_runs(store: Store, asked: str) -> None:
    at = open_page("run", run=asked)
    assert at.info[0].value
    assert any(link.proto.page.endswith("runs") for link in at.get("page_link"))


def test_the_spec_can_be_reopened(store: Store) -> None:
    run = seeding.queued(store, model="mlp", learning_rate=0.005)
    at = open_page("run", run=run.id)
    link = next(link for link in at.get("page_link") if "model=mlp" in link.proto.query_string)
    assert "learning_rate=0.005" in link.proto.query_string


def test_the_log_is_read_only_while_its_tab_is_open(store: Store) -> None:
    run = seeding.running(store)
    at = open_page("run", run=run.id)
    assert "loss 0.6931" not in words(at)
    at.session_state["details"] = "Log"
    at.run()
    assert "Epoch 1/10\nloss 0.6931\ndone" in words(at)


def test_the_values_of_the_curves_are_a_file_away(store: Store) -> None:
    run = seeding.running(store, epochs=1, points=2)
    at = open_page("run", run=run.id)
    at.session_state["details"] = "Curve data"
    at.run()
    assert at.get_by_key(f"history-{run.id}").label == "Curves as CSV"
    head, *rows = history_csv(store.metrics.read(run.id)).decode().splitlines()
    assert head == "metric,split,scope,step,epoch,value"
    assert len(rows) == len(store.metrics.read(run.id))
    assert "loss,validation,epoch,140,1.0," in "\n".join(rows)


def shown_pictures(at) -> int:
    """Return the number of pictures of examples on the page."""
    return sum(str(element.proto.body).count("<img") for element in at.get("html"))


def test_examples_behind_the_commonest_mistake_are_shown_first_and_others_can_be_chosen(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits")
    outcomes = artifacts_of(run.id).read_outcomes("test")
    assert outcomes is not None
    at = open_page("run", run=run.id)
    true, predicted = (at.selectbox(key=key).value for key in ("cell_true", "cell_predicted"))
    assert true != predicted
    count = len(cell(outcomes, true, predicted))
    assert shown_pictures(at) == count > 0
    at.selectbox(key="cell_predicted").set_value(true)
    at.run()
    right = len(cell(outcomes, true, true))
    assert right > MOST == shown_pictures(at)
    assert f"{right} examples of {true} were predicted as {true}." in [element.value for element in at.get("text")]


def test_the_most_confident_mistakes_are_read_when_their_tab_is_opened(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits")
    at = open_page("run", run=run.id)
    at.session_state["examples"] = "Most confident mistakes"
    at.run()
    bodies = "".join(str(element.proto.body) for element in at.get("html"))
    assert bodies.count("<img") == MOST
    assert bodies.count(" predicted as ") == 2 * MOST  # read aloud, and below the picture


def test_a_dataset_that_has_changed_shows_no_examples(store: Store) -> None:
    run = seeding.evaluated(store, known={"dataset_hash": "of other files"}, dataset="digits")
    at = open_page("run", run=run.id)
    assert "the dataset has changed since this run was trained" in words(at)
    assert shown_pictures(at) == 0


def test_a_dataset_that_is_gone_is_told(store: Store) -> None:
    run = seeding.completed(store, dataset="fashion-mnist")
    evaluated = seeding.guesses(np.arange(10), 10)
    np.savez(
        artifacts_of(run.id).outcomes,
        test_positions=np.arange(10),
        test_outputs=evaluated,
        test_targets=np.arange(10)[::-1],
    )
    at = open_page("run", run=run.id)
    assert "is not on this machine any more" in words(at)


def test_outcomes_that_are_damaged_or_deleted_are_told(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits")
    artifacts_of(run.id).outcomes.write_bytes(b"half of")
    assert "were not kept, or were deleted" in words(open_page("run", run=run.id))
    artifacts_of(run.id).outcomes.unlink()
    assert "were not kept, or were deleted" in words(open_page("run", run=run.id))


def test_the_network_is_compared_with_the_baseline(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits")
    accuracy = artifacts_of(run.id).read_evaluation()["test"]["metrics"]["accuracy"]
    at = open_page("run", run=run.id)
    [sentence] = [element.value for element in at.get("text") if element.value.startswith("Baseline")]
    assert sentence.startswith("Baseline: logistic regression on pixels, accuracy 72.9%. The model is")
    assert f"{100 * (accuracy - 0.729):.1f} points better" in sentence
    assert "on only 90 of 900 training examples" in sentence
    [line] = [trace for trace in json.loads(plots(at)["Accuracy"]["spec"])["data"] if "Baseline" in trace["name"]]
    assert line["y"] == [0.729, 0.729]


def test_curves_and_calibration_are_drawn_one_at_a_time(store: Store) -> None:
    at = open_page("run", run=seeding.completed(store).id)
    assert any(label.startswith("ROC curves") for label in plots(at))
    for tab, label in (
        ("Precision and recall", "Precision-recall curves"),
        ("Calibration", "Accuracy against confidence"),
    ):
        at.session_state["thresholds"] = tab
        at.run()
        assert any(drawn.startswith(label) for drawn in plots(at))
        assert not any(drawn.startswith("ROC curves") for drawn in plots(at))


def test_predicted_values_are_drawn_against_true_ones(store: Store) -> None:
    run = seeding.completed(store, dataset="diabetes")
    targets = np.random.default_rng(0).normal(20, 5, 700)
    found = evaluate_values(targets + 1, targets, "EUR")
    artifacts_of(run.id).evaluation.write_text(json.dumps({"test": found}))
    at = open_page("run", run=run.id)
    assert {"Predicted against true values", "Distribution"} <= plots(at).keys()
    assert {m.label: m.value for m in at.metric}["Mean absolute error"] == "1"
    assert "500 of 700 examples" in words(at)


def test_an_evaluation_of_an_older_version_is_still_shown(store: Store) -> None:
    run = seeding.completed(store)
    old = artifacts_of(run.id).read_evaluation()["test"]
    for name in ("roc", "precision_recall", "calibration"):
        del old[name]
    artifacts_of(run.id).evaluation.write_text(json.dumps({"test": old}))
    at = open_page("run", run=run.id)
    assert any("Confusion matrix" in label for label in plots(at))


def test_a_broken_evaluation_is_no_broken_page(store: Store) -> None:
    run = seeding.completed(store)
    artifacts_of(run.id).evaluation.write_text("{")
    assert "does not have an evaluation" in words(open_page("run", run=run.id))


def test_a_run_that_starts_says_what_it_does(store: Store) -> None:
    run = store.attempts.claim("cpu-0", seeding.queued(store).id)
    assert run is not None
    assert "Starting the worker" in words(open_page("run", run=run.id))
    told = Sentence("Computing features of the {split} split: {share:.0%}", split=word("train"), share=0.4)
    store.attempts.report(run, message=told)
    assert words(open_page("run", run=run.id)).count("Computing features of the train split: 40%") == 1
    assert "正在计算训练集的特征：40%" in words(open_page("run", run=run.id, lang="zh"))
    assert "正在计算训练集的特征：40%" in str(open_page("runs", lang="zh").dataframe[0].value["state"][0])


def test_scale_and_smoothing_stand_in_the_address(store: Store) -> None:
    run = seeding.running(store, epochs=4)
    at = open_page("run", run=run.id, scale="log", smooth=0.6)
    figure = json.loads(plots(at)["Loss"]["spec"])
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert len(figure["data"]) == len(json.loads(plots(open_page("run", run=run.id))["Loss"]["spec"])["data"]) + 3
    at.get_by_key("choose-scale").set_value("linear").run()
    assert "type" not in json.loads(plots(at)["Loss"]["spec"])["layout"]["yaxis"]
    assert at.query_params["scale"] in ("linear", ["linear"])


def test_speed_and_machine_are_drawn_while_their_tab_is_open(store: Store) -> None:
    run = seeding.running(store, epochs=4)
    at = open_page("run", run=run.id)
    assert "CPU, GPU and memory" not in plots(at)
    at.session_state[f"live-{run.id}"] = "Speed and machine"
    at.run()
    assert {"Learning rate", "Examples/s", "CPU, GPU and memory"} <= plots(at).keys()


def test_examples_of_the_test_split_are_not_for_watching(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits")
    at = open_page("run", run=run.id)
    at.session_state["examples"] = "Most confident mistakes"
    at.run()
    assert "Watch these in training" not in [link.proto.label for link in at.get("page_link")]


def test_a_threshold_between_two_classes_follows_the_costs_that_are_entered(store: Store) -> None:
    at = open_page("run", run=seeding.evaluated(store, dataset="breast-cancer").id)
    at.session_state["thresholds"] = "Costs"
    at.run()
    assert "With calibrated probabilities it would be 16.7%" in words(at)
    at.number_input(key="cost_missed").set_value(1.0).run()
    assert "With calibrated probabilities it would be 50.0%" in words(at)
    [table] = [frame.value for frame in at.dataframe if "alarms" in frame.value.columns]
    assert table["cost"].iloc[0] <= table["cost"].iloc[2:].min()
    assert any(label.startswith("Mean cost per example") for label in plots(at))
    at.number_input(key="cost_missed").set_value(0.0)
    at.number_input(key="cost_alarm").set_value(0.0).run()
    assert "Give at least one mistake a cost." in words(at)


def test_a_run_of_trees_offers_neither_a_fork_nor_another_learning_rate(store: Store) -> None:
    for model, there in (("boosted-trees", False), ("mlp", True)):
        run = store.runs.create(RunSpec.build({"dataset": "penguins", "model": model}), "ada", slot="terminal")
        offered = labels(open_page("run", run=run.id))
        assert ("Fork…" in offered, "Learning rate…" in offered) == (there, there)
