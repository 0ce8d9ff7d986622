"""Names that would be misread as markup unless escaped: for tests of everything that shows names of people."""

import csv
import io
import zipfile
from collections.abc import Sequence

from PIL import Image

from tests.test_own_data import tone

PORT = "PORT"
PICTURE = "![x](http://127.0.0.1:PORT/i.png)"
NAMES = (
    PICTURE, "[a](http://127.0.0.1:PORT/a)", "<img src=http://127.0.0.1:PORT/h>", "***", "_a_", "# h", "1. one",
    "- item", "`c`", "~~gone~~", "$\\href{http://127.0.0.1:PORT/m}{y}$", "$x^2$", ":material/home:", ":material_home:",
    ":smile:", ":streamlit:", ":red[hot]", "&lt;b&gt;", "a -> b", "x >= 2", "a -- b", "<b>bold</b>",
    '<a href="http://127.0.0.1:PORT/p">p</a>', "%{x} of %{y}", "http://127.0.0.1:PORT/w", "www.example.org", "me@example.org",
    "a | b", "\\*", "a_b", "12:30:15", "> said", "=====", "[^1]", "Run: it", "大 <小>",
)  # fmt: skip
"""Names that people may give a class, a column, a file, a dataset or a study."""
FOLDERS = ("![x](https:127.0.0.1:PORT)", "***", "$x^2$", "<b>bold<b>", ":smile:", ":red[hot]", "_a_")
"""The same, as names of folders."""
TEXT_CLASSES = (PICTURE, "***", "$\\href{http://127.0.0.1:PORT/m}{y}$", '<a href="http://127.0.0.1:PORT/p">p</a>')
_COLUMNS = ("[a](http://127.0.0.1:PORT/a)", "<img src=http://127.0.0.1:PORT/h>", ":red[hot]", "%{x} of %{y}")
TARGET = "~~gone~~ ![x](http://127.0.0.1:PORT/t.png)"
_TABLE_CLASSES = (PICTURE, "***", ":material/home:")


def planted(port: int) -> list[str]:
    """Return the names, those with an address at `port` of this machine."""
    return [at_port(name, port) for name in NAMES]


def at_port(text: str, port: int) -> str:
    """Return a text with an address at `port`."""
    return text.replace(PORT, str(port))


def table(port: int, rows: int = 90) -> bytes:
    """Return a CSV whose columns, categories, classes and target have planted names."""
    length, weight, taste, size = _COLUMNS
    found = [[length, weight, taste, size, TARGET]]
    for i in range(rows):
        kind = i % 3
        found.append(
            [f"{kind + i % 7 / 10}", f"{i % 11}", _TABLE_CLASSES[i % 2], NAMES[3 + i % 4], _TABLE_CLASSES[kind]]
        )
    return _csv(found, port)


def numbers(port: int, rows: int = 90) -> bytes:
    """Return a CSV whose target is a number, with planted names of columns."""
    return _csv(
        [[_COLUMNS[0], _COLUMNS[1], TARGET], *([f"{i % 7}", f"{i % 5}", f"{i % 7 + i % 5}.5"] for i in range(rows))],
        port,
    )


def texts(port: int, rows: int = 96) -> bytes:
    """Return a CSV of texts whose classes have planted names."""
    words = [
        f"text number {i} about {('birds', 'fish', 'dogs', 'cats')[i % 4]} and ![x](http://127.0.0.1:PORT/t.png)"
        for i in range(rows)
    ]
    return _csv([["text", "label"], *([text, TEXT_CLASSES[i % 4]] for i, text in enumerate(words))], port)


def pictures(port: int, each: int = 12) -> bytes:
    """Return a zip of pictures whose folders and files have planted names."""
    return _zip(port, ".png", [[_png(40 * kind + i) for i in range(each)] for kind in range(4)])


def clips(port: int, each: int = 12) -> bytes:
    """Return a zip of audio clips whose folders and files have planted names."""
    return _zip(port, ".wav", [[tone(300 * (kind + 1) + i, 0.3) for i in range(each)] for kind in range(3)])


def _csv(rows: Sequence[Sequence[str]], port: int) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return at_port(buffer.getvalue(), port).encode()


def _zip(port: int, ending: str, files: Sequence[Sequence[bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for folder, of_class in zip(FOLDERS, files, strict=False):
            for i, data in enumerate(of_class):
                archive.writestr(at_port(f"{folder}/{i} {FOLDERS[0]}{ending}", port), data)
        archive.writestr(at_port(f"{FOLDERS[0]}/broken {FOLDERS[0]}{ending}", port), b"broken")
    return buffer.getvalue()


def _png(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (16, 16), shade % 256).save(buffer, "PNG")
    return buffer.getvalue()
