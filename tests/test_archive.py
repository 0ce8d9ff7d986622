"""Importing images: layouts, broken files, hostile archives, and the resulting set."""

import io
import os
import socket
import stat
import struct
import tracemalloc
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.imports.archive import import_files
from engine.imports.collected import read_stored
from engine.imports.sets import describe_set, list_sets, problems_of
from engine.imports.versions import delete_set
from engine.preparation.catalog import describe
from engine.preparation.prepare import prepare
from engine.readers.unpack import ArchiveError, open_members
from engine.settings import settings
from tests.bad_files.make import sound, tone
from tests.test_images import encoded, plain, png_header


def png(seed: int, size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    """A small picture of noise."""
    rng = np.random.default_rng(seed)
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], len(mode))
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, shape, np.uint8), mode).save(buffer, "PNG")
    return buffer.getvalue()


def pictures(each: int = 5, top: str = "") -> dict[str, bytes]:
    """Files of two classes."""
    return {
        f"{top}{label}/{index}.png": png(1000 * number + index)
        for number, label in enumerate(("cat", "dog"))
        for index in range(each)
    }


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    """The files as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    buffer.seek(0)
    return buffer


def unzipped(files: dict[str, bytes], root: Path) -> Path:
    """The files as a folder."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def limit(monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    """Change settings for one test."""
    for name, value in values.items():
        monkeypatch.setenv(f"TRAINYARD_{name.upper()}", str(value))
    settings.cache_clear()


def everything_under(root: Path) -> list[str]:
    """Relative paths of all files and folders."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


# -- good sets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["zip", "zip path", "folder"])
def test_a_zip_and_a_folder_become_the_same_dataset(kind: str, home: Path, tmp_path: Path) -> None:
    files = pictures()
    source: Path | io.BytesIO = zipped(files)
    if kind == "zip path":
        (tmp_path / "pets.zip").write_bytes(zipped(files).getvalue())
        source = tmp_path / "pets.zip"
    elif kind == "folder":
        source = unzipped(files, tmp_path / "pets")
    seen: list[tuple[int, int]] = []
    report = import_files("images", source, "pets", lambda done, total: seen.append((done, total)))
    assert report.made.counts == {"cat": 5, "dog": 5}
    assert report.made.num_examples == 10
    assert not report.problems
    assert seen[-1] == (10, 10)
    assert [own.reference for own in list_sets()] == ["pets"]
    prepared = prepare(datasets["folder"].parse({"folder": "pets", "image_size": 28}))
    assert prepared.info.shape == (28, 28, 3)
    assert prepared.info.labels == ("cat", "dog")
    assert prepared.meta["counts"] == {"train": [3, 3], "validation": [1, 1], "test": [1, 1]}


def test_only_one_checked_file_is_kept_never_the_upload(home: Path) -> None:
    import_files("images", zipped(pictures()), "pets")
    kept = everything_under(settings().datasets_path / "folders")
    assert kept == ["pets", "pets/folder.json", "pets/images.npz"]
    with np.load(settings().datasets_path / "folders" / "pets" / "images.npz", allow_pickle=False) as file:
        assert file["names"][0] == "cat/0.png"


def test_images_are_cut_square_and_shrunk_to_160_pixels(home: Path) -> None:
    files = pictures() | {"cat/large.png": png(1, (400, 300)), "cat/tall.png": png(2, (10, 500))}
    import_files("images", zipped(files), "pets")
    with np.load(settings().datasets_path / "folders" / "pets" / "images.npz") as file:
        starts = dict(zip(file["names"].tolist(), file["starts"].tolist(), strict=True))
        stored = {
            name: Image.open(io.BytesIO(file["pixels"][slice(*where)].tobytes())).size for name, where in starts.items()
        }
    assert stored["cat/large.png"] == (160, 160)
    assert stored["cat/tall.png"] == (10, 10)
    assert stored["cat/0.png"] == (30, 30)


def test_colour_and_size_are_chosen_when_it_is_used(home: Path) -> None:
    import_files("images", zipped(pictures()), "pets")
    dataset = datasets["folder"].parse({"folder": "pets", "image_size": 96, "colour": "grey"})
    assert dataset.load().inputs.shape == (10, 96, 96, 1)


def test_one_folder_around_the_classes_is_tolerated(home: Path) -> None:
    report = import_files("images", zipped(pictures(top="pets/") | {"pets/README.txt": b"hello"}), "pets")
    assert report.made.counts == {"cat": 5, "dog": 5}
    assert [problem.file for problem in report.problems] == ["README.txt"]


def test_what_systems_leave_behind_is_ignored(home: Path) -> None:
    junk = dict.fromkeys(("__MACOSX/cat/._0.png", "cat/.DS_Store", "dog/Thumbs.db", ".hidden/a.png"), b"x")
    report = import_files("images", zipped(pictures() | junk), "pets")
    assert report.made.counts == {"cat": 5, "dog": 5}
    assert not report.problems


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_chinese_names_of_classes_survive_zips_without_the_unicode_flag(encoding: str, home: Path) -> None:
    files = {name.replace("cat", "猫").replace("dog", "狗"): data for name, data in pictures().items()}
    names = [name.encode(encoding) for name in files]
    # the zip module would set the flag, so the names are put in afterwards
    plain = {chr(97 + i) * len(name): data for i, (name, data) in enumerate(zip(names, files.values(), strict=True))}
    archive = io.BytesIO(renamed(zipped(plain).getvalue(), names))
    assert import_files("images", archive, "pets").made.counts == {"狗": 5, "猫": 5}


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp850", ("Äpfel", "Möhren", "Grünkohl")),
        ("cp1252", ("élève", "forêt", "garçon")),
        ("cp852", ("książka", "krzesło", "źrebię")),
        ("cp866", ("яблоко", "груша", "ёлка")),
        ("gb18030", ("苹果", "香蕉", "桌子")),
        ("big5", ("蘋果", "飛機", "熊貓")),
        ("cp932", ("りんご", "飛行機", "猫")),
        ("cp949", ("사과", "의자", "호랑이")),
    ],
)
def test_names_in_the_code_page_of_a_windows_of_any_language_are_read(encoding: str, names: tuple[str, ...]) -> None:
    wanted = [f"{name}/{index}.png" for name in names for index in range(3)]
    raw = [name.encode(encoding) for name in wanted]
    plain = {chr(97 + i) * len(name): b"x" for i, name in enumerate(raw)}
    with open_members(io.BytesIO(renamed(zipped(plain).getvalue(), raw))) as members:
        assert [member.name for member in members] == wanted
        assert members.encoding == encoding
    with open_members(io.BytesIO(renamed(zipped(plain).getvalue(), raw)), encoding="cp437") as members:
        assert members.encoding == "cp437"


def test_an_umlaut_in_two_characters_is_the_same_class(home: Path, tmp_path: Path) -> None:
    files = {
        f"{unicodedata.normalize(form, 'Äpfel')}/{form}{index}.png": png(index + 10 * len(form))
        for form in ("NFC", "NFKD")
        for index in range(3)
    } | {f"Birne/{index}.png": png(100 + index) for index in range(3)}
    for source in (zipped(files), unzipped(files, tmp_path / "fruit")):
        assert import_files("images", source, "fruit").made.counts == {"Birne": 3, "Äpfel": 6}


def renamed(raw: bytes, names: list[bytes]) -> bytes:
    """Put `names` into the local and central records of a zip, whose names have the same lengths."""
    data = bytearray(raw)
    for mark, offset, length_at in ((b"PK\x03\x04", 30, 26), (b"PK\x01\x02", 46, 28)):
        at = 0
        for name in names:
            at = data.index(mark, at)
            (length,) = struct.unpack_from("<H", data, at + length_at)
            assert length == len(name)
            data[at + offset : at + offset + length] = name
            at += offset
    return bytes(data)


def test_equal_images_stay_in_one_split(home: Path) -> None:
    files = pictures(8) | {f"cat/copy {index}.png": png(0) for index in range(6)}
    import_files("images", zipped(files), "pets")
    dataset = datasets["folder"].parse({"folder": "pets", "image_size": 28})
    copies = [i for i, image in enumerate(dataset.load().inputs) if np.array_equal(image, dataset.load().inputs[0])]
    assert len(copies) == 7
    prepared = prepare(dataset)
    assert sum(bool(np.isin(copies, prepared.indices(name)).any()) for name in ("train", "validation", "test")) == 1


def test_the_same_images_give_the_same_content_hash(home: Path) -> None:
    hashes = []
    for name in ("first", "second"):
        import_files("images", zipped(pictures()), name)
        hashes.append((describe_set(name).fingerprint, prepare(datasets["folder"](folder=name)).content_hash))
    assert hashes[0] == hashes[1]


# -- broken files ------------------------------------------------------------------------------------------------------


def test_each_broken_image_is_reported_and_the_rest_is_imported(home: Path) -> None:
    broken = {
        "cat/empty.png": b"",
        "cat/truncated.png": png(1)[:200],
        "dog/words.png": b"not a picture",
        "dog/archive.png": zipped({"a": b"b"}).getvalue(),
        "loose.png": png(1),
    }
    deeper = {"dog/puppies/deep.png": png(1)}  # which is a dog, too
    report = import_files("images", zipped(pictures() | broken | deeper), "pets")
    assert report.made.counts == {"cat": 5, "dog": 6}
    reasons = {problem.file: problem.reason for problem in report.problems}
    assert set(reasons) == set(broken)
    assert "is empty" in reasons["cat/empty.png"]
    assert "broken or incomplete" in reasons["cat/truncated.png"]
    assert "is text, not a readable image" in reasons["dog/words.png"]
    assert "is a zip archive" in reasons["dog/archive.png"]
    assert "is not in a class folder" in reasons["loose.png"]


def test_odd_pictures_are_taken_and_what_is_none_is_listed_by_its_name(home: Path) -> None:
    frames = [plain(colour=(0, 0, 255)), plain(colour=(0, 255, 0))]
    taken = {
        "cat/moving.gif": encoded(plain(), "GIF", save_all=True, append_images=frames),
        "cat/moving.webp": encoded(plain(), "WEBP", save_all=True, append_images=frames),
        "cat/no exif.webp": encoded(plain(colour=(9, 9, 9)), "WEBP", exif=b"no exif at all"),
        "cat/no profile.jpg": encoded(plain(colour=(9, 99, 9)), "JPEG", icc_profile=b"no profile at all"),
    }
    refused = {
        "dog/drawing.svg.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "dog/phone.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "dog/huge.png": png_header(20_000, 20_000),
        "dog/sound.png": sound(tone(400, 16_000)),
        "dog/table.png": b"a,b\n1,2\n",
    }
    report = import_files("images", zipped(pictures() | taken | refused), "pets")
    assert report.made.counts == {"cat": 9, "dog": 5}
    assert {problem.file for problem in report.problems} == set(refused)
    assert all(repr(problem.file.removeprefix("dog/")) in problem.reason for problem in report.problems)


def test_a_member_with_a_wrong_checksum_is_reported(home: Path) -> None:
    raw = bytearray(zipped(pictures(), zipfile.ZIP_STORED).getvalue())
    raw[raw.index(b"IDAT") + 20] ^= 0xFF
    report = import_files("images", io.BytesIO(bytes(raw)), "pets")
    assert [problem.file for problem in report.problems] == ["cat/0.png"]
    assert "is damaged in the archive" in report.problems[0].reason


def test_a_class_that_is_too_small_is_left_out(home: Path) -> None:
    report = import_files("images", zipped(pictures() | {"owl/1.png": png(1), "owl/2.png": png(2)}), "pets")
    assert list(report.made.counts) == ["cat", "dog"]
    assert report.problems[-1].file == "owl/"
    assert "2 different images; at least 3" in report.problems[-1].reason
    assert prepare(datasets["folder"](folder="pets")).info.labels == ("cat", "dog")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, "there is none"),
        ({"README.txt": b"hello"}, "there is none"),
        ({f"cat/{index}.png": png(index) for index in range(5)}, "there is only 'cat'"),
        (
            {f"train/cat/{index}.png": png(index) for index in range(5)} | {"test/cat/9.png": png(9)},
            "there is only 'cat'",
        ),
    ],
)
def test_fewer_than_two_classes_are_refused_and_nothing_is_left(
    files: dict[str, bytes], found: str, home: Path
) -> None:
    with pytest.raises(
        TrainyardError, match=f"At least two classes with 3 or more different images each are needed; {found}"
    ):
        import_files("images", zipped(files), "pets")
    assert everything_under(settings().datasets_path) == ["folders"]


def test_links_and_devices_in_a_folder_are_reported_not_followed(home: Path, tmp_path: Path) -> None:
    outside = unzipped({"secret/1.png": png(1)}, tmp_path / "outside")
    root = unzipped(pictures(), tmp_path / "pets")
    (root / "cat" / "link.png").symlink_to(outside / "secret" / "1.png")
    (root / "linked").symlink_to(outside / "secret")
    os.mkfifo(root / "cat" / "pipe.png")
    report = import_files("images", root, "pets")
    assert report.made.counts == {"cat": 5, "dog": 5}
    assert {problem.file for problem in report.problems} == {"cat/link.png", "cat/pipe.png", "linked"}


# -- hostile archives --------------------------------------------------------------------------------------------------


def with_member(change: Callable[[zipfile.ZipInfo], None]) -> io.BytesIO:
    """A good zip with one changed member."""
    buffer = zipped(pictures())
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo("cat/evil.png")
        change(info)
        archive.writestr(info, b"/etc/passwd")
    return buffer


def named(name: str) -> io.BytesIO:
    """A good zip with one member of that name."""

    def change(info: zipfile.ZipInfo) -> None:
        info.filename = name

    return with_member(change)


def of_kind(kind: int) -> io.BytesIO:
    """A good zip with one member that unpackers would make a link or a device."""

    def change(info: zipfile.ZipInfo) -> None:
        info.external_attr = (kind | 0o777) << 16

    return with_member(change)


def encrypted() -> io.BytesIO:
    """A good zip whose first member says that it needs a password."""
    raw = bytearray(zipped(pictures()).getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    return io.BytesIO(bytes(raw))


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (named("../evil.png"), "'../evil.png' points outside of the archive"),
        (named("cat/../../evil.png"), "points outside of the archive"),
        (named("/tmp/evil.png"), "points outside of the archive"),
        (named("..\\evil.png"), "points outside of the archive"),
        (named("C:\\evil.png"), "points outside of the archive"),
        (named("//server/evil.png"), "points outside of the archive"),
        (of_kind(stat.S_IFLNK), "'cat/evil.png' is a link or a device"),
        (of_kind(stat.S_IFCHR), "is a link or a device"),
        (encrypted(), "is protected by a password"),
        (zipped(pictures(), zipfile.ZIP_LZMA), "is compressed by a rare method"),
        (io.BytesIO(b"no zip at all"), "is not a zip archive"),
        (io.BytesIO(b""), "is not a zip archive"),
        (io.BytesIO(zipped(pictures()).getvalue()[:-100]), "is not a zip archive"),
    ],
)
def test_a_hostile_archive_is_refused_whole_and_nothing_is_written(
    archive: io.BytesIO, reason: str, home: Path, tmp_path: Path
) -> None:
    before = everything_under(tmp_path)
    with pytest.raises(TrainyardError, match=reason):
        import_files("images", archive, "pets")
    assert set(everything_under(tmp_path)) - set(before) <= {"home", "home/datasets", "home/datasets/folders"}


def changed(at: Callable[[bytes], int], to: bytes) -> io.BytesIO:
    """A good zip whose first file has an umlaut in its name, with other bytes at one place."""
    raw = bytearray(zipped({"cat/ü.png": png(99)} | pictures()).getvalue())
    start = at(bytes(raw))
    raw[start : start + len(to)] = to
    return io.BytesIO(bytes(raw))


@pytest.mark.parametrize(
    "archive",
    [
        changed(lambda raw: raw.rindex("ü".encode()), b"\xff\xff"),  # marked as UTF-8, and none
        changed(lambda raw: raw.index(b"PK\x01\x02") + 6, b"\xff"),  # of version 25.5 of the format
        changed(lambda raw: raw.rindex(b"PK\x05\x06") + 12, b"\xff\xff\xff\x7f"),  # a list longer than the file
    ],
    ids=["name", "version", "list"],
)
def test_a_list_of_files_that_is_damaged_is_a_sentence(archive: io.BytesIO, home: Path) -> None:
    with pytest.raises(TrainyardError, match="is not a zip archive, or is damaged"):
        import_files("images", archive, "pets")


@pytest.mark.parametrize(
    "archive",
    [
        changed(lambda raw: raw.index("ü".encode()), b"\xff\xff"),  # in front of the file itself
        changed(lambda raw: raw.index(b"PK\x01\x02") + 42, b"\xff\xff\xff\x7f"),  # a file far behind the end
        changed(lambda raw: raw.index(b"PK\x03\x04") + 26, b"\xff\xff"),  # a name longer than all there is
    ],
    ids=["name", "place", "length"],
)
def test_one_file_whose_entry_is_damaged_is_left_out_by_its_name(archive: io.BytesIO, home: Path) -> None:
    report = import_files("images", archive, "pets")
    assert [problem.file for problem in report.problems] == ["cat/ü.png"]
    assert report.problems[0].reason.startswith("'cat/ü.png' is damaged in the archive")
    assert report.made.counts == {"cat": 5, "dog": 5}


def test_damaged_archives_never_raise_anything_else() -> None:
    rng = np.random.default_rng(0)
    whole = np.frombuffer(
        zipped({f"{label}/{i}.txt": b"a word" for label in "aü" for i in range(3)}).getvalue(), np.uint8
    )
    listed = whole.tobytes().index(b"PK\x01\x02")
    read = 0
    for position in range(1_500):
        damaged = whole.copy()
        places = rng.integers(listed if position % 2 else 0, len(whole), rng.integers(1, 6))
        damaged[places] = rng.integers(0, 256, len(places))
        try:
            with open_members(io.BytesIO(damaged.tobytes())) as members:
                for member in members:
                    try:
                        read += len(member.read()) > 0
                    except ArchiveError:
                        raise
                    except TrainyardError:
                        pass
        except TrainyardError:
            pass
    assert 0 < read < 1_500 * 6


@pytest.mark.parametrize(
    "files",
    [
        {"[Content_Types].xml": b"<x/>", "xl/worksheets/sheet1.xml": b"<x/>", "xl/media/image1.png": png(1)},
        {"mimetype": b"application/vnd.oasis", "content.xml": b"<x/>", "META-INF/manifest.xml": b"<x/>"},
    ],
)
def test_a_workbook_is_told_from_a_zip_of_pictures(files: dict[str, bytes], home: Path) -> None:
    with pytest.raises(TrainyardError, match="is an Excel workbook or another office document"):
        import_files("images", zipped(files), "pets")


def test_names_that_are_no_text_at_all_do_not_stop_a_folder(home: Path, tmp_path: Path) -> None:
    """On Linux a name is any bytes; and a name may hold what moves the cursor of a terminal."""
    root = unzipped(pictures() | {"cat/a\x1b[2J\nb.png": b"not an image"}, tmp_path / "pets")
    for name, data in ((b"caf\xe9.png", b"not an image"), (b"\xff.png", png(99))):
        (root / "cat" / os.fsdecode(name)).write_bytes(data)
    report = import_files("images", root, "pets")
    assert report.made.counts == {"cat": 6, "dog": 5}
    assert [problem.file for problem in report.problems] == ["cat/a[2J b.png", "cat/caf.png"]
    assert problems_of("pets") == list(report.problems)
    assert all(name.isprintable() for name in read_stored("pets", "images").names.tolist())


def test_a_bomb_is_stopped_by_what_it_really_unpacks_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_archive_mb=30, max_image_mb=20)
    bomb = zipped({f"cat/{index}.png": bytes(15_000_000) for index in range(8)})
    assert len(bomb.getvalue()) < 200_000
    tracemalloc.start()
    with pytest.raises(TrainyardError, match="unpacks to more than 30 MB"):
        import_files("images", bomb, "pets")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000
    assert everything_under(settings().datasets_path) == ["folders"]


def test_a_member_that_lies_about_its_size_is_stopped_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_image_mb=1)
    raw = bytearray(zipped(pictures() | {"cat/bomb.png": bytes(5_000_000)}).getvalue())
    for at in (raw.rindex(b"PK\x03\x04") + 22, raw.rindex(b"PK\x01\x02") + 24):
        raw[at : at + 4] = (1000).to_bytes(4, "little")
    report = import_files("images", io.BytesIO(bytes(raw)), "pets")
    assert [problem.file for problem in report.problems] == ["cat/bomb.png"]
    honest = zipped(pictures() | {"cat/bomb.png": bytes(5_000_000)})
    assert "unpacks to more than 1 MB" in import_files("images", honest, "more-pets").problems[0].reason


def test_too_many_files_are_refused_before_they_are_listed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = zipped(dict.fromkeys((f"cat/{index}.png" for index in range(3_000)), b""))
    limit(monkeypatch, max_archive_files=1_000)
    tracemalloc.start()
    with pytest.raises(TrainyardError, match="more than 1,000 files"):
        import_files("images", many, "pets")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


def test_too_many_files_in_a_folder_are_refused(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_archive_files=5)
    with pytest.raises(TrainyardError, match="more than 5 files"):
        import_files("images", unzipped(pictures(), tmp_path / "pets"), "pets")


def test_a_large_upload_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_upload_mb=1)
    with pytest.raises(TrainyardError, match="larger than 1 MB"):
        import_files("images", io.BytesIO(bytes(1_000_001)), "pets")


def test_memory_does_not_grow_with_the_archive(home: Path) -> None:
    some = [png(seed, (160, 160)) for seed in range(3)]
    archive = zipped(
        {f"{label}/{i}.png": some[i % 3] for label in ("cat", "dog") for i in range(200)}, zipfile.ZIP_STORED
    )
    assert len(archive.getvalue()) > 30_000_000
    tracemalloc.start()
    import_files("images", archive, "pets")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 22_000_000  # numpy writes in pieces of 16 MB


# -- names and lives of sets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "..", "../evil", "a/b", "Pets", "-pets", ".pets", "a" * 49, "pets\n", "宠物"])
def test_a_name_that_is_not_plain_is_refused(name: str, home: Path) -> None:
    for use in (lambda: import_files("images", zipped(pictures()), name), lambda: delete_set(name)):
        with pytest.raises(TrainyardError, match="is not a valid dataset name"):
            use()
    if name:
        with pytest.raises(TrainyardError, match="folder"):
            datasets["folder"].parse({"folder": name})


def test_a_name_that_is_taken_makes_the_next_version(home: Path) -> None:
    import_files("images", zipped(pictures()), "pets")
    made = import_files("images", zipped(pictures(7)), "pets").made
    assert (made.reference, made.version, made.num_examples) == ("pets@2", 2, 14)
    assert describe_set("pets").num_examples == 10
    assert import_files("images", zipped(pictures()), "pets").made.reference == "pets@3"


def test_a_source_that_does_not_exist_is_named(home: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainyardError, match=r"nowhere' does not exist"):
        import_files("images", tmp_path / "nowhere", "pets")


def test_a_deleted_set_is_a_sentence_for_whoever_still_names_it(home: Path) -> None:
    import_files("images", zipped(pictures()), "pets")
    import_files("images", zipped(pictures()), "others")
    assert describe(datasets["folder"])["available"]
    prepare(datasets["folder"](folder="pets"))
    delete_set("pets")
    assert [own.reference for own in list_sets()] == ["others"]
    assert not datasets["folder"](folder="pets").available()
    with pytest.raises(TrainyardError, match=r"'pets' is not on this machine; it was deleted.*Available: 'others'"):
        prepare(datasets["folder"](folder="pets"))
    with pytest.raises(TrainyardError, match="'pets' is not on this machine"):
        delete_set("pets")


def test_without_a_choice_one_is_asked_for(home: Path) -> None:
    with pytest.raises(TrainyardError, match="No dataset of your own is chosen"):
        prepare(datasets["folder"]())


def test_a_set_that_would_not_fit_in_memory_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_files("images", zipped(pictures(50)), "pets")
    limit(monkeypatch, max_dataset_mb=1)
    with pytest.raises(TrainyardError, match="takes 7 MB at 160 pixels, more than 1 MB"):
        prepare(datasets["folder"].parse({"folder": "pets", "image_size": 160}))
    prepare(datasets["folder"].parse({"folder": "pets", "image_size": 28}))


def test_an_unwritable_home_is_a_sentence(home: Path) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(TrainyardError, match="cannot be stored in"):
        import_files("images", zipped(pictures()), "pets")


def test_a_socket_among_the_images_is_not_opened(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = unzipped(pictures(), tmp_path / "pets")
    monkeypatch.chdir(root / "cat")  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.png")
        assert [problem.file for problem in import_files("images", root, "pets").problems] == ["cat/socket.png"]
