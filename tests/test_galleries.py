"""Galleries: who is enrolled is kept in one place, seen by nobody else, and gone when deleted."""

import base64
import json
import zipfile
from pathlib import Path

import pytest

from engine import galleries, service
from engine.access import Actor, Forbidden, Role
from engine.artifacts import delete_files
from engine.errors import TrainyardError
from engine.ops.backup import back_up
from engine.ops.restore import restore
from engine.service import opened
from engine.settings import settings
from tests import seeding

ADA, BOB = Actor("ada", Role.MEMBER), Actor("bob", Role.MEMBER)
FACE = b"the face of Ada"


def files_with(home: Path, words: bytes) -> list[str]:
    """All files below `home` in which these bytes are, as they are or in base64."""
    wanted = (words, base64.b64encode(words))
    return [
        str(path) for path in home.rglob("*") if path.is_file() and any(part in path.read_bytes() for part in wanted)
    ]


def test_what_is_deleted_is_nowhere_any_more(home: Path) -> None:
    run = seeding.completed(opened.store(), owner="ada")
    for name, picture in (("Ada", FACE), (" Ada ", FACE), ("Bob", b"another face")):
        service.galleries.enrol(ADA, run, name, picture)
    assert [one.name for one in service.galleries.list_all(ADA, run)] == ["Ada", "Ada", "Bob"]
    assert len(files_with(home, FACE)) == 2
    assert all(str(service.galleries.place(ADA, run)) in path for path in files_with(home, FACE))
    assert service.galleries.forget(ADA, run, "Ada") == 2
    assert files_with(home, FACE) == []
    assert [one.picture for one in service.galleries.list_all(ADA, run)] == [b"another face"]
    service.galleries.forget(ADA, run, "Bob")
    assert not service.galleries.place(ADA, run).exists()


def test_a_picture_that_cannot_be_read_hides_no_others_and_goes_with_the_next_deletion(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = seeding.completed(opened.store(), owner="ada")
    for name in ("Ada", "Bob", "Cem"):
        service.galleries.enrol(ADA, run, name, FACE)
    damaged = min(service.galleries.place(ADA, run).iterdir())
    damaged.write_text(damaged.read_text()[:-2])
    one, _other = service.galleries.list_all(ADA, run)
    assert damaged.name in caplog.text
    assert service.galleries.forget(ADA, run, one.name) == 1
    assert not damaged.exists()
    assert len(files_with(home, FACE)) == 1


def test_with_a_run_its_gallery_goes_and_no_backup_has_it(home: Path) -> None:
    run = seeding.completed(opened.store(), owner="ada")
    service.galleries.enrol(ADA, run, "Ada", FACE)
    back_up(opened.store(), home / "backup.zip")
    with zipfile.ZipFile(home / "backup.zip") as archive:
        assert not any(FACE in archive.read(name) or "galler" in name for name in archive.namelist())
    with pytest.raises(
        TrainyardError, match="galleries is not empty"
    ):  # or another run of the same number would get the faces
        restore(home / "backup.zip")
    (home / "backup.zip").unlink()
    delete_files(run.id)
    assert files_with(home, FACE) == []


def test_nobody_but_who_may_change_the_run_sees_a_gallery(home: Path) -> None:
    run = seeding.completed(opened.store(), owner="ada")
    service.galleries.enrol(ADA, run, "Ada", FACE)
    for ask in (service.galleries.list_all, service.galleries.place, service.galleries.delete):
        with pytest.raises(Forbidden):
            ask(BOB, run)


def test_a_gallery_needs_names_and_has_an_end(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_ENROLLED", "1")
    settings.cache_clear()
    with pytest.raises(TrainyardError, match="needs a name"):
        galleries.enrol(1, "  ", FACE)
    kept = galleries.enrol(1, "Ada", FACE)
    with pytest.raises(TrainyardError, match="1 pictures, the most that TRAINYARD_MAX_ENROLLED allows"):
        galleries.enrol(1, "Bob", FACE)
    assert json.loads((galleries.gallery_path(1) / f"{kept.key}.json").read_text())["name"] == "Ada"
