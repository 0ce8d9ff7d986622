"""Bring the files of a dataset or a pretrained network here: downloaded with resume, or copied from a folder; hashes are checked."""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import requests
import urllib3

from engine.datasets.base import datasets
from engine.datasets.sources.fetched import FetchedDataset
from engine.errors import TrainyardError
from engine.models.presets import PRESETS, Preset
from engine.readers.downloads import Download
from engine.sentences import COMMA, Sentence, joined
from engine.settings import settings

Progress = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes there will be, over all files."""

Fetched = type[FetchedDataset] | Preset
"""What has files to fetch."""

_CHUNK = 1 << 18


def fetch(name: str, source_folder: Path | None = None, progress: Progress | None = None) -> Path:
    """Make the files of dataset or pretrained network `name` available and return their folder.

    From the network: an interrupted download is resumed, now or at the next call. From `source_folder`: the files are
    copied. Intact files on disk are kept. A file appears under its name only once its hash has been checked. Raises
    `TrainyardError` with what to do.
    """
    dataset: Fetched = PRESETS[name] if name in PRESETS else _fetched_dataset(name)
    folder, total, done = dataset.folder(), sum(d.size_bytes for d in dataset.downloads), 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for download in dataset.downloads:
            _bring(dataset, download, source_folder, _offset(progress, done, total))
            done += download.size_bytes
            _offset(progress, done, total)(0)
    except OSError as error:
        raise TrainyardError(_unwritable(folder, error)) from error
    return folder


def _fetched_dataset(name: str) -> type[FetchedDataset]:
    dataset = datasets[name]
    if not issubclass(dataset, FetchedDataset):
        raise TrainyardError(
            "Dataset {name!r} does not have to be fetched. {other}", name=name, other=_other(dataset.embedded)
        )
    return dataset


def _label(dataset: Fetched) -> Sentence:
    """Return what it is called in sentences."""
    return dataset.label if isinstance(dataset, Preset) else Sentence("Dataset {name!r}", name=dataset.name)


def _other(embedded: bool) -> Sentence:
    return Sentence("It comes with Trainyard.") if embedded else Sentence("Import a folder or a zip of images instead.")


def _offset(progress: Progress | None, done: int, total: int) -> Callable[[int], None]:
    """A callback for one file's bytes that reports the bytes of all files."""
    return (lambda here: progress(min(done + here, total), total)) if progress else (lambda here: None)


def _bring(dataset: Fetched, download: Download, source: Path | None, report: Callable[[int], None]) -> None:
    """Make one file true and present."""
    target = dataset.folder() / download.filename
    with _locked(target.with_name(target.name + ".part"), _label(dataset)) as part:
        if not (target.is_file() and download.matches(target)):
            if source is not None:
                _copy(dataset, download, source, part)
            else:
                _download(dataset, download, part, report)
            _check(dataset, download, Path(part.name), source)
            os.replace(part.name, target)
        else:
            Path(part.name).unlink(missing_ok=True)


@contextmanager
def _locked(path: Path, label: Sentence) -> Iterator[IO[bytes]]:
    """Open `path` for appending, for this process alone."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrainyardError(
                "{label} is being fetched by another process. Wait for it to finish.", label=label
            ) from None
        yield file


def _copy(dataset: Fetched, download: Download, source: Path, part: IO[bytes]) -> None:
    path = source / download.filename
    if not path.is_file():
        names = ", ".join(d.filename for d in dataset.downloads)
        raise TrainyardError(
            "{source!r} does not contain {filename!r}. {label} needs: {names}.",
            source=str(source),
            filename=download.filename,
            label=_label(dataset),
            names=names,
        )
    if path.stat().st_size > download.largest_bytes:
        raise _mismatch(dataset, download, source)
    part.truncate(0)
    with path.open("rb") as file:
        shutil.copyfileobj(file, part)
    part.flush()


def _download(dataset: Fetched, download: Download, part: IO[bytes], report: Callable[[int], None]) -> None:
    """Append to `part` until it has the announced size, asking again as long as each answer brings something."""
    mirror = settings().mirror_url.rstrip("/")
    url = f"{mirror}/{dataset.name}/{download.filename}" if mirror else download.url
    while (have := _size(part)) < download.size_bytes:
        try:
            _receive(dataset, url, download, part, report)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if _size(part) <= have:
                raise TrainyardError(_unreachable(dataset, url, error)) from error
        else:
            if _size(part) == have:  # an answer that ended properly, but too early: the check will refuse it
                break


def _size(part: IO[bytes]) -> int:
    """Bytes written so far."""
    part.flush()
    return part.seek(0, os.SEEK_END)


def _receive(dataset: Fetched, url: str, download: Download, part: IO[bytes], report: Callable[[int], None]) -> None:
    """Ask for what is missing and append it; start from the beginning when the server ignores the range."""
    have = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=settings().fetch_timeout_seconds) as answer:
        resumes = answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        if have and answer.status_code == 200:  # it ignores ranges
            part.truncate(0)
            have = 0
        elif answer.status_code == 416 or (answer.status_code == 206 and not resumes):
            part.truncate(0)
            raise TrainyardError(
                "{url} cannot continue after {have:,} bytes, so the partial file was deleted. Run "
                "again: python -m engine fetch {dataset}",
                url=url,
                have=have,
                dataset=dataset.name,
            )
        answer.raise_for_status()
        for chunk in answer.raw.stream(_CHUNK, decode_content=False):
            have += len(chunk)
            if have > download.size_bytes:
                part.truncate(0)
                raise TrainyardError(
                    "{url} sends more than the {size_bytes:,} bytes that {filename!r} has. It is not the expected "
                    "file; nothing was kept.",
                    url=url,
                    size_bytes=download.size_bytes,
                    filename=download.filename,
                )
            part.write(chunk)
            report(have)


def _check(dataset: Fetched, download: Download, part: Path, source: Path | None) -> None:
    if not download.matches(part):
        part.unlink()
        raise _mismatch(dataset, download, source)


def _mismatch(dataset: Fetched, download: Download, source: Path | None) -> TrainyardError:
    place = Sentence("{filename!r} in {source!r}", filename=download.filename, source=str(source)) if source else None
    again = Sentence("Run again: python -m engine fetch {dataset}.", dataset=dataset.name)
    return TrainyardError(
        "{file} is not the published file of {dataset!r}: its size or SHA-256 differs from {size_bytes:,} bytes, "
        "{sha256}... Nothing was kept. {todo}",
        file=place or repr(download.filename),
        dataset=dataset.name,
        size_bytes=download.size_bytes,
        sha256=download.sha256[:16],
        todo=Sentence("Get the published file.") if source else again,
    )


def _unreachable(dataset: Fetched, url: str, error: Exception) -> Sentence:
    answer = getattr(error, "response", None)
    if answer is not None:
        reason = Sentence("{url} answered {status} {words}", url=url, status=answer.status_code, words=answer.reason)
    else:
        host, kind = urlsplit(url).hostname, type(error).__name__
        reason = Sentence("{host} cannot be reached ({kind})", host=host, kind=kind)
    return Sentence(
        "{label} could not be downloaded: {reason}. Without internet access, download "
        "{files} elsewhere, copy the files here and run: python -m engine fetch {dataset} --from "
        "FOLDER",
        label=_label(dataset),
        dataset=dataset.name,
        reason=reason,
        files=joined((download.url for download in dataset.downloads), COMMA),
    )


def _unwritable(folder: Path, error: OSError) -> Sentence:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Sentence(
            "The disk of {folder} is full. Free some space and run the command again; the download continues.",
            folder=folder,
        )
    return Sentence(
        "{folder} cannot be written: {problem}. Check its permissions, or set TRAINYARD_HOME.",
        folder=folder,
        problem=error.strerror or error,
    )
