"""Which requests are decoded within the predictor's turn, and which on a thread of their own."""

import io

import pytest
from PIL import Image

from engine.data_info import DataInfo
from engine.serving.ahead import SMALL_BYTES, may_take_long
from engine.serving.outputs import Signature
from engine.serving.wire import pack
from engine.tasks.base import tasks


def signature(task: str, shape: tuple[int, ...]) -> Signature:
    return Signature(tasks[task](), DataInfo(shape, 2, ("one", "two")))


def files(*contents: bytes) -> bytes:
    head = {"kind": "files", "names": ["file"] * len(contents), "raw": False, "parameters": {}}
    return pack(head, contents)


def picture(side: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (side, side)).save(buffer, "PNG")
    return buffer.getvalue()


IMAGES, TEXTS = signature("image-classification", (8, 8, 1)), signature("text-classification", ())


@pytest.mark.parametrize(
    ("body", "known"),
    [
        pytest.param(files(picture(28)), IMAGES, id="a small picture"),
        pytest.param(files(b"A short text."), TEXTS, id="a short text"),
        pytest.param(files(), None, id="no files"),
        pytest.param(pack({"kind": "instances", "raw": False}, [b'{"instances": [[1, 2]]}']), IMAGES, id="numbers"),
    ],
)
def test_what_is_decoded_in_a_moment_needs_no_thread_of_its_own(body: bytes, known: Signature | None) -> None:
    assert not may_take_long(body, known)


@pytest.mark.parametrize(
    ("body", "known"),
    [
        pytest.param(files(picture(4000)), IMAGES, id="few bytes, many pixels"),
        pytest.param(files(*[picture(28)] * 64), IMAGES, id="many files"),
        pytest.param(files(picture(28)), None, id="a network that is not in memory"),
        pytest.param(files(b"PK\3\4\xff\xfe" + bytes(80)), TEXTS, id="an archive"),
        pytest.param(files(b"x" * SMALL_BYTES), TEXTS, id="a long text"),
        pytest.param(pack({"kind": "instances", "raw": False}, [b'{"instances": [{"b64": ""}]}']), IMAGES, id="base64"),
    ],
)
def test_what_may_take_long_is_decoded_beside_the_turns(body: bytes, known: Signature | None) -> None:
    assert may_take_long(body, known)
