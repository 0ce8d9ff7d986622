"""What people give is opened in the predictor, whatever a page shows of it: the dashboard decodes none of it."""

import ast
import inspect
import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import soundfile

from engine import service
from engine.access import local_owner
from engine.data_info import SAMPLE_RATE_HZ
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.modalities.audio.samples import encode_wav
from engine.modalities.base import modalities
from engine.preparation.prepare import prepare
from engine.readers import tables
from engine.serving import opening
from engine.serving.client import Predictor, Unavailable
from engine.serving.opened import Unfolded, read_unfolded
from engine.serving.portions import Portions
from engine.serving.wire import pack
from engine.settings import settings
from engine.store import Store
from tests import opening_predictor, seeding
from tests.pages.opening import choose_way, open_page, press
from tests.test_inputs import png_header
from tests.waiting import wait_until
from ui import lab
from ui.modalities.base import Modality, modality
from ui.modalities.by_camera import keep_frames
from ui.modalities.by_microphone import keep_clips
from ui.modalities.recording import Recording
from ui.widgets.camera import Frame

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "engine.confined", "tests.opening_predictor")
DECODERS = {
    *("decode_image", "read_image", "decode_sound", "hear", "read_table", "read_cells", "read_parquet", "read_json"),
    *("decode_one", "decode_rows", "decode_texts", "texts_of_table", "rows_of_table", "SoundFile", "open_inputs"),
    *("open_members", "ZipFile"),
}
OWN_PICTURES = {"ui/demo/seen.py", "ui/data/covers.py", "ui/labelling/editing.py", "ui/predictions/drawn.py"}
"""Open pictures that this program has drawn."""


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Predictor]:
    """A process that opens files as the real one does."""
    made = Predictor(COMMAND)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _lab(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", lambda: predictor)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Contents that no decoder of this process may see: it fails the test."""
    strange: list[bytes] = []

    def guarded(decode: Callable[..., Any], place: int) -> Callable[..., Any]:
        def guard(*args: Any, **more: Any) -> Any:
            content = args[place].getvalue() if isinstance(args[place], io.BytesIO) else args[place]
            assert content not in strange, "The dashboard decoded what somebody gave."
            return decode(*args, **more)

        return guard

    monkeypatch.setattr(PIL.Image, "open", guarded(PIL.Image.open, 0))
    monkeypatch.setattr(soundfile.SoundFile, "__init__", guarded(soundfile.SoundFile.__init__, 1))
    monkeypatch.setattr(tables, "_read", guarded(tables._read, 0))
    monkeypatch.setattr(zipfile.ZipFile, "__init__", guarded(zipfile.ZipFile.__init__, 1))
    return strange


def image(size: tuple[int, int] = (40, 20), shade: int = 250, mode: str = "L", form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new(mode, size, shade).save(buffer, format=form)
    return buffer.getvalue()


def tone(seconds: float) -> bytes:
    return encode_wav((9_000 * np.sin(np.arange(round(seconds * SAMPLE_RATE_HZ)) / 8)).astype(np.int16))


def upload(store: Store, dataset: str, way: str, *files: tuple[str, bytes]) -> Any:
    """The demo of a run on `dataset` after these files were given."""
    prepare(datasets[dataset]())
    at = open_page("demo", run=seeding.completed(store, epochs=1, dataset=dataset).id)
    choose_way(at, way)
    for name, data in files:
        at.file_uploader[0].upload(name, data, "application/octet-stream")
    at.run()
    assert not at.exception, at.exception[0].message
    return at


# -- pages -------------------------------------------------------------------------------------------------------------


def test_a_picture_is_shown_and_inverted_without_being_decoded_here(store: Store, given: list[bytes]) -> None:
    given.append(image())
    at = upload(store, "mnist", "upload", ("a.png", given[0]))
    assert [toggle.label for toggle in at.toggle if toggle.value] == ["Invert light and dark"]
    assert at.metric[0].value == "7"
    assert len(at.get("image")) == 1


def test_several_pictures_have_thumbnails_and_a_broken_one_has_none(store: Store, given: list[bytes]) -> None:
    given += [image(), b"\x89PNG\r\n\x1a\n broken"]
    at = upload(store, "fashion", "upload", ("a.png", given[0]), ("b.png", given[1]))
    pictures = at.dataframe[0].value["picture"].tolist()
    assert pictures[0].startswith("data:image/png;base64,")
    assert not isinstance(pictures[1], str)


def test_sounds_are_played_and_drawn_without_being_decoded_here(store: Store, given: list[bytes]) -> None:
    given += [tone(1), tone(0.5)]
    at = upload(store, "spoken-digits", "upload", ("a.wav", given[0]))
    assert len(at.get("audio")) == 1
    at = upload(store, "spoken-digits", "upload", ("a.wav", given[0]), ("b.wav", given[1]))
    assert all(picture.startswith("data:image/png") for picture in at.dataframe[0].value["picture"])


def test_tables_are_shown_and_unfolded_without_being_read_here(store: Store, given: list[bytes]) -> None:
    given.append(Path(datasets["penguins"]().path).read_bytes())
    at = upload(store, "penguins", "file", ("birds.csv", given[0]))
    found = at.dataframe[0].value
    assert len(found) == given[0].count(b"\n") - 1
    assert found["given 0"][0] == "Adelie"
    at.get_by_key(f"batch-files-{at.selectbox(key='demo_run').value}").upload("birds.csv", given[0], "text/csv")
    at.run()
    press(at, "Predict all")
    assert at.session_state["batch"].inputs.take(0, 1)[0].cells["species"] == "Adelie"


def test_a_file_over_which_the_decoder_crashes_costs_its_preview_alone(store: Store, given: list[bytes]) -> None:
    given.append(opening_predictor.CRASHES)
    at = upload(store, "spoken-digits", "upload", ("a.wav", given[0]))
    assert at.metric[0].value == "7"
    assert not at.error
    assert not at.get("audio")


def test_a_demo_opens_files_by_its_name_for_whoever_may_use_it(store: Store, predictor: Predictor) -> None:
    run = seeding.completed(store, epochs=1, dataset="mnist", owner=local_owner().name)
    service.demos.publish(local_owner(), run.id, "digits")
    [found] = service.demos.opened(local_owner(), predictor, "digits", 1, [("a.png", image())], 10)
    assert found.pixels is not None
    assert found.pixels.shape == (5, 10, 1)


# -- recordings --------------------------------------------------------------------------------------------------------


def test_frames_and_clips_are_looked_at_in_the_predictor(home: Path, given: list[bytes], predictor: Predictor) -> None:
    given += [image(form="JPEG"), tone(3), b"<svg onload=alert(1)>"]
    recording = Recording()
    pictures, clips = recording.classes
    wait_until(predictor.ready, "a predictor that is ready")
    keep_frames(recording, pictures, [Frame(1, given[0]), Frame(2, given[2])])
    assert (list(pictures.examples), pictures.received) == ([1], 2)
    assert pictures.examples[1].look.startswith("data:image/webp;base64,")
    keep_clips(recording, clips, given[1])
    assert len(clips.examples) == 3


def test_frames_are_kept_while_nobody_can_look_at_them(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cold:
        def ready(self) -> bool:
            raise Unavailable("It does not start.")

    monkeypatch.setattr(lab, "predictor", Cold)
    recording = Recording()
    keep_frames(recording, recording.classes[0], [Frame(1, image())])
    assert recording.classes[0].examples[1].look.startswith("data:image/webp;base64,")


# -- what is said of a file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_any_kind_of_pixels_fits_its_frame(predictor: Predictor, mode: str) -> None:
    [found] = predictor.opened("image", [("a.png", image((400, 100), 1, mode))], 96)
    assert found.pixels is not None
    assert found.pixels.shape[:2] == (24, 96)


@pytest.mark.parametrize("data", [b"", b"no image", image()[:45]])
def test_what_is_no_picture_has_a_sentence(predictor: Predictor, data: bytes) -> None:
    [found] = predictor.opened("image", [("a.png", data)], 96)
    assert found.pixels is None
    assert "'a.png'" in found.error


def test_a_picture_over_the_limit_is_not_decoded(predictor: Predictor) -> None:
    side = int(settings().max_image_pixels ** 0.5) + 1
    [found] = predictor.opened("image", [("a.png", png_header(side, side))], 96)
    assert "TRAINYARD_MAX_IMAGE_PIXELS" in found.error


def test_rows_that_were_left_out_have_no_cells_and_keep_their_place(predictor: Predictor) -> None:
    [found] = predictor.opened("table", [("t.csv", b"a,b\n1,x\n1,2,3\n2,y\n")], 0)
    assert found.cells == {"a": [1.0, 2.0, None], "b": ["x", "y", None]}
    members = predictor.unfolded("table", ("t.csv", b"a,b\n1,x\n1,2,3\n2,y\n"), ("b",)).members
    assert [member.name for member in members] == ["t.csv:1", "t.csv:2", "t.csv, row 3 of the file"]
    assert members[0].read() == b'{"b": "x"}'


def test_an_answer_that_is_none_is_not_believed(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.serving import client
    from engine.serving.wire import to_bytes

    lie = pack({"files": [{"error": "", "array": True}]}, [to_bytes(np.zeros((2, 2, 4), np.uint8))])
    monkeypatch.setattr(client, "_content", lambda status, found: lie)
    with pytest.raises(Unavailable, match="something else"):
        predictor.opened("image", [("a.png", image())], 96)


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_zip_is_opened_in_the_predictor_with_the_tables_in_it(given: list[bytes], predictor: Predictor) -> None:
    given += [b"a,b\n1,2\n"]
    found = predictor.unfolded("table", ("x.zip", zipped(**{"t.csv": given[0]})), ())
    assert [one.name for one in found.members] == ["t.csv:1"]
    with pytest.raises(TrainyardError, match=r"^'x\.zip': The archive is refused: '\.\./up\.png' points outside"):
        predictor.unfolded("image", ("x.zip", zipped(**{"../up.png": b""})), ())


def test_the_dashboard_unpacks_no_zip_of_a_batch(store: Store, given: list[bytes]) -> None:
    archive = zipped(**{"a.png": image(), "b.png": image(shade=3), "c.png": b"broken"})
    given += [image(), image(shade=3), archive]
    prepare(datasets["mnist"]())
    at = open_page("demo", run=seeding.completed(store, epochs=1, dataset="mnist").id)
    at.get_by_key(f"batch-files-{at.selectbox(key='demo_run').value}").upload("x.zip", archive, "application/zip")
    at.run()
    press(at, "Predict all")
    batch = at.session_state["batch"]
    batch.work(60)
    assert (batch.problem, [one.name for one in batch.results]) == ("", ["a.png:0", "b.png:0", "c.png:0"])


def unfolding(asked: list[int], modality: str = "image") -> Callable[..., Any]:
    """What the predictor does, in this process; `asked` gets the positions at which portions began."""

    def unfold(file: tuple[str, bytes], first: int, spent: int) -> Unfolded:
        asked.append(first)
        head = {"modality": modality, "name": file[0], "columns": (), "first": first, "spent": spent}
        return read_unfolded(opening.unfold_file(pack(head, [file[1]])), first)

    return unfold


def test_what_zips_hold_comes_in_portions_beside_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PORTION_BYTES", 2_000)
    asked: list[int] = []
    archive = zipped(**{f"{number}.png": bytes([number]) * 1_000 for number in range(5)})
    inputs = Portions("image", [("a.png", b"a"), ("x.zip", archive), ("b.png", b"b")], unfolding(asked))
    assert (len(inputs), asked) == (7, [0])
    found: list[Any] = []
    while len(found) < len(inputs):
        found += inputs.take(len(found), 4)
    assert [one.name for one in found] == ["a.png", *(f"{number}.png" for number in range(5)), "b.png"]
    assert [one.read()[:1] for one in found] == [b"a", *(bytes([number]) for number in range(5)), b"b"]
    assert asked == [0, 2, 4]
    assert inputs.take(7, 4) == []


def test_portions_of_an_archive_together_are_no_larger_than_one_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    small = settings().model_copy(update={"max_archive_mb": 3})
    monkeypatch.setattr("engine.readers.unpack.settings", lambda: small)
    monkeypatch.setattr(opening, "PORTION_BYTES", 1_000_000)
    archive = zipped(**{f"{number}.png": bytes(1_000_000) for number in range(5)})
    inputs = Portions("image", [("x.zip", archive)], unfolding([]))
    for position in range(3):
        assert len(inputs.take(position, 9)) == 1
    with pytest.raises(TrainyardError, match="unpacks to more than 3 MB"):
        inputs.take(3, 9)


@pytest.mark.parametrize("lie", [{"total": 5}, {"total": -1}, {"spent": -1}, {"total": 2, "rows": []}], ids=str)
def test_a_portion_that_cannot_be_is_not_believed(lie: dict[str, Any]) -> None:
    row = {"path": ["a"], "error": "", "cells": {}}
    head: dict[str, Any] = {"rows": [row] * 2, "total": 6, "spent": 0} | lie
    with pytest.raises(ValueError, match="inputs from 4 on"):
        read_unfolded(pack(head, [b""] * len(head["rows"])), 4)


@pytest.mark.parametrize("name", sorted(modalities))
def test_every_modality_is_given_who_is_asked_for_what_it_shows(name: str) -> None:
    for method in ("show", "cells", "mattered"):
        assert [*inspect.signature(getattr(modality(name), method)).parameters] == [
            *inspect.signature(getattr(Modality, method)).parameters
        ][1:], (name, method)


# -- the code ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("ui/**/*.py"), *ROOT.glob("pages/*.py"), *ROOT.glob("engine/api/*.py")])
)
def test_no_page_and_no_address_of_the_api_names_a_decoder(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    tree = ast.parse(path.read_text("utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & DECODERS
    opens = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("open", "unfold", "decode") and "mage" in ast.unparse(node)
    }
    assert not opens or place in OWN_PICTURES
