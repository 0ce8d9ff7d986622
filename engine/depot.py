"""The files of runs under a URL that all machines reach, such as `s3://bucket/trainyard` (`TRAINYARD_ARTIFACTS`).

A run's folder on a machine stays what it was: workers write into it, everybody reads from it. The worker of a run uploads
what has changed after each checkpoint and at the end; others fetch a file when they ask for its path. A *manifest* names the
files of a run with their hashes. Contents are stored under names that contain their hash, so that a manifest, which is replaced as a
whole, never names half a file or a mixture of two states. Without the setting, nothing of this is imported.
"""

import fcntl
import hashlib
import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import TrainyardError
from engine.settings import settings

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
_KNOWN = ".depot.json"
_LOCK = ".depot.lock"
FRESH_SECONDS = 2.0
"""How old a manifest may be for a reader: pages ask for several files at once."""
_AWAY_SECONDS = 10.0  # after an error a reader uses its copies for so long: a page must not wait for each file
_SMALL_BYTES = 16_000_000
_TRIES = 3  # a file may be replaced between reading the manifest and fetching it
_T = TypeVar("_T")
Files = dict[str, dict[str, Any]]
"""By name within the folder: `sha256` and `size`; beside a local copy also `mtime_ns`."""


class Depot:
    """The files of one run: at the URL, and their copies in `folder`.

    A copy that is as it was fetched or uploaded last is replaced by a newer file, and deleted with it; one that is newer
    than the last upload stays. What a worker has deleted since does not come back.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self._fs, root = _file_system(url)
        self._root = f"{root.rstrip('/')}/{folder.name}"
        self.fresh_seconds = FRESH_SECONDS
        self._own = False
        self._cleared: tuple[str, ...] | None = None
        """What was kept when everything else was deleted last, if nothing was uploaded since."""
        self._read_at, self._manifest = 0.0, dict[str, Any]()

    def fetch(self, name: str) -> None:
        """Make the copy of one file as new as the file. Where the URL is not reached, the copy stays as it is."""
        if self._own:
            return
        try:
            self._again(lambda: self._fetch(name, self._files()))
        except Exception:  # each kind of storage has errors of its own
            logger.warning("%s of run %s cannot be fetched.", name, self.folder.name, exc_info=True)
            self._read_at = time.monotonic() + _AWAY_SECONDS

    def names(self) -> list[str]:
        """Return the names of all files, those included of which there is no copy."""
        if self._own:
            return []
        try:
            return list(self._files())
        except Exception:
            logger.warning("The files of run %s cannot be listed.", self.folder.name, exc_info=True)
            self._read_at = time.monotonic() + _AWAY_SECONDS
            return []

    def take(self) -> None:
        """Fetch everything: from now on this process trains the run, and its copies are the newest."""

        def pull() -> None:
            files = self._files(fresh=True)
            with self._known() as known:
                gone = set(known) - set(files) if self._manifest else set()
            for name in (*files, *gone):
                self._fetch(name, files)

        self._own, self._cleared = False, None
        _explained(lambda: self._again(pull), self._root)
        self._own = True

    def push(self, attempt: int) -> None:
        """Upload what has changed, and then name it.

        Nothing happens where a later attempt has uploaded already, or anybody has and this process did not `take` the run.
        """
        _explained(lambda: self._push(attempt), self._root)

    def delete(self, keep: tuple[str, ...] = ()) -> None:
        """Delete all files but those to `keep` at the URL; copies are the caller's to delete. Where it is not reached, they stay."""
        try:
            self._delete(keep)
        except Exception:  # each kind of storage has errors of its own
            logger.warning("Files of run %s cannot be deleted from %s.", self.folder.name, self._root, exc_info=True)

    def _delete(self, keep: tuple[str, ...]) -> None:
        if self._cleared == keep:  # a canceled run is looked at again and again
            return
        files = self._files(fresh=True)
        kept = {name: known for name, known in files.items() if name in keep}
        if kept:
            if kept != files:
                self._write(self._manifest.get("attempt", 0), kept)
        elif self._manifest:
            self._fs.rm_file(f"{self._root}/{MANIFEST}")
            self._manifest = {}
        self._drop(files, kept)
        self._cleared = keep

    def _push(self, attempt: int) -> None:
        before = self._files(fresh=True)
        if self._manifest and not self._own:
            return  # copies may be older than the files
        if self._manifest.get("attempt", 0) > attempt:
            logger.warning("Run %s belongs to a later attempt: nothing is uploaded.", self.folder.name)
            return
        with self._known() as known:
            there = {self._place(found) for found in before.values()}
            files = {name: self._upload(name, known.get(name), there) for name in _names(self.folder)}
            self._write(attempt, {n: {k: f[k] for k in ("sha256", "size")} for n, f in files.items()})
            known.clear()
            known.update(files)
        self._drop(before, files)

    def _upload(self, name: str, known: dict[str, Any] | None, there: set[str]) -> dict[str, Any]:
        """Upload a file whose content is not `there`, and return hash and size. A small one, such as the log, may grow meanwhile."""
        path = self.folder / name
        stat = path.stat()
        size, written = stat.st_size, stat.st_mtime_ns
        if known and (known["size"], known.get("mtime_ns")) == (size, written) and self._place(known) in there:
            return known
        content = path.read_bytes() if size <= _SMALL_BYTES else None
        digest = _sha256(path) if content is None else hashlib.sha256(content).hexdigest()
        found = {"sha256": digest, "size": size if content is None else len(content), "mtime_ns": written}
        place = self._place(found)
        if place not in there:  # a kept epoch is the checkpoint by another name
            self._fs.put_file(str(path), place) if content is None else self._fs.pipe_file(place, content)
            there.add(place)
        return found

    def _write(self, attempt: int, files: Files) -> None:
        """Replace the manifest as a whole: on a file system under another name first; object storage never shows half an object."""
        self._manifest, self._read_at = {"attempt": attempt, "files": files}, time.monotonic()
        content, place = json.dumps(self._manifest).encode(), f"{self._root}/{MANIFEST}"
        if not _is_local(self._fs):
            self._fs.pipe_file(place, content)
            return
        new = f"{place}.{socket.gethostname()}.{os.getpid()}"
        self._fs.pipe_file(new, content)
        self._fs.mv(new, place)

    def _drop(self, before: Files, after: Files) -> None:
        left = {self._place(known) for known in after.values()}
        for place in {self._place(known) for known in before.values()} - left:
            with suppress(FileNotFoundError):
                self._fs.rm_file(place)

    def _fetch(self, name: str, files: Files) -> None:
        if not self._manifest:
            return  # nothing was ever uploaded: the folder is all there is
        wanted, path = files.get(name), self.folder / name
        have = _read(self.folder).get(name)
        if (have or {}).get("sha256") == (wanted or {}).get("sha256"):
            return  # as uploaded or fetched last, or newer; or deleted by the worker
        with self._known() as known:
            if wanted is None:
                path.unlink(missing_ok=True)
                del known[name]
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                self._fs.get_file(self._place(wanted), str(temporary))
                if _sha256(temporary) != wanted["sha256"]:
                    raise OSError(f"{name} has arrived damaged")
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            known[name] = wanted | {"mtime_ns": path.stat().st_mtime_ns}

    def _files(self, *, fresh: bool = False) -> Files:
        if fresh or time.monotonic() - self._read_at > self.fresh_seconds or not self._read_at:
            try:
                self._manifest = json.loads(self._fs.cat_file(f"{self._root}/{MANIFEST}"))
            except FileNotFoundError:
                self._manifest = {}
            self._read_at = time.monotonic()
        return dict(self._manifest.get("files", {}))

    def _again(self, do: Callable[[], None]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                do()
                return
            except FileNotFoundError:
                if not left:
                    raise
                self._read_at = 0.0

    def _place(self, known: dict[str, Any]) -> str:
        return f"{self._root}/{known['sha256'][:32]}"

    @contextmanager
    def _known(self) -> Iterator[Files]:
        """What this machine has uploaded or fetched, to be changed; one process at a time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = _read(self.folder)
            before = json.dumps(known)
            yield known
            if json.dumps(known) != before:
                new = self.folder / f"{_KNOWN}.{os.getpid()}"
                new.write_text(json.dumps(known))
                new.replace(self.folder / _KNOWN)


def depot_of(folder: Path) -> Depot | None:
    """Return the depot of the run whose folder this is; None where artifacts stay on this machine."""
    url = settings().artifacts
    return _depot(url, folder) if url else None


def forget(file: Path, folder: Path) -> None:
    """Note that the copy of a file was deleted to save space: it is fetched again when somebody asks for it."""
    if (folder / _KNOWN).is_file() and (depot := depot_of(folder)):
        with depot._known() as known:
            known.pop(file.relative_to(folder).as_posix(), None)


@lru_cache(maxsize=4096)
def _depot(url: str, folder: Path) -> Depot:
    return Depot(url, folder)


@lru_cache(maxsize=4)
def _file_system(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs

        found: tuple[Any, str] = url_to_fs(url, **({"auto_mkdir": True} if url.startswith("file:") else {}))
    except (ImportError, ValueError) as error:
        raise TrainyardError(
            "TRAINYARD_ARTIFACTS is {url!r}, which cannot be used ({error}). Expected a URL such as s3://bucket/folder; "
            "its library is in requirements-ray.txt.",
            url=url,
            error=str(error),
        ) from error
    return found


def _is_local(file_system: Any) -> bool:
    protocol = file_system.protocol
    return "file" in ((protocol,) if isinstance(protocol, str) else protocol)


def _explained(do: Callable[[], _T], place: str) -> _T:
    """Return what `do` returns; whatever the storage raises becomes a sentence."""
    try:
        return do()
    except TrainyardError:
        raise
    except Exception as error:
        raise TrainyardError(
            "The files at {place} cannot be read or written ({error}). Check TRAINYARD_ARTIFACTS and the storage, "
            "then press Resume.",
            place=place,
            error=f"{type(error).__name__}: {error}",
        ) from error


def _names(folder: Path) -> list[str]:
    """Return the files of a folder that count: not what is being written."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(path.relative_to(folder).as_posix() for path in found if ".tmp" not in path.name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(folder: Path) -> Files:
    try:
        found: Files = json.loads((folder / _KNOWN).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found
