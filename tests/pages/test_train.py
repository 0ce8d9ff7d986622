"""The Train page: its address says what it shows, and what it shows is what it trains."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from engine.settings import settings
from engine.store import Store
from tests.pages.opening import labels, open_page, press, unfold, words
from tests.pages.warm import WarmPredictor, finish
from tests.test_archive import pictures, zipped
from tests.test_own_data import imported
from ui import lab
from ui.train import sources


def field(at: AppTest, key: str) -> SimpleNamespace:
    """The widget of a field, by the part and the name."""
    return at.get_by_key(f"form.{key}")


def test_it_opens_ready_to_train(store: Store) -> None:
    at = open_page("train")
    assert field(at, "dataset").value == "mnist"
    assert field(at, "model").value == "cnn"
    assert "Train" in labels(at)
    assert "3,830 to train" in words(at)
    assert "TensorFlow is loading" in words(at)


def test_train_queues_what_the_form_shows_and_goes_to_the_run(store: Store) -> None:
    at = press(open_page("train", model="mlp", units=64, learning_rate=0.01), "Train")
    [run] = store.runs.list()
    assert (run.spec["model"]["units"], run.spec["optimizer"]["learning_rate"]) == (64, 0.01)
    assert at.title[0].value == f"Run {run.id}"


def test_a_changed_field_stands_in_the_address_and_a_default_does_not(store: Store) -> None:
    at = open_page("train")
    field(at, "training.epochs").set_value("3").run()
    assert at.query_params["epochs"] == "3"
    field(at, "training.epochs").set_value("12").run()
    assert "epochs" not in at.query_params


def test_another_optimizer_brings_its_own_learning_rate_unless_one_was_set(store: Store) -> None:
    at = unfold(open_page("train"), "training")
    field(at, "optimizer").select("sgd").run()
    assert field(at, "optimizer.sgd.learning_rate").value == "0.05"
    field(at, "optimizer.sgd.learning_rate").set_value("0.02").run()
    field(at, "optimizer").select("rmsprop").run()
    assert field(at, "optimizer.rmsprop.learning_rate").value == "0.02"


def test_another_model_drops_the_fields_it_does_not_have(store: Store) -> None:
    at = unfold(open_page("train", model="cnn", blocks=3, units=64), "network")
    field(at, "model").select("mlp").run()
    assert not at.error
    assert "blocks" not in at.query_params
    assert field(at, "model.mlp.units").value == "64"


def test_what_a_link_gets_wrong_is_said_and_nothing_starts_until_it_is_put_right(store: Store) -> None:
    at = open_page("train", learning_rate=9, unts=4, epochs=5)
    said = at.error[0].value
    assert "Learning rate: 9 cannot be used; expected 1e-06 to 1." in said
    assert "Did you mean 'units'?" in said
    assert field(at, "training.epochs").value == "5"
    assert field(at, "optimizer.adam.learning_rate").value == "9"
    assert not {"Train", "Search…"} & set(labels(at))
    press(at, "Use the defaults instead")
    assert dict(at.query_params) == {"epochs": "5"}
    assert {"Train", "Search…"} <= set(labels(at))


@pytest.mark.parametrize(
    ("name", "text", "limits"),
    [("training.epochs", "99999", "1 to 500"), ("optimizer.adam.learning_rate", "1,000", "1e-06 to 1")],
)
def test_nothing_starts_with_another_value_than_the_one_that_was_typed(
    store: Store, name: str, text: str, limits: str
) -> None:
    at = open_page("train")
    field(at, name).set_value(text)
    at.get_by_key("train").click()  # in the same moment, as by Enter and a click
    at.run()
    assert f"{text} cannot be used; expected {limits}" in at.error[0].value
    assert store.runs.list() == []
    assert field(at, name).value == text
    assert "Train" not in labels(at)
    field(at, name).set_value("").run()
    assert not at.error
    assert not at.query_params
    assert "Train" in labels(at)


def test_a_press_that_comes_with_the_address_from_before_trains_what_was_typed(store: Store) -> None:
    at = open_page("train", model="mlp")
    field(at, "training.epochs").set_value("3").run()
    at.query_params.pop("epochs")  # the browser had not learned of it when the button was pressed
    press(at, "Train")
    assert [run.spec["training"]["epochs"] for run in store.runs.list()] == [3]


def test_a_change_that_comes_with_the_address_from_before_keeps_the_last_one(store: Store) -> None:
    at = open_page("train")
    field(at, "training.epochs").set_value("3").run()
    at.query_params.pop("epochs")
    field(at, "optimizer.adam.learning_rate").set_value("0.01").run()
    assert dict(at.query_params) == {"epochs": "3", "learning_rate": "0.01"}


def test_going_back_undoes_a_change(store: Store) -> None:
    at = open_page("train")
    field(at, "training.epochs").set_value("3").run()
    at.query_params.pop("epochs")
    at.run()
    assert field(at, "training.epochs").value == "12"
    field(at, "optimizer.adam.learning_rate").set_value("0.01").run()
    assert dict(at.query_params) == {"learning_rate": "0.01"}


def test_a_decimal_comma_is_understood(store: Store) -> None:
    at = open_page("train")
    field(at, "optimizer.adam.learning_rate").set_value("0,01").run()
    assert at.query_params["learning_rate"] == "0.01"
    assert field(at, "optimizer.adam.learning_rate").value == "0.01"


def test_a_wrong_value_outlives_the_choice_of_another_model(store: Store) -> None:
    at = open_page("train", epochs=99999)
    field(at, "model").select("mlp").run()
    assert "99999 cannot be used" in at.error[0].value


def test_what_a_link_sets_in_a_closed_fold_is_named_below_it(store: Store) -> None:
    at = open_page("train", optimizer="sgd", batch_size=32, clip_norm=900, learning_rate=0.1, blocks=3)
    assert "Changed: Batch size 32 · SGD · Clip norm 900 :material/error:" in words(at)
    assert "Changed: Blocks 3" in words(at)
    assert "Changed" not in words(open_page("train", epochs=5, learning_rate=0.1, dataset="digits", model="mlp"))


def test_the_head_says_what_is_trained(store: Store) -> None:
    assert "**cnn on mnist, up to 12 epochs**" in words(open_page("train"))
    assert "**cnn on mnist, 1 epoch**" in words(open_page("train", epochs=1))


def test_reset_brings_the_defaults_back(store: Store) -> None:
    at = press(open_page("train", model="mlp", epochs=5), "Reset")
    assert field(at, "model").value == "cnn"
    assert field(at, "training.epochs").value == "12"


def test_a_dataset_that_is_not_here_offers_to_fetch_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(lab, "start_fetch", asked.append)
    at = open_page("train", dataset="cifar10")
    assert "Train" not in labels(at)
    press(at, "Fetch")
    assert asked == ["cifar10"]


def test_a_failed_download_says_why_and_can_be_tried_again(store: Store) -> None:
    store.fetches.report("cifar10", "failed", message="The server cannot be reached.")
    at = open_page("train", dataset="cifar10")
    assert at.error[0].value == "The server cannot be reached."
    assert "Fetch" in labels(at)


def test_a_running_download_shows_how_far_it_is(store: Store) -> None:
    store.fetches.report("cifar10", "running", 17_000_000, 170_000_000)
    at = open_page("train", dataset="cifar10")
    assert at.progress[0].text == "17.0 of 170.0 MB"
    assert "Fetch" not in labels(at)


def test_the_picture_of_the_network_is_asked_once_for_what_changes_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = WarmPredictor()
    monkeypatch.setattr(lab, "predictor", lambda: predictor)
    at = unfold(open_page("train", model="mlp", units=99), "network")
    assert {m.label: m.value for m in at.metric}["Parameters"] == "1,290"
    field(at, "optimizer.adam.learning_rate").set_value("0.01").run()
    assert len(predictor.asked) == 1
    field(at, "model.mlp.units").set_value("98").run()
    assert len(predictor.asked) == 2


def test_a_network_that_cannot_be_described_is_a_sentence_and_the_page_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "predictor", lambda: WarmPredictor("The network is too large."))
    at = open_page("train", model="mlp", units=97)
    assert "The network is too large." in at.error[0].value
    assert "Train" in labels(at)


def test_what_a_run_costs_stands_beside_the_button(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", WarmPredictor)
    finish(store, model="mlp", epochs=10, device="cpu")
    at = open_page("train", model="mlp", epochs=20, units=96, device="cpu")
    figures = "about 0.9 GB of memory · 1,290 parameters · 2.6 MFLOP per example"
    what = "**mlp on mnist, up to 20 epochs**"
    assert f"{what} · up to 2 min, from 1 similar run · {figures}" in words(at).splitlines()
    assert not at.warning


def test_what_as_many_examples_have_given_stands_beside_the_cost(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", WarmPredictor)
    finish(store, 0.913, model="mlp", device="cpu")
    assert "accuracy 91.3% with 9,000 examples so far" in words(open_page("train", model="mlp", units=98))


def test_before_a_first_run_nobody_knows_the_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", WarmPredictor)
    assert "time unknown until a first run" in words(open_page("train", model="mlp", units=95))


def test_too_little_memory_is_said_before_the_launch_and_hinders_nobody(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "predictor", WarmPredictor)
    monkeypatch.setenv("TRAINYARD_WORKER_MEMORY_MB", "1")
    settings.cache_clear()
    at = open_page("train", model="mlp", units=94, device="cpu")
    assert "TRAINYARD_WORKER_MEMORY_MB allows 0.9 GB in all. The data takes most of it" in at.warning[0].value
    press(at, "Train")
    assert len(store.runs.list()) == 1


def test_the_terminal_command_says_the_same(store: Store) -> None:
    at = open_page("train", model="mlp", epochs=3, optimizer="sgd", nesterov="true")
    assert not at.code  # what colours it is as large as the rest of the page
    at.session_state["terminal"] = True
    at.run()
    assert at.code[0].value == (
        "python -m engine train --dataset mnist --model mlp --optimizer sgd --nesterov --epochs 3"
    )


def test_coming_back_reopens_the_form_as_it_was_left(store: Store) -> None:
    at = open_page("train")
    field(at, "training.epochs").set_value("7").run()
    at.switch_page("../pages/system.py").run()
    at.query_params.clear()
    at.switch_page("../pages/train.py").run()
    assert field(at, "training.epochs").value == "7"


def test_a_task_is_found_under_its_kind_of_data(store: Store) -> None:
    at = open_page("train")
    assert (field(at, "group").value, field(at, "task").value) == ("image", "image-classification")
    field(at, "group").set_value("audio").run()
    assert at.query_params["task"] == "audio-classification"
    field(at, "task").set_value("text-to-speech").run()
    assert (at.query_params["task"], field(at, "group").value) == ("text-to-speech", "audio")
    assert field(at, "dataset").value == "digit-voices"
    assert not at.exception


def test_a_link_to_a_task_shows_its_kind_of_data(store: Store) -> None:
    at = open_page("train", task="tabular-regression")
    assert (field(at, "group").value, field(at, "task").value) == ("table", "tabular-regression")


def test_the_gallery_shows_the_datasets_of_a_task_with_pictures_and_takes_the_one_that_is_chosen(store: Store) -> None:
    at = press(open_page("train", model="cnn", epochs=5), "Choose by pictures")
    assert {"gallery-mnist", "gallery-digits", "gallery-cifar10"} <= {button.key for button in at.button}
    assert "to download" in words(at)
    assert len(at.image) >= 5
    at.get_by_key("gallery-digits").click().run()
    assert field(at, "dataset").value == "digits"
    assert at.query_params["epochs"] == "5"


def test_an_imported_set_has_its_own_name_in_the_list_and_a_picture_in_the_gallery(store: Store) -> None:
    imported(zipped(pictures(8)), "pets.zip", "pets")
    at = open_page("train")
    assert "pets" in field(at, "dataset").options
    field(at, "dataset").select("folder:pets").run()
    assert (at.query_params["dataset"], at.query_params["folder"]) == ("folder", "pets")
    assert "on pets" in words(at)
    assert "Train" in labels(at)
    press(at, "Choose by pictures")
    assert "In the form" in [button.label for button in at.button if button.disabled]


def test_several_machines_are_offered_only_where_the_executor_has_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = unfold(open_page("train"), "training")
    assert "form.training.machines" not in [box.key for box in at.selectbox]
    store.leases.hold("executor", {"pid": 1, "machines": 3})
    at.run()
    assert field(at, "training.machines").options == ["1", "2", "3"]
    field(at, "training.machines").set_value(2).run()
    assert at.query_params["machines"] == "2"


def test_several_devices_are_offered_only_where_there_are_several_gpus(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = unfold(open_page("train"), "training")
    assert "form.training.devices" not in [box.key for box in at.selectbox]
    monkeypatch.setitem(sources._SOURCES, "gpus", lambda: [1, 2])
    at.run()
    assert field(at, "training.devices").options == ["1", "2"]
    field(at, "training.devices").set_value(2).run()
    assert at.query_params["devices"] == "2"


def test_what_means_nothing_for_trees_is_neither_drawn_nor_kept(store: Store) -> None:
    at = unfold(
        open_page("train", dataset="penguins", model="mlp", optimizer="sgd", batch_size=8, units=99),
        "training",
        "network",
    )
    assert field(at, "training.batch_size").value == "8"
    field(at, "model").select("boosted-trees").run()
    assert not at.error
    unfold(at, "training", "network")
    keys = {widget.key for kind in ("text_input", "selectbox", "slider", "toggle") for widget in at.get(kind)}
    assert "form.model.boosted-trees.leaves" in keys
    assert not {key for key in keys if key and key.startswith(("form.optimizer", "form.schedule"))}
    assert not {"form.training.batch_size", "form.training.mixed_precision"} & keys
    assert "form.training.patience" in keys
    assert not {"batch_size", "units"} & {*at.query_params}
    press(at, "Train")
    [run] = store.runs.list()
    assert run.parsed().model.name == "boosted-trees"


def test_an_address_that_sets_what_a_model_has_no_use_for_is_said(store: Store) -> None:
    at = open_page("train", dataset="penguins", model="boosted-trees", batch_size=8)
    assert "'batch_size' does not exist here" in words(at)
