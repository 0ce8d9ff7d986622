"""Fetching: real formats from a server on this machine, cut connections, wrong files, no network."""

import fcntl
import gzip
import hashlib
import io
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.datasets.base import datasets
from engine.datasets.cifar10 import Cifar10
from engine.datasets.fashion_mnist import FashionMnist
from engine.datasets.imdb import Imdb
from engine.datasets.sources.fetched import Download, FetchedDataset
from engine.datasets.sources.idx import read_idx
from engine.errors import TrainyardError
from engine.preparation.fetch import fetch
from engine.preparation.prepare import prepare
from engine.settings import settings

NAMES = [download.filename for download in FashionMnist.downloads]


class Server(ThreadingHTTPServer):
    """Serves bytes by file name, and misbehaves on request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.ranges: list[str | None] = []
        self.cut_after: list[int] = []
        """Bytes after which each of the next answers breaks off."""
        self.understands_ranges = True
        self.status = 200

    @property
    def url(self) -> str:
        """Address at which it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers GET with or without a range."""

    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        data = self.server.files.get(self.path.rsplit("/", 1)[-1])
        if data is None or self.server.status != 200:
            self.send_error(self.server.status if data is not None else 404)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.understands_ranges else 0
        if start >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        cut = self.server.cut_after.pop(0) if self.server.cut_after else None
        self.wfile.write(data[start:] if cut is None else data[start : start + cut])

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on this machine, asked without any proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def register(home: Path) -> Iterator[Callable[..., type[FetchedDataset]]]:
    """Register a small dataset of the given base and files; forgotten after the test."""
    added: list[str] = []

    def add(name: str, base: type[FetchedDataset], files: dict[str, bytes], url: str) -> type[FetchedDataset]:
        downloads = tuple(
            Download(f"{url}/{file}", len(data), hashlib.sha256(data).hexdigest(), *content_of(file, data))
            for file, data in files.items()
        )
        body = {"downloads": downloads, "__module__": __name__, "__doc__": base.__doc__}
        made = datasets.register(name)(type("Tiny", (base,), body))
        added.append(name)
        return made

    yield add
    for name in added:
        datasets.unregister(name)


def content_of(file: str, data: bytes) -> tuple[str, int]:
    """Hash and size of what a gzipped IDX file unpacks to."""
    if "idx" not in file:
        return "", 0
    content = gzip.decompress(data)
    return hashlib.sha256(content).hexdigest(), len(content)


def idx(array: np.ndarray) -> bytes:
    """`array` as an IDX file."""
    shape = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return b"\0\0\x08" + bytes([array.ndim]) + shape + array.astype(np.uint8).tobytes()


def idx_files(train: int = 40, test: int = 20) -> dict[str, bytes]:
    """Four gzipped IDX files like those of MNIST, with 10 classes and noise for images."""
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (count, 28, 28)) for count in (train, test)]
    labels = [np.arange(count) % 10 for count in (train, test)]
    arrays = (images[0], labels[0], images[1], labels[1])
    return {name: gzip.compress(idx(array), mtime=0) for name, array in zip(NAMES, arrays, strict=True)}


def cifar_records(count: int) -> np.ndarray:
    """Records of label and planes: red is 10, green 20 and blue 30, with the label added."""
    labels = (np.arange(count) % 10).astype(np.uint8)[:, None]
    return np.concatenate([labels, *(np.repeat(value + labels, 1024, 1) for value in (10, 20, 30))], 1)


def cifar_archive(**members: bytes) -> bytes:
    """A tar.gz like that of CIFAR-10; `members` replaces files by stem."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for stem in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "readme"):
            data = members.get(stem, cifar_records(20).tobytes())
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{stem}.bin")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def imdb_archive(**members: bytes) -> bytes:
    """A tar.gz like that of IMDB, two reviews of each kind; `members` adds files, slashes written as `__`."""
    files = {
        f"aclImdb/{split}/{label}/{number}_{stars}.txt": f"{split} {label} {number}<br /><br />über".encode()
        for split in ("train", "test")
        for label, stars in (("neg", 1), ("pos", 10))
        for number in (*range(12, -1, -1), 100)
    }
    files |= {"aclImdb/train/unsup/0_0.txt": b"unlabelled", "aclImdb/README": b"read me"}
    files |= {name.replace("__", "/"): data for name, data in members.items()}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


# -- true formats ------------------------------------------------------------------------------------------------------


def test_idx_files_are_fetched_and_read_with_the_split_of_the_source(server: Server, register: Any) -> None:
    server.files = idx_files()
    register("tiny-idx", FashionMnist, server.files, server.url)
    seen: list[tuple[int, int]] = []
    folder = fetch("tiny-idx", progress=lambda done, total: seen.append((done, total)))
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
    total = sum(map(len, server.files.values()))
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    prepared = prepare(datasets["tiny-idx"]())
    assert prepared.info.shape == (28, 28, 1)
    assert prepared.info.labels[0] == "T-shirt/top"
    assert prepared.indices("test").tolist() == list(range(40, 60))
    assert np.array_equal(prepared.inputs[:40, ..., 0], read_idx(folder / NAMES[0]))


def test_the_binary_version_of_cifar_is_fetched_and_read(server: Server, register: Any) -> None:
    server.files = {"cifar-10-binary.tar.gz": cifar_archive()}
    register("tiny-cifar", Cifar10, server.files, server.url)
    fetch("tiny-cifar")
    examples = datasets["tiny-cifar"]().load()
    assert examples.inputs.shape == (120, 32, 32, 3)
    assert examples.inputs[3, 0, 0].tolist() == [13, 23, 33]  # channels come last, in the order red, green, blue
    assert examples.test is not None
    assert examples.test.sum() == 20
    assert prepare(datasets["tiny-cifar"]()).info.labels[3] == "cat"


IMDB = "aclImdb_v1.tar.gz"


def test_the_reviews_of_imdb_are_fetched_and_read_with_the_split_of_the_source(server: Server, register: Any) -> None:
    server.files = {IMDB: imdb_archive()}
    register("tiny-imdb", Imdb, server.files, server.url)
    fetch("tiny-imdb")
    examples = datasets["tiny-imdb"]().load()
    assert examples.test is not None
    assert len(examples.inputs) == 4 * 14
    assert examples.inputs[:3].tolist() == ["train neg 0 über", "train neg 1 über", "train neg 2 über"]
    assert examples.inputs[13] == "train neg 100 über"  # by number, whatever the order in the archive
    assert examples.targets.sum() == examples.test.sum() == 28
    for text, target, test in zip(examples.inputs, examples.targets, examples.test, strict=True):
        assert text.startswith(f"{'test' if test else 'train'} {'pos' if target else 'neg'}")
    prepared = prepare(datasets["tiny-imdb"]())
    assert sum(prepared.meta["counts"]["test"]) == 28


def test_imdb_can_be_copied_from_a_folder_and_a_wrong_file_is_refused(tmp_path: Path, register: Any) -> None:
    made = imdb_archive()  # once: an archive holds the time at which it was made
    register("tiny-imdb", Imdb, {IMDB: made}, "http://nowhere.invalid")
    (tmp_path / IMDB).write_bytes(imdb_archive(extra=b"other"))
    with pytest.raises(TrainyardError, match="is not the published file"):
        fetch("tiny-imdb", tmp_path)
    (tmp_path / IMDB).write_bytes(made)
    assert (fetch("tiny-imdb", tmp_path) / IMDB).read_bytes() == made


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"aclImdb__train__neg__7_1.txt": b"x" * 100_001}, "not a file of at most 100,000 bytes"),
        ({"aclImdb__test__pos__7_10.txt": b"\xff\xfe"}, "not text in UTF-8"),
    ],
)
def test_a_broken_review_is_a_sentence(register: Any, members: dict[str, bytes], reason: str) -> None:
    made = register("tiny-imdb", Imdb, {IMDB: b""}, "")
    made.folder().mkdir(parents=True)
    made.paths()[0].write_bytes(imdb_archive(**members))
    with pytest.raises(TrainyardError, match=reason):
        made().load()


def test_an_archive_that_is_not_imdb_s_is_a_sentence(register: Any) -> None:
    made = register("tiny-imdb", Imdb, {IMDB: b""}, "")
    made.folder().mkdir(parents=True)
    for data, reason in ((cifar_archive(), "train/neg, train/pos"), (imdb_archive()[:300], "cannot be read")):
        made.paths()[0].write_bytes(data)
        with pytest.raises(TrainyardError, match=reason):
            made().load()


def test_a_mirror_serves_the_same_files(server: Server, register: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files = idx_files()
    register("tiny-idx", FashionMnist, server.files, "http://nowhere.invalid")
    monkeypatch.setenv("TRAINYARD_MIRROR_URL", server.url + "/")
    settings.cache_clear()
    assert (fetch("tiny-idx") / NAMES[0]).read_bytes() == server.files[NAMES[0]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no gzip", "cannot be read"),
        (gzip.compress(b"something else"), "does not begin like an IDX file"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x09abc"), "ends after 3 of 9 bytes"),
        (gzip.compress(b"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff"), "declares"),
        (gzip.compress(idx(np.arange(99)))[:-40], "cannot be read"),
    ],
    ids=("not gzip", "another file", "short", "too large", "cut"),
)
def test_a_broken_idx_file_is_a_sentence(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "broken.gz"
    path.write_bytes(data)
    with pytest.raises(TrainyardError, match=reason):
        read_idx(path)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"data_batch_2": b"short"}, "data_batch_2.bin is not a file of records"),
        ({"test_batch": bytes([10] + [0] * 3072)}, "a label is 10"),
    ],
)
def test_a_broken_cifar_file_is_a_sentence(register: Any, members: dict[str, bytes], reason: str) -> None:
    made = register("tiny-cifar", Cifar10, {"cifar-10-binary.tar.gz": b""}, "")
    made.folder().mkdir(parents=True)
    made.paths()[0].write_bytes(cifar_archive(**members))
    with pytest.raises(TrainyardError, match=reason):
        made().load()


# -- the network -------------------------------------------------------------------------------------------------------


@pytest.fixture
def large(server: Server, register: Any) -> bytes:
    """A dataset of one incompressible file, so that it can break off in the middle."""
    data = np.random.default_rng(1).bytes(300_000)
    server.files = {"large.bin": data}
    register("large", FetchedDataset, server.files, server.url)
    return data


def target() -> Path:
    """Return the place of the large file."""
    return settings().datasets_path / "large" / "large.bin"


def part() -> Path:
    """Return the place where it grows."""
    return target().with_name("large.bin.part")


def test_a_cut_connection_is_resumed_where_it_broke(server: Server, large: bytes) -> None:
    server.cut_after = [100_000, 50_000]
    fetch("large")
    assert target().read_bytes() == large
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]
    assert not part().exists()


def test_what_an_earlier_call_brought_is_not_fetched_again(server: Server, large: bytes) -> None:
    part().parent.mkdir(parents=True)
    part().write_bytes(large[:200_000])
    fetch("large")
    assert target().read_bytes() == large
    assert server.ranges == ["bytes=200000-"]


def test_a_connection_that_brings_nothing_more_keeps_what_is_here(server: Server, large: bytes) -> None:
    server.cut_after = [100_000, 0]
    with pytest.raises(TrainyardError, match="could not be downloaded"):
        fetch("large")
    assert part().stat().st_size == 100_000
    fetch("large")
    assert target().read_bytes() == large


def test_a_server_that_ignores_ranges_is_asked_from_the_start(server: Server, large: bytes) -> None:
    server.understands_ranges = False
    part().parent.mkdir(parents=True)
    part().write_bytes(large[:200_000])
    fetch("large")
    assert target().read_bytes() == large


def test_a_wrong_beginning_is_found_out_and_thrown_away(server: Server, large: bytes) -> None:
    part().parent.mkdir(parents=True)
    part().write_bytes(bytes(1000))
    with pytest.raises(TrainyardError, match="is not the published file"):
        fetch("large")
    assert not part().exists()
    assert not target().exists()
    fetch("large")
    assert target().read_bytes() == large


def test_a_part_that_is_too_long_is_thrown_away(server: Server, large: bytes) -> None:
    part().parent.mkdir(parents=True)
    part().write_bytes(large + b"more")
    with pytest.raises(TrainyardError, match="is not the published file"):
        fetch("large")
    assert not part().exists()


def test_a_file_with_another_hash_is_refused_and_leaves_nothing(server: Server, large: bytes) -> None:
    server.files["large.bin"] = bytes(len(large))
    with pytest.raises(
        TrainyardError, match=r"'large.bin' is not the published file.*Run again: python -m engine fetch"
    ):
        fetch("large")
    assert list(target().parent.iterdir()) == []
    assert not datasets["large"]().available()


def test_a_server_that_sends_too_much_is_cut_off(server: Server, large: bytes) -> None:
    server.files["large.bin"] = large + bytes(1_000_000)
    with pytest.raises(TrainyardError, match="sends more than the 300,000 bytes"):
        fetch("large")
    assert part().stat().st_size == 0


def test_a_server_that_sends_too_little_is_found_out(server: Server, large: bytes) -> None:
    server.files["large.bin"] = large[:1000]
    with pytest.raises(TrainyardError, match=r"cannot continue after 1,000 bytes"):
        fetch("large")
    assert not target().exists()


def test_an_answer_that_is_an_error_is_named(server: Server, large: bytes) -> None:
    server.status = 503
    with pytest.raises(TrainyardError, match="answered 503 Service Unavailable"):
        fetch("large")


def test_a_machine_without_internet_is_told_of_from(register: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but nobody listens
        register("large", FetchedDataset, {"large.bin": b"x"}, f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(TrainyardError, match=r"127\.0\.0\.1 cannot be reached .*engine fetch large --from FOLDER"):
            fetch("large")


def test_a_silent_server_is_given_up(register: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("TRAINYARD_FETCH_TIMEOUT_SECONDS", "0.3")
    settings.cache_clear()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        register("large", FetchedDataset, {"large.bin": b"x"}, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TrainyardError, match="cannot be reached"):
            fetch("large")


def test_what_is_here_and_true_is_kept_and_what_is_damaged_is_fetched_again(server: Server, large: bytes) -> None:
    fetch("large")
    fetch("large")
    assert len(server.ranges) == 1
    target().write_bytes(bytes(len(large)))
    fetch("large")
    assert target().read_bytes() == large


def test_two_processes_do_not_fetch_one_file_at_once(server: Server, large: bytes) -> None:
    part().parent.mkdir(parents=True)
    with part().open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(TrainyardError, match="being fetched by another process"):
            fetch("large")
    assert not server.ranges


# -- from a folder -----------------------------------------------------------------------------------------------------


def test_from_a_folder_the_same_files_are_copied(register: Any, tmp_path: Path) -> None:
    files = idx_files()
    register("tiny-idx", FashionMnist, files, "http://nowhere.invalid")
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    folder = fetch("tiny-idx", source_folder=tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


def test_from_a_folder_a_file_that_was_compressed_again_is_as_good(register: Any, tmp_path: Path) -> None:
    files = idx_files()
    register("tiny-idx", FashionMnist, files, "http://nowhere.invalid")
    for name, data in files.items():
        (tmp_path / name).write_bytes(gzip.compress(gzip.decompress(data), 1, mtime=99))
    fetch("tiny-idx", source_folder=tmp_path)
    assert prepare(datasets["tiny-idx"]()).meta["counts"]["test"] == [2] * 10


def test_from_a_folder_other_contents_are_refused(register: Any, tmp_path: Path) -> None:
    files = idx_files()
    register("tiny-idx", FashionMnist, files, "http://nowhere.invalid")
    for name, data in files.items():
        (tmp_path / name).write_bytes(gzip.compress(gzip.decompress(data)[:-1] + b"\xff"))
    with pytest.raises(TrainyardError, match=r"is not the published file .* Get the published file"):
        fetch("tiny-idx", source_folder=tmp_path)
    assert not datasets["tiny-idx"]().available()


def test_from_a_folder_without_the_files_they_are_named(register: Any, tmp_path: Path) -> None:
    register("tiny-idx", FashionMnist, idx_files(), "http://nowhere.invalid")
    with pytest.raises(TrainyardError, match=r"does not contain 'train-images.*needs: train-images.*, t10k-labels"):
        fetch("tiny-idx", source_folder=tmp_path)


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_embedded_and_unknown_datasets_are_not_fetched(home: Path) -> None:
    with pytest.raises(TrainyardError, match=r"'mnist' does not have to be fetched\. It comes with Trainyard"):
        fetch("mnist")
    with pytest.raises(TrainyardError, match="Did you mean 'cifar10'"):
        fetch("cifar-10")


def test_an_unwritable_home_is_a_sentence(home: Path) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(TrainyardError, match=r"cannot be written.*set TRAINYARD_HOME"):
        fetch("cifar10")


def test_every_download_is_declared_whole() -> None:
    for name in datasets:
        dataset = datasets[name]
        if issubclass(dataset, FetchedDataset):
            for download in dataset.downloads:
                assert download.url.startswith("https://")
                assert len(download.sha256) == 64
                assert download.size_bytes > 0
                assert bool(download.content_sha256) == bool(download.content_bytes)
