"""The objects of a dashboard process are opened once, and errors that a person can put right become sentences."""

import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine import service
from engine.runs import RunSpec, RunState
from ui import lab


@pytest.fixture(autouse=True)
def _home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "start_executor", lambda: None)


def test_a_launched_run_waits_in_the_queue() -> None:
    run = lab.launch(RunSpec.build({"epochs": 1}))
    assert run.state == RunState.QUEUED
    assert run.owner == lab.actor().name
    assert service.runs.queue(lab.actor()) == [run.id]


def test_a_download_is_reported_before_its_process_says_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "FETCH_COMMAND", (sys.executable, "-c", "import time; time.sleep(30)"))
    lab.start_fetch("cifar10")
    process = lab.fetches["cifar10"]
    fetch = service.datasets.fetch_progress(lab.actor(), "cifar10")
    assert fetch is not None
    assert fetch.state == "running"
    assert not lab.fetch_ended("cifar10")
    lab.start_fetch("cifar10")
    assert lab.fetches["cifar10"] is process, "a second press starts nothing"
    process.kill()
    process.wait()
    assert lab.fetch_ended("cifar10")
    del lab.fetches["cifar10"]


def stumble() -> None:
    """A page that breaks in a way that a person can put right."""
    import streamlit as st

    from engine.errors import TrainyardError
    from ui.lab import guarded

    with guarded():
        raise TrainyardError("No model named 'mpl'. Did you mean 'mlp'?")
    st.caption("The page goes on.")


def test_an_error_is_its_sentence_and_the_page_goes_on() -> None:
    at = AppTest.from_function(stumble).run()
    assert not at.exception
    assert at.error[0].value == "No model named 'mpl'. Did you mean 'mlp'?"
    assert at.caption[0].value == "The page goes on."
