"""Uploads are read in a process apart: with the same results, without network and secrets, and nothing is left of what breaks it."""

import io
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from engine import service
from engine.access import Actor, Role
from engine.errors import TrainyardError
from engine.imports.apart import Importer
from engine.imports.carried import built, plain
from engine.imports.understand import understand
from engine.imports.understood import Choice, Understood
from engine.sentences import Sentence
from engine.settings import settings

ADA = Actor("ada", Role.ADMIN)
TABLE = b"size,kind,note\n" + b"".join(b"%d,%s,%d\n" % (i, (b"oak", b"elm")[i % 2], 7) for i in range(40))


def png(level: int) -> bytes:
    """Return a small picture of one grey."""
    file = io.BytesIO()
    Image.new("L", (8, 8), level).save(file, "PNG")
    return file.getvalue()


def pictures() -> io.BytesIO:
    """Return a zip of two classes, with one picture that is damaged."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(8):
            for label in ("oak", "elm"):
                archive.writestr(f"{label}/{number}.png", png(number + (100 if label == "elm" else 0)))
        archive.writestr("oak/broken.png", b"\x89PNG\r\n\x1a\n broken")
    return file


def children() -> set[psutil.Process]:
    """The processes that this one has started and that still run; other tests may have left some that serve all tests."""
    return set(psutil.Process().children())


@pytest.fixture
def importer(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Importer]:
    """An importer whose processes end with the test, beside a server with secrets."""
    monkeypatch.setenv("TRAINYARD_COOKIE_SECRET", "planted-secret-" * 4)
    monkeypatch.setenv("TRAINYARD_DATABASE_URL", "postgresql+psycopg://ada:planted-secret@host/runs")
    settings.cache_clear()
    made = Importer()
    yield made
    made.close()


def test_an_upload_is_understood_and_imported_as_in_this_process_and_its_process_has_less(
    importer: Importer, home: Path
) -> None:
    before = children()
    table, zipped, ticks = io.BytesIO(TABLE), pictures(), list[tuple[int, int]]()
    for file, name in ((table, "trees.csv"), (zipped, "trees.zip")):
        found = service.datasets.understand(ADA, file, name, importer=importer)
        assert found == understand(file, name).carried()
    assert found.remarks == () or isinstance(found.remarks[0], Sentence)
    started = children() - before
    assert len(started) == 2, "one for each upload"
    for child in started:
        assert "planted-secret" not in str(child.environ())
        if "has a network" not in (home / "logs" / "imports.log").read_text():
            assert os.readlink(f"/proc/{child.pid}/ns/net") != os.readlink("/proc/self/ns/net")
        assert child.rlimit(psutil.RLIMIT_CORE)[1] == 0
        assert child.rlimit(psutil.RLIMIT_AS)[0] < 20_000_000_000
    choice = Choice("table", "trees", "Trees", {"size": "number", "kind": "target", "note": "ignore"})
    made = service.datasets.import_own(ADA, table, "trees.csv", choice, importer=importer).made
    assert (made.owner, made.counts) == ("ada", {"elm": 20, "oak": 20})
    report = service.datasets.import_own(
        ADA, zipped, "trees.zip", Choice("images", "pictures"), lambda *at: ticks.append(at), importer=importer
    )
    assert report.made.counts == {"elm": 8, "oak": 8}
    assert [problem.file for problem in report.problems] == ["oak/broken.png"]
    assert ticks[-1] == (17, 17)
    assert children() <= before, "each process ends with its upload"


def test_what_is_wrong_with_a_file_is_a_sentence_and_the_process_goes_on(importer: Importer) -> None:
    broken, before = io.BytesIO(b"PK\x03\x04 no zip"), children()
    for _ in range(2):
        with pytest.raises(TrainyardError, match=r"'x\.zip': The file is not a zip archive") as error:
            importer.understand("ada", broken, "x.zip", None, None, None)
        assert error.value.sentence.template.startswith("{name!r}: ")
        assert len(children() - before) == 1


def test_a_file_that_needs_more_memory_than_allowed_is_refused(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_IMPORT_MEMORY_MB", "20")
    large = io.BytesIO(b"a,b\n" + b"1234567,oak\n" * 3_000_000)
    with pytest.raises(TrainyardError, match="TRAINYARD_IMPORT_MEMORY_MB"):
        importer.understand("ada", large, "large.csv", None, None, None)


@pytest.mark.parametrize(
    "answer", ["", "nonsense", '{"result": {"kind": 5}}', '{"result": {"kind": "table", "more": 1}}', '{"result": []}']
)
def test_a_process_that_breaks_or_says_something_else_is_ended_and_believed_nothing(home: Path, answer: str) -> None:
    script = (
        f"import sys; sys.stdin.readline(); print({answer!r}, flush=True); sys.stdin.read()" if answer else "exit(1)"
    )
    importer, before = Importer([sys.executable, "-c", script]), children()
    with pytest.raises(TrainyardError, match=r"The process that read 'a\.csv' ended over it"):
        importer.understand("ada", io.BytesIO(TABLE), "a.csv", None, None, None)
    assert children() <= before


def test_a_text_that_looks_like_a_sentence_stays_a_text() -> None:
    text = '{"template": "{a.b}", "values": {}}'
    found = Understood("table", counts={text: 1}, remarks=(Sentence("{count} files", count=3),))
    again = built(Understood, plain(found))
    assert again == found
    assert (list(again.counts), type(next(iter(again.counts)))) == ([text], str)
    assert again.remarks[0].template == "{count} files"  # type: ignore[attr-defined]
