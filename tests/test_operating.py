"""Backups hold everything and are restored whole or not at all; `doctor` says what is not well."""

import json
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.artifacts import artifacts_of
from engine.cli import main
from engine.errors import TrainyardError
from engine.imports.sets import sets_path
from engine.ops.backup import back_up
from engine.ops.restore import restore
from engine.service import opened
from engine.settings import settings
from engine.store import Store
from tests import seeding
from tests.databases import Databases


def filled(store: Store) -> None:
    """A run with files, one that waits, and a dataset of one's own."""
    seeding.completed(store, epochs=2, points=3)
    seeding.queued(store)
    (sets_path() / "mine").mkdir(parents=True)
    (sets_path() / "mine" / "data.bin").write_bytes(bytes(range(256)) * 100)


def seen(store: Store) -> Any:
    """What somebody would miss."""
    runs = sorted(store.runs.list(), key=lambda run: run.id)
    files = {path.relative_to(settings().home_path): path.read_bytes() for path in settings().runs_path.rglob("*.*")}
    own = {path.name: path.read_bytes() for path in sets_path().rglob("*.bin")}
    return runs, [store.metrics.history(run.id) for run in runs], files, own


def move_to(home: Path, patch: pytest.MonkeyPatch, url: str = "") -> None:
    """Go on with another home folder."""
    patch.setenv("TRAINYARD_HOME", str(home))
    patch.setenv("TRAINYARD_DATABASE_URL", url)
    opened.close()
    settings.cache_clear()


def test_a_backup_is_restored_into_an_empty_home(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(store)
    before = seen(store)
    file = tmp_path / "kept.zip"
    assert main(["backup", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == 2
    assert file.stat().st_mode & 0o777 == 0o600, "it holds everybody's data"
    move_to(tmp_path / "new", monkeypatch)
    assert main(["restore", str(file)]) == 0
    assert "Restored 2 runs" in capsys.readouterr().out
    assert seen(opened.store()) == before
    assert sorted(path.name for path in (tmp_path / "new").iterdir() if path.name.startswith("restore-")) == []


def test_a_backup_of_postgresql_is_restored_into_an_empty_database(
    home: Path, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with databases.empty() as old, databases.empty() as new:
        check_postgresql(home, old, new, tmp_path, monkeypatch)


def check_postgresql(home: Path, old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup of one database goes into another, and into nothing else."""
    move_to(home, monkeypatch, old)
    filled(opened.store())
    before = seen(opened.store())
    back_up(opened.store(), tmp_path / "kept.zip")
    with pytest.raises(TrainyardError, match="is not empty"):
        restore(tmp_path / "kept.zip")
    move_to(tmp_path / "new", monkeypatch, old)
    with pytest.raises(TrainyardError, match="There is a database already"):
        restore(tmp_path / "kept.zip")
    move_to(tmp_path / "new", monkeypatch)
    with pytest.raises(TrainyardError, match="has a postgresql database"):
        restore(tmp_path / "kept.zip")
    move_to(tmp_path / "new", monkeypatch, new)
    restore(tmp_path / "kept.zip")
    assert seen(opened.store()) == before


def test_a_backup_that_is_taken_while_others_write_is_of_one_moment(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = seeding.running(store, epochs=1, points=3)
    over = threading.Event()

    def write() -> None:
        epoch = 1
        while not over.is_set():
            seeding.train_epoch(store, run, epoch, points=3)
            epoch += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        back_up(store, tmp_path / "kept.zip")
    finally:
        over.set()
        writer.join()
    move_to(tmp_path / "new", monkeypatch)
    restore(tmp_path / "kept.zip")
    (found,) = opened.store().runs.list()
    assert len(opened.store().metrics.history(run.id)["loss"]) >= 1
    assert found.epoch <= store.runs.get(run.id).epoch


def test_a_home_that_is_in_use_is_left_alone(store: Store, tmp_path: Path) -> None:
    filled(store)
    before = seen(store)
    back_up(store, tmp_path / "kept.zip")
    with pytest.raises(TrainyardError, match="is not empty, and a backup is only restored into an empty home"):
        restore(tmp_path / "kept.zip")
    with pytest.raises(TrainyardError, match="already a file"):
        back_up(store, tmp_path / "kept.zip")
    assert seen(store) == before


@pytest.mark.parametrize("harm", ["a byte is changed", "a file is missing", "a file lies outside", "it is no zip"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(
    harm: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store)
    back_up(store, tmp_path / "kept.zip")
    move_to(tmp_path / "new", monkeypatch)
    file = tmp_path / "harmed.zip"
    if harm == "it is no zip":
        file.write_bytes(b"PK but no more")
    else:
        _harm(tmp_path / "kept.zip", file, harm)
    with pytest.raises(TrainyardError, match=r"damaged|cannot be restored"):
        restore(file)
    left = [path for path in (tmp_path / "new").rglob("*") if path.is_file()]
    assert left == []
    assert not (tmp_path / "outside.txt").exists()


def _harm(source: Path, target: Path, harm: str) -> None:
    """Copy a backup with one thing wrong."""
    member = f"runs/1/{artifacts_of(1).model.name}"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if harm == "a byte is changed" and name == member:
                content = bytes([content[0] ^ 1]) + content[1:]
            if harm == "a file lies outside" and name == "manifest.json":
                described = json.loads(content)
                described["files"]["runs/../../../outside.txt"] = {"size": 1, "sha256": "0" * 64}
                content = json.dumps(described).encode()
                new.writestr("runs/../../../outside.txt", b"!")
            if harm != "a file is missing" or name != member:
                new.writestr(name, content)


def states(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """The exit code of `doctor`, and the worst state by name."""
    code = main(["doctor", "--json"])
    found: dict[str, str] = {}
    for check in json.loads(capsys.readouterr().out):
        found[check["name"]] = max(
            found.get(check["name"], "ok"), check["state"], key=["ok", "warning", "problem"].index
        )
    return code, found


def test_doctor_finds_a_healthy_installation_well(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = states(capsys)
    assert code == 0
    assert found.pop("executor") == "warning"
    assert set(found.values()) == {"ok"}
    assert main(["doctor"]) == 0
    assert "python -m engine executor" in capsys.readouterr().out


def test_doctor_names_what_is_wrong(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeding.queued(store)
    seeding.completed(store, epochs=1, points=2)
    (settings().runs_path / "77").mkdir(parents=True)
    settings().home_path.chmod(0o777)
    monkeypatch.setenv("TRAINYARD_SLOT", "2")
    code, found = states(capsys)
    assert code == 1
    assert (found["settings"], found["home"], found["executor"], found["folders"]) == (
        "warning", "problem", "problem", "warning",
    )  # fmt: skip


def test_doctor_says_that_a_database_cannot_be_reached(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    move_to(home, monkeypatch, "postgresql+psycopg://nobody:secret@127.0.0.1:1/none")
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "problem  database" in said
    assert "secret" not in said
