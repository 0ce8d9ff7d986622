"""The Search page: its address says what varies, and the button begins that study."""

from dataclasses import replace

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from engine.models.base import models
from engine.search.suggestions import suggested_space
from engine.serving.client import NetworkPicture
from engine.spec import Choices, Range
from engine.store import Store
from engine.studies import MODEL, narrow, tunable
from tests.pages.opening import labels, open_page, press, words
from tests.pages.warm import WarmPredictor, finish
from tests.tiny import small_set
from ui import lab
from ui.studies.form import fields_of, read_search, read_vary, write_vary

DIGITS = {"dataset": "digits", "model": "mlp", "epochs": 3}


def ticked(at: AppTest) -> set[str]:
    """The labels of what varies."""
    return {box.label for box in at.checkbox if box.value}


def test_it_opens_with_a_sensible_start_and_one_click_begins(store: Store) -> None:
    at = open_page("search", **DIGITS)
    assert ticked(at) == {"Units", "Depth", "Dropout", "Learning rate"}
    at = press(at, "Start search")
    [study] = store.studies.list()
    assert study.spec.space.keys() == {"units", "depth", "dropout", "learning_rate"}
    assert study.spec.values["epochs"] == 3
    assert study.spec.search.trials == 20
    assert at.title[0].value == "mlp on digits"


def test_the_train_page_leads_here_with_what_it_shows(store: Store) -> None:
    at = press(open_page("train", units=77, **DIGITS), "Search…")
    assert at.title[0].value == "Search"
    assert at.query_params["units"] == "77"
    assert "Multilayer perceptron (MLP)" in words(at)


def test_a_link_reopens_what_varies_and_how(store: Store) -> None:
    vary = "units:32..64,activation:relu|tanh"
    at = open_page("search", vary=vary, trials=7, sampler="random", objectives="quality,parameters", **DIGITS)
    assert ticked(at) == {"Units", "Activation"}
    press(at, "Start search")
    [study] = store.studies.list()
    assert study.spec.space == {"units": Range(32, 64, log=True), "activation": Choices(("relu", "tanh"))}
    assert study.spec.objectives == ("quality", "parameters")
    assert (study.spec.search.trials, study.spec.search.sampler, study.spec.search.pruner) == (7, "random", "none")


def test_the_direction_of_an_objective_stands_in_the_address_where_it_is_not_its_own(store: Store) -> None:
    at = open_page("search", objectives="latency:upwards,quality", **DIGITS)
    choice = at.get("button_group")
    directions = {widget.key: widget for widget in choice}
    assert directions["search-direction.latency"].value == "minimize"
    directions["search-direction.latency"].set_value("maximize").run()
    assert at.query_params["objectives"] == "latency:maximize,quality"
    press(at, "Start search")
    [study] = store.studies.list()
    assert study.spec.maximize() == (True, True)
    assert "Latency: more is better" in words(open_page("study", study=study.id))


def test_ticks_and_ranges_stand_in_the_address(store: Store) -> None:
    at = open_page("search", vary="units:32..64", **DIGITS)
    at.checkbox(key="vary.depth").check().run()
    assert at.query_params["vary"] == "units:32..64,depth"
    at.text_input(key="vary-high.units").set_value("48").run()
    assert at.query_params["vary"] == "units:32..48,depth"
    at.slider(key="vary-range.depth").set_range(2, 3).run()
    assert at.query_params["vary"] == "units:32..48,depth:2..3"
    at.checkbox(key="vary.units").uncheck().run()
    assert at.query_params["vary"] == "depth:2..3"


def test_no_study_starts_while_a_range_is_wrong(store: Store) -> None:
    at = open_page("search", vary="units:32..64,depth", **DIGITS)
    at.text_input(key="vary-high.units").set_value("99999")
    at.get_by_key("start-search").click()  # in the same moment
    at.run()
    assert store.studies.list() == []
    assert "'units:32..99999' cannot be used." in at.error[0].value
    assert "Start search" not in labels(at)
    at.checkbox(key="vary.depth").uncheck().run()
    assert at.query_params["vary"] == "units:32..99999"
    assert at.text_input(key="vary-high.units").value == "99999"
    at.text_input(key="vary-high.units").set_value("").run()
    assert at.query_params["vary"] == "units:32..1024"
    assert "Start search" in labels(at)


def test_a_link_with_a_wrong_setting_starts_no_study_until_it_is_dropped(store: Store) -> None:
    at = open_page("search", vary="units:32..99999,depth", trials="0", **DIGITS)
    assert "Start search" not in labels(at)
    press(at, "Use the defaults instead")
    assert "trials" not in at.query_params
    assert "99999" not in at.query_params["vary"]
    assert "Start search" in labels(at)


def test_models_are_compared_with_the_hyperparameters_that_they_have(store: Store) -> None:
    at = open_page("search", dataset="digits", epochs=3)
    assert at.checkbox(key="vary.model").value
    assert at.multiselect(key="vary-choices.model").value == ["cnn", "resnet"]
    assert "only with Residual network (ResNet)" in words(at)
    at.multiselect(key="vary-choices.model").set_value(["mlp", "linear"]).run()
    assert at.query_params["vary"].startswith("model:mlp|linear,")
    assert not {"vary.filters", "vary.width"} & {box.key for box in at.checkbox}
    assert not at.warning, "what only the models before had is left out without a word"
    at.checkbox(key="vary.depth").check().run()
    press(at, "Start search")
    [study] = store.studies.list()
    assert study.spec.models == ("mlp", "linear")
    assert study.spec.used({"model": "linear"}) == ("model", "dropout", "learning_rate")


def test_without_models_to_compare_the_one_of_the_form_stays(store: Store) -> None:
    at = open_page("search", dataset="digits", vary="model:mlp|linear,depth:1..2", epochs=3)
    at.checkbox(key="vary.model").uncheck().run()
    assert at.query_params["vary"] == ""
    assert "stays at Convolutional network" in words(at)


def test_nothing_ticked_stays_so_and_cannot_begin(store: Store) -> None:
    at = open_page("search", vary="dropout", **DIGITS)
    at.checkbox(key="vary.dropout").uncheck().run()
    assert at.query_params["vary"] == ""
    assert not ticked(at)
    assert "needs at least one hyperparameter" in at.error[0].value
    assert "Start search" not in labels(at)


def test_a_grid_says_how_many_combinations_it_has(store: Store) -> None:
    at = open_page("search", vary="units:16..18,activation:relu|tanh", sampler="grid", **DIGITS)
    assert "The grid has 6 combinations" in words(at)
    assert "6 trials are trained" in words(at)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Up to about 2 min for 12 trials, from 1 similar run · about 2.6 GB of memory"),
        ({"parallel": 1}, "Up to about 6 min for 12 trials, from 1 similar run · about 0.9 GB of memory"),
        ({"budget_minutes": 1.5}, "Up to about 2 min for 12 trials"),
        ({"vary": "activation:relu|tanh", "sampler": "grid"}, "Up to about 32 s for 2 trials"),
    ],
    ids=["parallel", "one-by-one", "budget", "grid"],
)
def test_a_study_costs_its_trials_times_the_time_of_one(
    store: Store, monkeypatch: pytest.MonkeyPatch, values: dict[str, object], told: str
) -> None:
    monkeypatch.setattr(lab, "predictor", WarmPredictor)
    finish(store, model="mlp", epochs=10, device="cpu")
    study = {"model": "mlp", "units": 93, "epochs": 10, "device": "cpu", "trials": 12, "parallel": 3}
    assert told in words(open_page("search", **study | values))


def test_trials_that_do_not_fit_together_are_told_before_they_begin(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "predictor", WarmPredictor)
    free = psutil.virtual_memory()._replace(available=2_000_000_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    assert "Let 2 train at once, or fewer" in words(open_page("search", parallel=3, device="cpu", **DIGITS))
    assert "train at once, or fewer" not in words(open_page("search", parallel=2, device="cpu", **DIGITS))


class Growing(WarmPredictor):
    """Knows networks that have a million numbers for each unit."""

    def describe(self, values: dict[str, object]) -> NetworkPicture:
        """Two layers, and as many numbers as its width says."""
        picture = super().describe(values)
        numbers = 1_000_000 * int(str(values["units"]))
        return replace(picture, facts=replace(picture.facts, parameters=numbers, trainable_parameters=numbers))


def test_memory_is_asked_for_the_largest_values_that_are_searched(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "predictor", Growing)
    free = psutil.virtual_memory()._replace(available=4_000_000_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    fits = open_page("search", vary="units:16..32", units=16, device="cpu", **DIGITS)
    assert "With the largest values" not in words(fits)
    large = open_page("search", vary="units:16..1024", units=16, device="cpu", **DIGITS)
    assert "With the largest values of the search space:" in words(large)


def test_a_space_with_few_combinations_says_so(store: Store) -> None:
    at = open_page("search", vary="units:16..18,activation:relu|tanh", **DIGITS)
    assert "There are only 6 combinations of values, so the study ends once all have been tried." in words(at)
    assert "6 trials are trained" in words(at)


def test_a_study_begins_while_nobody_knows_its_cost_yet(store: Store) -> None:
    at = open_page("search", **DIGITS)
    assert "the cost of the study appears in a few seconds" in words(at)
    assert "Start search" in labels(at)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"vary": "activation", "sampler": "cma-es"}, "needs 2 or more numeric hyperparameters"),
        ({"objectives": "quality,latency", "pruner": "median"}, "choose 'none'"),
        ({"objectives": ""}, "needs an objective"),
        ({"pruner": "wilcoxon"}, "Set folds to 3 or more"),
    ],
)
def test_what_does_not_go_together_is_said_and_cannot_begin(
    store: Store, params: dict[str, str], sentence: str
) -> None:
    at = open_page("search", **DIGITS, **params)
    assert sentence in words(at)
    assert "Start search" not in labels(at)


@pytest.mark.parametrize(
    "params",
    [
        {"vary": "unts,units:1..2..3,units:nan..inf,units:a..b,dropout:0.9..0.1,activation:lisp|*"},
        {"vary": "units:4..99999"},
        {"vary": ",,,::;;%00" * 200},
        {"trials": "0"},
        {"sampler": "annealing"},
        {"trials": "9" * 400, "sampler": "oracle"},
        {"objectives": "fame,<b>"},
        {"search_seed": "-1", "budget_minutes": "nan"},
        {"vary": "batch_size:1e999..-1e999"},
    ],
)
def test_hostile_addresses_become_sentences_and_the_form_stands(store: Store, params: dict[str, str]) -> None:
    at = open_page("search", **DIGITS, **params)
    assert at.warning or at.error
    assert at.title[0].value == "Search"


def test_a_dataset_that_is_not_here_cannot_be_searched(store: Store) -> None:
    at = open_page("search", dataset="cifar10")
    assert "Start search" not in labels(at)
    assert "Fetch" in labels(at)


def test_only_hyperparameters_can_be_ticked(store: Store) -> None:
    keys = {box.key for box in open_page("search", **DIGITS).checkbox}
    assert "vary.units" in keys
    assert not keys & {"vary.seed", "vary.test_fraction", "vary.fold", "vary.deterministic"}


ONLY = {"mel-decoder"}
"""Models that are the only one of their task."""
BEST = {"ctc-crnn", "centernet-lite0", "embedding-cnn", "flow-matching", "vae"}
"""Models beside which no other of their task is known to be good."""


@pytest.mark.parametrize("model", sorted(models))
def test_every_space_is_written_and_read_alike(model: str) -> None:
    found = read_search({"dataset": small_set(model), "model": model})
    everything = {name: narrow(field, None) for name, field in found.fields.items() if name != MODEL}
    compared = suggested_space(found.base, compare_models=True)
    others = {} if model in ONLY else {MODEL: narrow(found.fields[MODEL], None)}
    for space in (found.space, everything, compared, others):
        notes: list[str] = []
        assert read_vary(write_vary(space, fields_of(found.base, space)), found.base, notes, {}) == space
        assert not notes
    assert {*others, *tunable(found.base)} == found.fields.keys()
    assert "learning_rate" in compared
    assert (MODEL in compared) == (model not in {*ONLY, *BEST})
    assert MODEL not in found.space, "somebody has chosen one"
