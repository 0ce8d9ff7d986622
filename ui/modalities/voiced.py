"""A text and the voice that is to say it: typed and chosen, or a table of many."""

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import streamlit as st

from engine.data_info import Column, DataInfo
from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.modalities.audio.samples import encode_wav
from engine.modalities.voiced import TEXT, VOICE
from engine.preparation.prepare import PreparedDataset, prepare
from engine.preparation.varied import varied
from ui.language import N_, _
from ui.modalities.base import BY_PATH, File, Tried, Way, register
from ui.modalities.table import Tables, file_input
from ui.modalities.ways import grid
from ui.plain import plain_label, plain_text

_PLAYER_PIXELS, _LOOKED_AT, _MOST_CHARACTERS = 160, 8, 200


class VoicedTexts(Tables):
    """See `Modality`."""

    measures: ClassVar[Mapping[str, str]] = {"characters": N_("Characters")}

    def size(self, info: DataInfo) -> str:
        """Nothing: texts are of any length."""
        return ""

    def look(self, prepared: PreparedDataset) -> None:
        """Some recordings to listen to."""
        positions = [int(position) for position in varied(prepared, "train", _LOOKED_AT)]
        self.examples(prepared, positions, ["" for _position in positions])

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """A text that is typed, or a table of many."""
        return WAYS

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Text, voice and a player, four in a row."""
        rows = prepared.inputs[np.asarray(positions)]["categories"].tolist()
        for cell, position, caption, row in zip(
            grid(len(captions), _PLAYER_PIXELS), positions, captions, rows, strict=True
        ):
            with cell:
                st.markdown(" · ".join(plain_label(part) for part in (*row, caption) if part))
                st.audio(_sound(prepared, int(position)), format="audio/wav")


register("voiced-text", VoicedTexts())


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=BY_PATH)
def _sound(prepared: PreparedDataset, position: int) -> bytes:
    """The recording of an example as WAV."""
    return encode_wav(np.asarray(prepared.targets[np.array([position])])[0])


def say_input(tried: Tried, dataset: Dataset) -> list[File]:
    """A text and a choice of voices."""
    text, voice = _columns(tried, dataset)
    words = _("Known words: {words}. Others are babble.").format(words=", ".join(map(plain_text, text.values)))
    said = st.text_input(
        _("Text"),
        value=" ".join(text.values[:1]),
        max_chars=_MOST_CHARACTERS,
        key=f"say-{tried.key}",
        help=words if text.values else None,
    )
    chosen = st.selectbox(
        _("Voice"), list(voice.values), format_func=plain_text, key=f"voice-{tried.key}", help=_("A voice of the data.")
    )
    row = {text.name: said, voice.name: chosen}
    return [(plain_text(said) or _("(nothing)"), json.dumps(row, ensure_ascii=False).encode())]


def _columns(tried: Tried, dataset: Dataset) -> tuple[Column, Column]:
    info = tried.info()
    try:
        info = info or prepare(dataset).info
    except TrainyardError:
        info = DataInfo((), columns=(Column(TEXT, "category"), Column(VOICE, "category")))
    first, second = info.columns
    return first, second


WAYS = {
    "say": Way(N_("Text"), ":material/text_fields:", say_input, shown=True, made=True),
    "table": Way(N_("Table"), ":material/table:", file_input, shown=True),
}
"""Ways to give a text, in the order of display."""
