"""Sentences of the engine reach a page in the language of its reader, whichever way they came."""

import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import update

from engine.runs import RunSpec, RunState
from engine.sentences import Sentence
from engine.serving.client import Predictor
from engine.store import Store
from engine.store.schema import runs
from tests.pages.opening import open_page, words
from ui import lab

SLOW = (sys.executable, str(Path(__file__).parents[1] / "slow_predictor.py"))


def failed(store: Store, message: str) -> int:
    run = store.runs.create(RunSpec.build({"model": "mlp"}), slot="test")
    store.attempts.begin(run, worker={}, environment={"device": "cpu"}, total_steps=1)
    store.attempts.end(run, RunState.FAILED, message)
    return run.id


def test_an_error_of_the_predictor_crosses_its_socket_and_is_read_in_chinese(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SLOW[1].rsplit("/", 2)[0]))
    handle = Predictor(SLOW)
    try:
        deadline = time.monotonic() + 120
        while not handle.ready():
            assert time.monotonic() < deadline, "the predictor does not answer"
            time.sleep(0.05)
        monkeypatch.setattr(lab, "predictor", lambda: handle)
        shown = open_page("train", model="mlp", units=91, lang="zh").error[0].value
    finally:
        handle.close()
    assert shown.startswith("预测进程出错（KeyError：")
    assert "seconds" in shown


def test_the_message_of_a_run_and_its_event_are_read_in_chinese(store: Store) -> None:
    sentence = Sentence("It did not stop within {grace:g} seconds and was killed.", grace=17)
    at = open_page("run", run=failed(store, sentence), lang="zh")
    assert any("17 秒" in error.value for error in at.error)
    assert "It did not stop" not in words(at)


def test_a_message_that_an_earlier_version_stored_is_read_as_it_is(store: Store) -> None:
    run = failed(store, "")
    with store.runs._database.writing() as db:
        db.execute(update(runs).where(runs.c.id == run).values(message="An old text with {braces}."))
    assert store.runs.get(run).message == "An old text with {braces}."
    assert any("An old text with {braces}." in error.value for error in open_page("run", run=run, lang="zh").error)
