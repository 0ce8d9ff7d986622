"""Texts: written, uploaded, or taken from the test split. Whatever they hold is shown as plain text, in any script."""

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import Any, ClassVar

import numpy as np
import streamlit as st

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.preparation.prepare import PreparedDataset
from engine.settings import settings
from ui.charts.pictures import MAX_CLASSES, dataset_look
from ui.language import N_, _, language
from ui.modalities.base import BY_PATH, COLOURS, Cells, Effect, File, Tried, Way, register
from ui.modalities.ways import at_most, choose_example, held_out
from ui.plain import LONGEST_CAPTION, plain_label, plain_text
from ui.theme import theme_name

EXAMPLES = 6
"""Number of examples of the test split that are offered."""
_SHOWN_CHARACTERS, _CELL_CHARACTERS, _LINE_CHARACTERS = 2_000, 300, 160
_LOOK_LINES = 12  # lines of examples, over all classes
_MATTERS = 0.2  # share of the largest effect from which a word is coloured


class Texts:
    """See `Modality`."""

    measures: ClassVar[Mapping[str, str]] = {"characters": N_("Characters"), "words": N_("Words")}

    def size(self, info: DataInfo) -> str:
        """Nothing: texts are of any length."""
        return ""

    def look(self, prepared: PreparedDataset) -> None:
        """Some texts of each class, a line each."""
        st.html(_look(prepared, theme_name(), language()))

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """A text that is written, an example, or files."""
        return WAYS

    def show(self, tried: Tried, file: File) -> None:
        """The text under its name."""
        name, data = file
        st.caption(plain_label(name))
        st.text(_shortened(data.decode("utf-8-sig", "replace"), _SHOWN_CHARACTERS))

    def mattered(self, given: np.ndarray | None, name: str, effects: Sequence[Effect]) -> str:
        """The words, coloured where they matter."""
        found = (_coloured(str(one.part["text"]), one.share) for one in effects)
        st.markdown(" ".join(found))
        return _(COLOURS)

    def cells(self, tried: Tried, files: Sequence[File]) -> Cells:
        """A column of the texts' beginnings."""
        texts = [_shortened(data.decode("utf-8-sig", "replace"), _CELL_CHARACTERS) for _name, data in files]
        return {"text": texts}, {"text": st.column_config.TextColumn(_("Text"), width="large")}

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Texts below each other, each under its caption."""
        texts = prepared.inputs[np.asarray(positions)]
        st.html("".join(map(_captioned, captions, texts)))


register("text", Texts())


def _coloured(word: str, share: float) -> str:
    shown = plain_label(word)
    if abs(share) < _MATTERS:
        return shown
    return f":{'orange' if share > 0 else 'blue'}-background[{shown}]"


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=BY_PATH)
def _look(prepared: PreparedDataset, theme: str, language: str) -> str:
    """Drawn once for all viewers: (prepared, theme, language) -> HTML."""
    classes = max(1, min(MAX_CLASSES, prepared.info.num_classes))
    lines = max(1, _LOOK_LINES // classes)
    return dataset_look(prepared, "dark" if theme == "dark" else "light", partial(_lines, count=lines))


def _lines(texts: np.ndarray, count: int) -> str:
    """The first `count` texts, a line each; what does not fit into a line shows when it is pointed at."""
    return "<div>" + "".join(map(_line, texts[:count])) + "</div>"


def _line(text: str) -> str:
    shown = escape(_shortened(text, _SHOWN_CHARACTERS))
    return (
        f'<div dir="auto" title="{shown}" style="overflow:hidden;text-overflow:ellipsis;white-space:nowrap;'
        f'line-height:1.6">{escape(_shortened(text, _LINE_CHARACTERS))}</div>'
    )


def _captioned(caption: str, text: str) -> str:
    return (
        f'<div style="margin-bottom:0.6rem"><div style="opacity:0.6;font-size:0.8rem">{escape(plain_text(caption, LONGEST_CAPTION))}</div>'
        f'<div dir="auto" style="overflow-wrap:anywhere">{escape(_shortened(text, _SHOWN_CHARACTERS))}</div></div>'
    )


def _shortened(text: str, most: int) -> str:
    """`text` on one line, with a sign where its end is left out."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most].rstrip() + " …"


# -- ways to give a text -----------------------------------------------------------------------------------------------


def write_input(tried: Tried, dataset: Dataset) -> list[File]:
    """A box that predicts as soon as its text is committed."""
    text = st.text_area(
        _("Text"),
        height=110,
        max_chars=settings().max_text_characters,
        key=f"text-{tried.key}",
        placeholder=_("Write or paste a text in any language."),
        help=_("Ctrl+Enter predicts, and so does leaving the box."),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(_("Predict"), type="primary", icon=":material/play_arrow:", key="predict_text",
                  help=_("Predict this text."))  # fmt: skip
        each = _each_line()
    if each:
        return _first(lines_of(text))
    return [(_("your text"), text.encode())] if text.strip() else []


def upload_input(tried: Tried, dataset: Dataset) -> list[File]:
    """One or several text files."""
    files = st.file_uploader(
        _("Text files"),
        type="txt",
        accept_multiple_files=True,
        max_upload_size=settings().max_upload_mb,
        key=f"upload-{tried.key}",
        help=_("Plain text in UTF-8. Files are not stored."),
    )
    if not _each_line():
        return _first([(file.name, file.getvalue()) for file in files])
    return _first([line for file in files for line in lines_of(file.getvalue().decode("utf-8-sig", "replace"))])


def example_input(tried: Tried, dataset: Dataset) -> list[File]:
    """Examples of the test split, one click away."""
    chosen = choose_example(tried, dataset, held_out_texts, _draw_example, _in_rows)
    return [(name, text.encode()) for name, text in chosen]


def _draw_example(_label: str, text: str) -> None:
    st.text(_shortened(text, _LINE_CHARACTERS))


def _in_rows(count: int) -> list[tuple[Any, Any]]:
    """Each example in a row, after its button."""
    rows = [st.columns([1, 3], vertical_alignment="center") for _row in range(count)]
    return [(right, left) for left, right in rows]


def _each_line() -> bool:
    return st.toggle(
        _("Each line is a text"), key="text_lines", help=_("Predict several short texts at once, one per line.")
    )


def lines_of(text: str) -> list[File]:
    """Each line that is not empty as a text, named by its number."""
    return [
        (_("line {number}").format(number=number), line.encode())
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip()
    ]


def _first(texts: list[File]) -> list[File]:
    return at_most(texts, _("{given} texts were given; the first {most} are used, the most at once."))


def held_out_texts(dataset: Dataset) -> list[tuple[str, str]]:
    """Label and text of a few examples of the test split."""
    return held_out(dataset, EXAMPLES, lambda prepared, position: str(prepared.inputs[np.array([position])][0]))


WAYS = {
    "write": Way(N_("Write"), ":material/edit:", write_input, shown=True, made=True),
    "example": Way(
        N_("Example"),
        ":material/notes:",
        example_input,
        answer="before",
        examples=True,
        contents=lambda dataset: [text.encode() for _label, text in held_out_texts(dataset)],
    ),
    "upload": Way(N_("Upload"), ":material/upload:", upload_input),
}
"""Ways to give a text, in the order of display."""
