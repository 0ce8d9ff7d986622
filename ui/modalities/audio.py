"""Sounds: recorded, uploaded, or taken from the test split; to hear, and to see as spectrograms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import streamlit as st

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.modalities.audio.spectrograms import spectrogram, spectrogram_picture, spectrogram_png
from engine.preparation.prepare import PreparedDataset, prepare
from engine.readers.sounds import SAMPLE_RATE_HZ, decode_sound, encode_wav, is_silent
from engine.runs import Run
from engine.settings import settings
from ui.charts.pictures import MAX_CLASSES, dataset_look, strip_of
from ui.charts.thumbnails import data_url
from ui.language import N_, _, language
from ui.modalities.base import Cells, File, register
from ui.modalities.held_out import held_out
from ui.plain import plain_label, plain_text
from ui.sentences import said
from ui.theme import theme_name
from ui.widgets.tiles import Look

Ask = Callable[[Run, Dataset], list[File]]

SOUND_TYPES = ("wav", "flac", "ogg", "opus", "mp3", "aif", "aiff")
EXAMPLES = 8
"""Number of examples of the test split that are offered."""
_SHOWN_PIXELS = 300
_BY_PATH: dict[str | type[Any], Callable[[Any], Any]] = {PreparedDataset: lambda prepared: str(prepared.path)}


@dataclass(frozen=True)
class Way:
    """One of several ways to give a sound."""

    word: str
    icon: str
    ask: Ask


class Sounds:
    """See `Modality`."""

    measures: ClassVar[Mapping[str, str]] = {"seconds": N_("Seconds with sound")}

    def size(self, info: DataInfo) -> str:
        """Return the length of a clip."""
        return _("{seconds} s of audio").format(seconds=f"{info.shape[0] / SAMPLE_RATE_HZ:g}")

    def look(self, prepared: PreparedDataset) -> None:
        """A row of spectrograms for each class, and a player for the class that is chosen."""
        st.html(_look(prepared, theme_name(), language()))
        where = prepared.indices("train")
        if prepared.codec.classes:
            labels = list(prepared.info.labels[:MAX_CLASSES])
            chosen = st.pills(
                _("Listen"), labels, default=labels[0], required=True, format_func=plain_label,
                key=f"listen-{prepared.path.name}", help=_("Play the first clip of this class."), wrap=True,
            )  # fmt: skip
            where = where[prepared.targets[where] == labels.index(chosen or labels[0])]
        for position in where[:1]:  # none where all of a rare class went to the other splits
            st.audio(_example(prepared, int(position))[0], format="audio/wav")

    def ask(self, run: Run, dataset: Dataset) -> list[File]:
        """An example, a recording or uploaded files; the microphone is asked for only when it is chosen."""
        chosen = st.segmented_control(
            _("Input"),
            list(WAYS),
            default=next(iter(WAYS)),
            required=True,
            format_func=lambda name: f"{WAYS[name].icon} {_(WAYS[name].word)}",
            key="sound_way",
            wrap=True,
            help=_("Source of the audio."),
        )
        return WAYS[chosen or next(iter(WAYS))].ask(run, dataset)

    def show(self, file: File) -> None:
        """A player and the spectrogram; nothing for a file that is no sound."""
        samples = _decoded(*file)
        if samples is None:
            return
        name, _data = file
        st.audio(encode_wav(samples), format="audio/wav")
        st.image(
            _png(samples),
            width=_SHOWN_PIXELS,
            caption=plain_label(name),
            alt=_("Spectrogram of {name}").format(name=plain_text(name)),
        )
        if is_silent(samples):
            st.warning(_("This recording is silent. Check the microphone."), icon=":material/mic_off:")

    def cells(self, files: Sequence[File]) -> Cells:
        """A column of spectrograms."""
        clips = [_decoded(*file) for file in files]
        pictures = [None if clip is None else data_url(_png(clip)) for clip in clips]
        return {"picture": pictures}, {"picture": st.column_config.ImageColumn("", width="small")}

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Spectrograms with players, four in a row."""
        for cell, position, caption in zip(_grid(len(captions)), positions, captions, strict=True):
            wav, picture = _example(prepared, int(position))
            with cell:
                st.image(picture, caption=plain_label(caption), alt=plain_text(caption))
                st.audio(wav, format="audio/wav")

    def tile(self, prepared: PreparedDataset, position: int) -> Look:
        """The spectrogram."""
        return Look(data_url(_png(prepared.inputs[np.asarray([position])][0])) or "")


register("audio", Sounds())


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=_BY_PATH)
def _look(prepared: PreparedDataset, theme: str, language: str) -> str:
    """Drawn once for all viewers: (prepared, theme, language) -> HTML."""
    return dataset_look(prepared, "dark" if theme == "dark" else "light", _strip)


def _strip(clips: np.ndarray) -> str:
    """(examples, samples) int16 -> one row of spectrograms, as a data URL."""
    return strip_of([spectrogram_picture(spectrogram(clip)) for clip in clips])


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=_BY_PATH)
def _example(prepared: PreparedDataset, position: int) -> tuple[bytes, bytes]:
    """An example of a dataset as WAV, and its spectrogram."""
    [clip] = prepared.inputs[np.array([position])]
    return encode_wav(clip), _png(clip)


def _decoded(name: str, data: bytes) -> np.ndarray | None:
    """The samples of a file, or None for one that cannot be read: its result says why. What people give is not kept."""
    try:
        return decode_sound(data, name)
    except TrainyardError:
        return None


def _png(samples: np.ndarray) -> bytes:
    return spectrogram_png(spectrogram(samples))


def example_input(run: Run, dataset: Dataset) -> list[File]:
    """Examples of the test split, one click away."""
    try:
        examples = held_out_examples(dataset)
    except TrainyardError as error:
        st.info(said(error), icon=":material/info:")
        return []
    st.caption(_("From the test split: the network was not trained on these."))
    key = f"example-{run.id}"
    for column, (i, (label, _wav, picture)) in zip(_grid(len(examples)), enumerate(examples), strict=True):
        with column:
            st.image(picture, alt=_("Example of {label}").format(label=plain_text(label)))
            if st.button(
                plain_label(label, 14),
                key=f"{key}-{i}",
                width="stretch",
                help=_("Predict this example of {label}.").format(label=plain_label(label)),
            ):
                st.session_state[key] = i
    if key not in st.session_state:
        return []
    label, wav, _picture = examples[min(st.session_state[key], len(examples) - 1)]
    return [(_("example of {label}").format(label=label), wav)]


def _grid(count: int) -> list[Any]:
    """As many cells as asked for, four in a row."""
    return [cell for _row in range(0, count, 4) for cell in st.columns(4)][:count]


def held_out_examples(dataset: Dataset) -> list[tuple[str, bytes, bytes]]:
    """Label, WAV and spectrogram of a few examples of the test split, of as many classes as there are places."""
    return _examples(repr(dataset.to_dict()), dataset.fingerprint(), dataset)


@st.cache_data(max_entries=32, show_spinner=False)
def _examples(values: str, fingerprint: str, _dataset: Dataset) -> list[tuple[str, bytes, bytes]]:
    prepared = prepare(_dataset)
    chosen = held_out(prepared, EXAMPLES)
    return [(prepared.describe(int(i)), *_example(prepared, int(i))) for i in chosen]


def record_input(run: Run, dataset: Dataset) -> list[File]:
    """A recording. The browser asks for permission when somebody presses the button, not before."""
    sound = st.audio_input(
        _("Recording"),
        sample_rate=SAMPLE_RATE_HZ,
        key=f"microphone-{run.id}",
        help=_(
            "Your browser asks for permission. The recording is not stored. Of a long recording, "
            "the loudest part is used."
        ),
    )
    return [(_("recording"), sound.getvalue())] if sound else []


def upload_input(run: Run, dataset: Dataset) -> list[File]:
    """One or several sound files."""
    most = settings().max_predictions
    files = st.file_uploader(
        _("Audio clips"),
        type=list(SOUND_TYPES),
        accept_multiple_files=True,
        max_upload_size=settings().max_upload_mb,
        key=f"upload-sound-{run.id}",
        help=_("One or more audio files, at most {count}. They are not stored.").format(count=most),
    )
    if len(files) > most:
        st.warning(
            _("{given} audio files were given; the first {most} are used, the most at once.").format(
                given=len(files), most=most
            )
        )
    return [(file.name, file.getvalue()) for file in files[:most]]


WAYS = {
    "record": Way(N_("Record"), ":material/mic:", record_input),
    "example": Way(N_("Example"), ":material/graphic_eq:", example_input),
    "upload": Way(N_("Upload"), ":material/upload:", upload_input),
}
"""Ways to give a sound, in the order of display."""
