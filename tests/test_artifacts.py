"""The files of runs, and the disk space they may take."""

from pathlib import Path

import numpy as np
import pytest

from engine.artifacts import Artifacts, artifacts_of, check_free_disk, delete_run, discard_results, keep_disk_budget
from engine.errors import TrainyardError
from engine.runs import Run, RunState
from engine.settings import settings
from engine.store import Store
from tests.training_runs import create


def ended(store: Store, state: RunState = RunState.COMPLETED) -> Run:
    """An ended run with 60 MB of files."""
    run = create(store)
    store.attempts.end(run, state)
    files = artifacts_of(run.id)
    files.folder.mkdir(parents=True)
    for path, megabytes in ((files.checkpoint, 40), (files.model, 20)):
        with path.open("wb") as file:
            file.truncate(megabytes * 1_000_000)
    files.log.write_text("log")
    return run


def names(run: Run) -> set[str]:
    """Return what is left of the run."""
    return {path.name for path in artifacts_of(run.id).folder.iterdir()}


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Runs may take 110 MB."""
    monkeypatch.setenv("TRAINYARD_DISK_BUDGET_MB", "110")
    settings.cache_clear()


@pytest.mark.usefixtures("budget")
def test_over_the_budget_checkpoints_of_the_oldest_runs_go_first(store: Store) -> None:
    runs = [ended(store) for _ in range(3)]
    assert keep_disk_budget(store) == 80_000_000
    assert [names(run) for run in runs] == [{"model.keras", "log.txt"}] * 2 + [
        {"checkpoint.npz", "model.keras", "log.txt"}
    ]
    assert keep_disk_budget(store) == 0


@pytest.mark.usefixtures("budget")
def test_a_running_run_keeps_its_files(store: Store) -> None:
    runs = [ended(store) for _ in range(2)]
    store.runs.create(runs[0].parsed())
    first = create(store)
    artifacts_of(first.id).folder.mkdir(parents=True)
    with artifacts_of(first.id).checkpoint.open("wb") as file:
        file.truncate(200_000_000)
    keep_disk_budget(store)
    assert names(first) == {"checkpoint.npz"}
    assert [names(run) for run in runs] == [{"log.txt"}] * 2


def test_what_a_canceled_run_left_in_the_queue_goes(store: Store) -> None:
    run = ended(store, RunState.STOPPED)
    store.runs.resume(run.id)
    store.runs.request_end(run.id, RunState.CANCELED)
    keep_disk_budget(store)
    assert names(run) == {"log.txt"}


def test_a_full_disk_is_noticed_before_anything_is_written(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_free_disk()
    monkeypatch.setenv("TRAINYARD_MIN_FREE_DISK_MB", str(10**9))
    settings.cache_clear()
    with pytest.raises(TrainyardError, match=r"MB are free on the disk of .*TRAINYARD_MIN_FREE_DISK_MB"):
        check_free_disk()


def test_free_space_is_known_before_the_home_folder_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_HOME", str(tmp_path / "not" / "yet" / "there"))
    settings.cache_clear()
    check_free_disk()
    settings.cache_clear()


def test_deleting_a_run_deletes_its_files_unless_it_is_live(store: Store) -> None:
    run = ended(store)
    delete_run(store, run.id)
    assert not artifacts_of(run.id).folder.exists()
    live = create(store)
    artifacts_of(live.id).folder.mkdir(parents=True)
    with pytest.raises(TrainyardError, match="stop it before"):
        delete_run(store, live.id)
    assert artifacts_of(live.id).folder.exists()


@pytest.mark.usefixtures("budget")
def test_outcomes_go_after_checkpoints_and_before_models(store: Store) -> None:
    runs = [ended(store) for _ in range(2)]
    for run in runs:
        with artifacts_of(run.id).outcomes.open("wb") as file:
            file.truncate(30_000_000)
    keep_disk_budget(store)  # 180 MB are there, 70 too many: both checkpoints have 80
    assert [names(run) for run in runs] == [{"outcomes.npz", "model.keras", "log.txt"}] * 2
    with artifacts_of(runs[1].id).model.open("wb") as file:
        file.truncate(40_000_000)
    assert keep_disk_budget(store) == 30_000_000
    assert [names(run) for run in runs] == [{"model.keras", "log.txt"}, {"outcomes.npz", "model.keras", "log.txt"}]


def test_outcomes_that_are_damaged_or_not_there_are_told_apart(home: Path) -> None:
    files = artifacts_of(1)
    assert files.read_outcomes("test") is None
    files.folder.mkdir(parents=True)
    kept = {"test_positions": np.array([4]), "test_outputs": np.ones((1, 2), np.float32), "test_targets": np.array([1])}
    np.savez(files.outcomes, **kept)  # type: ignore[arg-type]
    read = files.read_outcomes("test")
    assert read is not None
    assert (read.positions.tolist(), read.outputs.shape, read.targets.tolist()) == ([4], (1, 2), [1])
    assert files.read_outcomes("validation") is None
    whole = files.outcomes.read_bytes()
    for damaged in (b"", b"no archive", whole[: len(whole) // 2], whole.replace(b"test_targets", b"test_tarxxxx")):
        files.outcomes.write_bytes(damaged)
        with pytest.raises(OSError, match="damaged"):
            files.read_outcomes("test")


def test_discarding_keeps_the_log(store: Store) -> None:
    run = ended(store)
    (artifacts_of(run.id).folder / "checkpoint.tmp").write_bytes(b"half of one")
    discard_results(run.id)
    assert names(run) == {"log.txt"}


def test_the_end_of_a_long_log_begins_with_a_whole_line(home: Path) -> None:
    files = artifacts_of(1)
    assert files.read_log() == ""
    files.folder.mkdir(parents=True)
    files.log.write_text("\n".join(f"line {i}" for i in range(10_000)))
    end = files.read_log(max_bytes=1_000)
    assert end.startswith("line ")
    assert end.endswith("line 9999")
    assert len(end) <= 1_000


def test_a_file_that_vanishes_while_sizes_are_added_counts_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"four")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")  # listed, and not there
    assert Artifacts(tmp_path).size_bytes() == 4
