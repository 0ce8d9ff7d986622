"""Files of runs under a URL that several machines reach: here each machine is a home folder."""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import artifacts, epochs
from engine.artifacts import Artifacts, artifacts_of
from engine.depot import MANIFEST, Depot
from engine.errors import TrainyardError
from engine.settings import settings

Machine = Callable[[str], Artifacts]


def missing(*modules: str) -> str:
    """Return why a test is skipped: what is not installed."""
    return ", ".join(m for m in modules if importlib.util.find_spec(m) is None)


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The URL of a bucket of a real S3 server."""
    if lacks := missing("s3fs", "moto", "flask"):
        pytest.skip(f"not installed: {lacks}; see requirements-ray.txt")
    with served_bucket() as url:
        yield url


@contextmanager
def served_bucket() -> Iterator[str]:
    """Run an S3 server on loopback and give the URL of a folder in a bucket of it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": address,
        }.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="trainyard")
        yield "s3://trainyard/runs"
    server.stop()


@pytest.fixture(params=["file", "s3"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """Give the files of run 7 as a process on the named machine sees them."""
    url = f"file://{tmp_path}/shared" if request.param == "file" else request.getfixturevalue("bucket")
    Depot(url, tmp_path / "7").delete()
    return lambda name: Artifacts(tmp_path / name / "7", _now(Depot(url, tmp_path / name / "7")))


def _now(depot: Depot) -> Depot:
    depot.fresh_seconds = 0.0
    return depot


def write(files: Artifacts, name: str, text: str) -> None:
    path = files.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_another_machine_sees_what_was_published_and_nothing_before(machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    here.take()
    write(here, "evaluation.json", "{}")
    write(here, "epochs/3.npz", "three")
    assert not there.evaluation.is_file()
    here.publish(1)
    assert there.evaluation.read_text() == "{}"
    assert epochs._kept(there) == [3]
    assert not (there.folder / "epochs").exists(), "a file is fetched when it is asked for"
    write(here, "model.keras", "model")
    here.publish(1)
    assert there.has_model
    assert not there.has_checkpoint
    assert not (there.folder / "model.keras").exists()
    assert epochs.epoch_file(there, 3).read_text() == "three"
    write(here, "evaluation.json", "{1}")
    assert there.evaluation.read_text() == "{}"
    here.publish(1)
    assert there.evaluation.read_text() == "{1}"
    (here.folder / "evaluation.json").unlink()
    here.publish(1)
    assert not there.evaluation.exists()


def test_the_next_attempt_goes_on_elsewhere_and_a_late_one_changes_nothing(machine: Machine) -> None:
    first, second = machine("a"), machine("b")
    first.take()
    write(first, "checkpoint.npz", "epoch 1")
    write(first, "checkpoint.npz.tmp", "half")
    first.publish(1)
    second.take()
    assert second.checkpoint.read_text() == "epoch 1"
    assert not (second.folder / "checkpoint.npz.tmp").exists()
    write(second, "checkpoint.npz", "epoch 2")
    second.publish(2)
    write(first, "checkpoint.npz", "epoch 1, once more")
    first.publish(1)
    third = machine("a")
    third.take()
    assert third.checkpoint.read_text() == "epoch 2"


def test_what_its_worker_deletes_or_has_not_yet_published_is_left_to_it(machine: Machine) -> None:
    worker, page = machine("a"), machine("a")
    worker.take()
    write(worker, "evaluation.json", "old")
    write(worker, "log.txt", "one")
    worker.publish(1)
    (worker.folder / "evaluation.json").unlink()
    write(worker, "log.txt", "one two")
    assert not page.evaluation.exists()
    assert page.log.read_text() == "one two"
    again = machine("a")  # its worker was killed, and is started again here
    again.take()
    assert again.log.read_text() == "one two"


def test_a_deleted_run_leaves_nothing_and_a_canceled_one_its_log(machine: Machine) -> None:
    here, there = machine("a"), machine("b")
    here.take()
    write(here, "model.keras", "model")
    write(here, "log.txt", "log")
    here.publish(1)
    assert here.depot is not None
    here.depot.delete(keep=("log.txt",))
    assert there.log.read_text() == "log"
    assert not there.model.exists()
    here.depot.delete()
    assert here.depot._fs.find(here.depot._root) == []
    assert machine("c").depot is not None
    assert not machine("c").log.exists()


def test_a_reader_goes_on_with_its_copies_while_the_storage_is_away(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/shared"
    here = Artifacts(tmp_path / "a" / "7", Depot(url, tmp_path / "a" / "7"))
    here.take()
    write(here, "info.json", "{}")
    here.publish(1)
    (tmp_path / "shared" / "7" / MANIFEST).write_text("broken")
    other = Artifacts(here.folder, Depot(url, here.folder))
    assert other.info.read_text() == "{}"
    assert other.depot is not None
    other.depot.delete()  # no error: an executor does this, too, and goes on
    with pytest.raises(TrainyardError, match=r"The files at .* cannot be read or written"):
        other.take()


def test_the_disk_budget_deletes_copies_which_come_back_when_asked_for(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_ARTIFACTS", f"file://{tmp_path}/shared")
    settings.cache_clear()
    files = artifacts_of(7)
    files.take()
    write(files, "model.keras", "model")
    files.publish(1)
    assert artifacts._delete(files.folder / "model.keras", 7) == len("model")
    assert not (files.folder / "model.keras").exists()
    reader = Artifacts(files.folder, Depot(settings().artifacts, files.folder))
    assert reader.model.read_text() == "model"
    artifacts.delete_files(7)
    assert not files.folder.exists()
    assert [path for path in (tmp_path / "shared").rglob("*") if path.is_file()] == []


def test_a_url_that_nothing_can_read_is_explained(tmp_path: Path) -> None:
    with pytest.raises(TrainyardError, match="TRAINYARD_ARTIFACTS is 'nowhere://x', which cannot be used"):
        Depot("nowhere://x", tmp_path)


def test_without_the_setting_nothing_is_imported_and_files_stay_here(home: Path) -> None:
    assert artifacts_of(7) == Artifacts(settings().runs_path / "7")
