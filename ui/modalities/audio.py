"""Sounds: recorded, uploaded, or taken from the test split; to hear, and to see as spectrograms."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import streamlit as st

from engine.data_info import SAMPLE_RATE_HZ, DataInfo
from engine.datasets.base import Dataset
from engine.modalities.audio.own import CLIPS
from engine.modalities.audio.samples import encode_wav, is_silent
from engine.modalities.audio.spectrograms import spectrogram, spectrogram_picture, spectrogram_png
from engine.preparation.prepare import PreparedDataset
from engine.settings import settings
from ui.charts.heat import heat_png
from ui.charts.pictures import MAX_CLASSES, dataset_look, strip_of
from ui.charts.thumbnails import data_url
from ui.class_names import class_name
from ui.language import N_, _, language
from ui.modalities.base import BY_PATH, COLOURS, Cells, Effect, File, Tried, Way, register
from ui.modalities.previews import previews
from ui.modalities.ways import choose_example, grid, held_out, upload
from ui.plain import plain_label, plain_text
from ui.theme import theme_name
from ui.widgets.microphone import record_clip

EXAMPLES = 8
"""Number of examples of the test split that are offered."""
_HEAT_PIXELS = 300
_PLAYER_PIXELS = 160
_REACTION_SECONDS = 1.0  # between the click and the first word


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
                _("Listen"), labels, default=labels[0], required=True,
                format_func=lambda label: plain_label(class_name(prepared.dataset, label)),
                key=f"listen-{prepared.path.name}", help=_("Play the first clip of this class."), wrap=True,
            )  # fmt: skip
            where = where[prepared.targets[where] == labels.index(chosen or labels[0])]
        for position in where[:1]:  # none where all of a rare class went to the other splits
            st.audio(_example(prepared, int(position))[0], format="audio/wav")

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """A recording, an example, or files; the browser asks for permission when somebody presses the button, not before."""
        return WAYS

    def show(self, tried: Tried, file: File) -> None:
        """A player; nothing for a file that is no sound."""
        for found in previews(tried, [file]) or []:
            if found.samples is not None:
                st.audio(encode_wav(found.samples), format="audio/wav")
                _warn_of_silence(found.samples)

    def mattered(self, given: np.ndarray | None, name: str, effects: Sequence[Effect]) -> str:
        """The spectrogram of what the network gets, under the effects."""
        if given is None:
            return ""
        picture = spectrogram_picture(spectrogram(given))
        st.image(
            heat_png(picture, [(one.part, one.share) for one in effects], _HEAT_PIXELS),
            alt=_("What mattered in {name}").format(name=plain_text(name)),
        )
        return _(COLOURS)

    def cells(self, tried: Tried, files: Sequence[File]) -> Cells:
        """A column of spectrograms."""
        if (opened := previews(tried, files)) is None:
            return {}, {}
        clips = [one.samples for one in opened]
        pictures = [None if clip is None else data_url(_png(clip)) for clip in clips]
        return {"picture": pictures}, {"picture": st.column_config.ImageColumn("", width="small")}

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """Spectrograms with players, four in a row."""
        for cell, position, caption in zip(grid(len(captions), _PLAYER_PIXELS), positions, captions, strict=True):
            wav, picture = _example(prepared, int(position))
            with cell:
                st.image(picture, caption=plain_label(caption), alt=plain_text(caption))
                st.audio(wav, format="audio/wav")


register("audio", Sounds())


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=BY_PATH)
def _look(prepared: PreparedDataset, theme: str, language: str) -> str:
    """Drawn once for all viewers: (prepared, theme, language) -> HTML."""
    return dataset_look(prepared, "dark" if theme == "dark" else "light", _strip)


def _strip(clips: np.ndarray) -> str:
    """(examples, samples) int16 -> one row of spectrograms, as a data URL."""
    return strip_of([spectrogram_picture(spectrogram(clip)) for clip in clips])


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=BY_PATH)
def _example(prepared: PreparedDataset, position: int) -> tuple[bytes, bytes]:
    """An example of a dataset as WAV, and its spectrogram."""
    [clip] = prepared.inputs[np.array([position])]
    return encode_wav(clip), _png(clip)


def _png(samples: np.ndarray) -> bytes:
    return spectrogram_png(spectrogram(samples))


def example_input(tried: Tried, dataset: Dataset) -> list[File]:
    """Examples of the test split, one click away."""
    return [(name, wav) for name, (wav, _picture) in choose_example(tried, dataset, held_out_examples, _draw_example)]


def _draw_example(label: str, clip: tuple[bytes, bytes]) -> None:
    _wav, picture = clip
    st.image(picture, alt=_("Example of {label}").format(label=plain_text(label)))


def held_out_examples(dataset: Dataset) -> list[tuple[str, tuple[bytes, bytes]]]:
    """Label of a few examples of the test split, each with its WAV and spectrogram."""
    return held_out(dataset, EXAMPLES, _example)


def record_input(tried: Tried, dataset: Dataset) -> list[File]:
    """A recording of one click. The browser asks for permission when somebody presses the button, not before."""
    heard = _heard_seconds(tried)
    clip = record_clip(
        f"microphone-{tried.key}", label=_("Microphone"), seconds=heard + _REACTION_SECONDS, rate_hz=SAMPLE_RATE_HZ
    )
    st.caption(
        _("The network hears the loudest {seconds} s. Your browser asks for permission; nothing is stored.").format(
            seconds=f"{heard:g}"
        )
    )
    return [(_("recording"), clip.data)] if clip else []


def _heard_seconds(tried: Tried) -> float:
    """Return the length of a clip of the network; while it is not known, that of recorded clips."""
    info = tried.info()
    return float(info.shape[0] / SAMPLE_RATE_HZ) if info else settings().recorded_clip_seconds


def _warn_of_silence(samples: np.ndarray) -> None:
    if is_silent(samples):
        st.warning(_("This recording is silent. Check the microphone."), icon=":material/mic_off:")


def upload_input(tried: Tried, dataset: Dataset) -> list[File]:
    """One or several sound files."""
    return upload(
        _("Audio clips"),
        CLIPS.endings,
        key=f"upload-sound-{tried.key}",
        words=_("One or more audio files, at most {count}. They are not stored."),
        too_many=_("{given} audio files were given; the first {most} are used, the most at once."),
    )


WAYS = {
    "record": Way(N_("Record"), ":material/mic:", record_input, made=True),
    "example": Way(
        N_("Example"),
        ":material/graphic_eq:",
        example_input,
        examples=True,
        contents=lambda dataset: [wav for _label, (wav, _picture) in held_out_examples(dataset)],
    ),
    "upload": Way(N_("Upload"), ":material/upload:", upload_input),
}
"""Ways to give a sound, in the order of display."""
