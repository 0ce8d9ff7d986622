"""The tab of a run that says how to reproduce it: recorded facts, a link, a command, a script."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from engine.datasets.digits import Digits
from engine.runs import RunSpec
from engine.scripting.files import ScriptFiles
from engine.settings import settings
from engine.store import Store
from engine.store.schema import runs
from tests import seeding
from tests.pages.opening import open_page, press, words
from ui import lab
from ui.runs import reproduce
from ui.train.form import read_form

VALUES: dict[str, Any] = {"dataset": "digits", "model": "mlp", "learning_rate": 0.005}


class Writing:
    """A warm predictor that has one script for everything."""

    def ready(self) -> bool:
        """Always."""
        return True

    def script(self, spec: dict[str, Any], origin: dict[str, Any]) -> ScriptFiles:
        """Names the run."""
        return ScriptFiles(f"# run {origin['run_id']}\n", "{}")


def opened(run_id: int) -> AppTest:
    """The page of a run with this tab open."""
    at = open_page("run", run=run_id)
    at.session_state["details"] = "Reproduce"
    return at.run()


def codes(at: AppTest) -> list[str]:
    """Return what can be copied."""
    return [element.value for element in at.code]


def test_what_was_recorded_is_shown_and_what_is_not_known_is_left_out(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits")
    recorded = dict(reproduce.recorded(run))
    assert recorded["Dataset hash"] == run.environment["dataset_hash"][:12]
    assert recorded["Versions"] == "keras 3.15.1, tensorflow 2.21.0"
    assert "Commit" not in recorded
    shown = opened(run.id).dataframe
    assert any("Dataset hash" in table.value.iloc[:, 0].tolist() for table in shown)


def test_a_run_is_queued_again_with_the_same_spec(store: Store) -> None:
    run = seeding.completed(store, **VALUES)
    press(opened(run.id), "Run again")
    newest = store.runs.list(limit=1)[0]
    assert newest.id > run.id
    assert newest.spec == run.spec


def test_it_is_said_what_a_script_needs(store: Store) -> None:
    for values, needed in (
        (VALUES, "Plain Keras"),
        ({"dataset": "penguins", "model": "boosted-trees"}, "Plain scikit-learn"),
    ):
        run = seeding.completed(store, **values)
        [button] = [one for one in opened(run.id).button if one.key == f"script-{run.id}"]
        assert button.help.startswith(needed)


def test_it_is_said_that_link_and_command_do_not_repeat_a_fork(store: Store) -> None:
    run = seeding.completed(store, **VALUES)
    assert "start from scratch" not in words(opened(run.id))
    with store.writing() as db:
        db.execute(update(runs).values(parent_id=7, parent_epoch=2))
    assert "the link, the command and the script start from scratch with its values" in words(opened(run.id))


def test_the_link_opens_the_form_with_the_same_values(store: Store) -> None:
    run = seeding.queued(store, **VALUES)
    link = next(code for code in codes(opened(run.id)) if "/?" in code)
    query = {name: value for name, (value,) in parse_qs(urlsplit(link).query).items()}
    assert read_form(query).spec() == run.parsed()


def test_the_link_is_absolute_where_the_address_of_the_page_is_known() -> None:
    spec = RunSpec.build(VALUES)
    assert reproduce.link_of(spec, "https://lab.example/base/run?run=3").startswith("https://lab.example/base/?task=")
    assert reproduce.link_of(spec, "").startswith("/?task=")


def test_the_command_repeats_the_run(store: Store) -> None:
    run = seeding.queued(store, **VALUES)
    assert any("engine train --dataset digits --model mlp --learning-rate 0.005" in c for c in codes(opened(run.id)))


def test_the_script_is_written_on_demand(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = seeding.completed(store, **VALUES)
    monkeypatch.setattr(lab, "predictor", Writing)
    at = opened(run.id)
    assert "Download as Python" not in str(at.get("download_button"))
    press(at, "Write the script")
    labels = [button.proto.label for button in at.get("download_button")]
    assert {"Download as Python", "Download as notebook"} <= set(labels)
    assert f"# run {run.id}" in codes(at)


def test_large_data_is_left_out_with_the_command_that_writes_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = seeding.completed(store, **VALUES)
    monkeypatch.setattr(lab, "predictor", Writing)
    monkeypatch.setattr("engine.scripting.files.size_bytes", lambda data: settings().max_script_data_mb * 1_000_000 + 1)
    reproduce.packed.clear()
    at = press(opened(run.id), "Write the script")
    reproduce.packed.clear()
    assert "is not in the zip" in words(at)
    assert f"python -m engine script {run.id}" in codes(at)


def test_a_dataset_that_is_gone_is_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = seeding.completed(store, **VALUES)
    monkeypatch.setattr(Digits, "available", lambda self: False)
    at = opened(run.id)
    assert "The files of dataset 'digits' are missing." in words(at)
    assert "Write the script" not in [button.label for button in at.button]


def test_a_part_that_is_no_longer_registered_is_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = seeding.completed(store, **VALUES)
    from engine.models.base import models

    monkeypatch.setattr(models, "_entries", {name: models[name] for name in models if name != "mlp"})
    at = opened(run.id)
    assert "No model named 'mlp'." in words(at)
    assert "Run again" not in [button.label for button in at.button]


def test_why_there_is_no_script_is_said(store: Store) -> None:
    run = seeding.completed(store, **VALUES)

    class Cold(Writing):
        def script(self, spec: dict[str, Any], origin: dict[str, Any]) -> ScriptFiles:
            from engine.errors import TrainyardError

            raise TrainyardError("A script cannot be written for the layer 'odd': it is a Lambda layer.")

    reproduce.written.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab, "predictor", Cold)
        at = press(opened(run.id), "Write the script")
    assert "A script cannot be written for the layer 'odd'" in words(at)
