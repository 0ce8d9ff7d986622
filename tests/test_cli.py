"""The command line: what it prints, and the exit codes 0 (completed), 1 (failed or bad input) and 3 (stopped)."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.artifacts import artifacts_of
from engine.cli import main
from engine.datasets.base import datasets
from engine.models.base import models
from engine.runs import RunState
from engine.settings import settings
from engine.store import Store, open_store
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[1]
TINY = ("--dataset", "digits", "--model", "mlp", "--units", "16")


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Return what a command prints with --json."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The sentence of a command that does not work."""
    assert main(list(arguments)) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    return printed.err


def test_datasets_are_one_json_array(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "datasets")
    assert [row["name"] for row in found] == list(datasets)
    assert all(row["licence"] and row["source"] and row["limits"] for row in found)
    assert next(row for row in found if row["name"] == "fashion")["embedded"] is True


def test_models_are_one_json_array(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["name"] for row in asked(capsys, "models")] == list(models)


def test_tables_are_for_people(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets"]) == 0
    assert "fashion" in capsys.readouterr().out


def test_an_empty_home_has_no_runs_and_says_how_to_start_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, "runs") == []
    assert main(["runs"]) == 0
    assert "python -m engine train" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trian"], "invalid choice: 'trian'"),
        ([], "required: COMMAND"),
        (["train", "--model", "mpl"], "No model named 'mpl'. Did you mean 'mlp'"),
        (["train", "--lerning-rate", "1"], "No flag named '--lerning-rate'. Did you mean '--learning-rate'"),
        (["train", "--model", "mlp", "--depth", "0"], "depth: Input should be greater than or equal to 1"),
        (["train", "--epochs", "ten"], "epochs: Input should be a valid integer"),
        (["submit", "--dataset", "nothing"], "No dataset named 'nothing'"),
        (["show", "99"], "99"),
        (["stop", "99"], "99"),
        (["resume", "99"], "99"),
        (["delete", "99"], "99"),
        (["pause", "99"], "Run 99 does not exist"),
        (["steer", "99", "--learning-rate", "0.1"], "Run 99 does not exist"),
        (["steer", "99"], "--learning-rate"),
        (["fork", "99", "--epoch", "1"], "Run 99 does not exist"),
        (["fork"], "--epoch"),
        (["show", "first"], "invalid int value: 'first'"),
        (["fetch", "nothing"], "nothing"),
        (["fetch", "mnist-full", "--from", "/nowhere"], "/nowhere"),
        (["import", "/nowhere"], "/nowhere"),
        (["predict", "99", "/nowhere.png"], "Run 99 does not exist"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_1(
    arguments: list[str], words: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, *arguments)
    assert "error: " in said
    assert words in said


def test_help_of_train_lists_the_flags_of_the_chosen_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "--model", "mlp", "--help"])
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    assert "--units" in printed
    assert "8 to 1024; default: 128" in " ".join(printed.split())
    assert "--filters" not in printed


def test_a_choice_among_numbers_can_be_given(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = asked(capsys, "submit", "--model", "efficientnet-lite0", "--resolution", "128")["run"]
    assert open_store().runs.get(run).spec["model"]["resolution"] == 128


def test_cost_tells_what_a_run_would_take_and_starts_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = asked(capsys, "cost", *TINY)
    assert min(told["parameters"], told["flops_per_example"], told["memory_bytes"]) > 0
    assert told["duration"] is None
    assert asked(capsys, "runs") == []
    assert main(["cost", *TINY]) == 0
    assert "time: unknown until a run has finished" in capsys.readouterr().out


def test_submitted_runs_wait_and_can_be_taken_back_and_deleted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    submitted = asked(capsys, "submit", *TINY, "--owner", "ada", "--no-deterministic")
    assert submitted["state"] == "queued"
    assert submitted["executor_alive"] is False
    run = str(submitted["run"])
    (row,) = asked(capsys, "runs")
    assert (row["id"], row["state"], row["owner"], row["model"]) == (int(run), "queued", "ada", "mlp")
    shown = asked(capsys, "show", run)
    assert shown["spec"]["model"]["units"] == 16
    assert asked(capsys, "stop", run)["state"] == "canceled", "it had nothing to keep yet"
    assert "canceled" in refused(capsys, "stop", run)
    assert asked(capsys, "delete", run)["deleted"] is True
    assert asked(capsys, "runs") == []


def test_a_folder_becomes_a_dataset(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for label in ("dark", "light"):
        folder = tmp_path / "shades" / label
        folder.mkdir(parents=True)
        for i in range(3):
            Image.new("L", (8, 8), 20 * i + (200 if label == "light" else 0)).save(folder / f"{i}.png")
    (tmp_path / "shades" / "dark" / "broken.png").write_bytes(b"not a picture")
    imported = asked(capsys, "import", str(tmp_path / "shades"))
    assert imported["counts"] == {"dark": 3, "light": 3}
    assert [problem["file"] for problem in imported["problems"]] == ["dark/broken.png"]
    assert asked(capsys, "submit", "--dataset", "folder", "--folder", imported["folder"])["state"] == "queued"


# -- whole runs, in processes of their own -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home that the slow tests of this file share."""
    path = tmp_path_factory.mktemp("cli") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(path))
        settings.cache_clear()
        yield path
    settings.cache_clear()


def start(*arguments: str) -> "subprocess.Popen[str]":
    """`python -m engine ...` as a person starts it."""
    command = [sys.executable, "-m", "engine", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ.copy(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def last_line(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """The JSON object that a process printed last."""
    out, err = process.communicate(timeout=120)
    assert out.strip(), err
    found: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def trained(lab: Path) -> dict[str, Any]:
    """The summary of a run that completed."""
    process = start("train", *TINY, "--epochs", "2", "--owner", "ada", "--json")
    found = last_line(process)
    assert process.returncode == 0
    return found


@pytest.mark.slow
def test_train_prints_what_a_program_wants_to_know(trained: dict[str, Any]) -> None:
    assert trained["state"] == "completed"
    assert trained["epochs"] == 2
    assert trained["num_train_examples"] > 1_000
    assert trained["examples_per_second"] > 0
    assert len(trained["weights_sha256"]) == 64
    assert 0 < trained["metrics"]["test_accuracy"] <= 1


@pytest.mark.slow
def test_show_has_the_spec_and_the_history(trained: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    shown = asked(capsys, "show", str(trained["run"]))
    assert shown["spec"]["training"]["epochs"] == 2
    assert len(shown["history"]["loss"]) == len(shown["history"]["val_accuracy"]) == 2
    assert shown["owner"] == "ada"


@pytest.mark.slow
def test_predict_prints_one_object_a_file(
    trained: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((20, 30), np.uint8)).save(tmp_path / name)
    (tmp_path / "c.png").write_bytes(b"not a picture")
    paths = [str(tmp_path / name) for name in ("a.png", "b.png", "c.png")]
    assert main(["predict", str(trained["run"]), *paths, "--json"]) == 1
    good, alike, bad = map(json.loads, capsys.readouterr().out.splitlines())
    assert good["file"] == "a.png"
    assert sum(good["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert alike["probabilities"] == pytest.approx(good["probabilities"], abs=1e-6)
    assert "error" in bad
    assert "/nowhere.png" in refused(capsys, "predict", str(trained["run"]), "/nowhere.png")


@pytest.mark.slow
def test_ctrl_c_stops_with_code_3_and_resume_completes(lab: Path) -> None:
    process = start("train", *TINY, "--epochs", "40", "--patience", "0", "--json")
    store = open_store()
    run = wait_for_epoch(store, process)
    process.send_signal(signal.SIGINT)
    stopped = last_line(process)
    assert (process.returncode, stopped["state"]) == (3, "stopped")
    assert 0 < stopped["epochs"] < 40
    assert artifacts_of(run).model.is_file()

    resumed = start("resume", str(run), "--json")
    completed = last_line(resumed)
    assert (resumed.returncode, completed["state"], completed["epochs"]) == (0, "completed", 40)
    assert len(store.metrics.history(run)["loss"]) == 40


@pytest.mark.slow
def test_a_run_that_fails_has_exit_code_1_and_a_sentence(lab: Path) -> None:
    process = start("train", *TINY, "--optimizer", "sgd", "--learning-rate", "1", "--device", "gpu:9", "--json")
    failed = last_line(process)
    assert (process.returncode, failed["state"]) == (1, "failed")
    assert "gpu:9" in failed["message"]


def wait_for_epoch(store: Store, process: "subprocess.Popen[str]") -> int:
    """The newest run's number, once it has finished an epoch."""

    def trained() -> bool:
        assert process.poll() is None, process.communicate()
        return any(run.epoch for run in store.runs.list(states=[RunState.RUNNING])[:1])

    wait_until(trained, "an epoch of the run")
    return store.runs.list(states=[RunState.RUNNING])[0].id
