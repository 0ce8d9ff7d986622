"""A text that was said: a sound to play, and its bands of pitch over time."""

import base64
from typing import Any

import numpy as np
import streamlit as st

from engine.modalities.audio.spectrograms import spectrogram_png
from engine.runs import Run
from ui.language import _
from ui.predictions.base import Renderer, Values, register
from ui.words import metric_text

_LOUDEST = 9


class Spoken(Renderer):
    """A sound."""

    def text(self, values: Values) -> str:
        """Its length."""
        return _("{seconds:.1f} s of speech").format(seconds=values["seconds"])

    def draw(self, values: Values, key: str) -> None:
        """A player, and the spectrogram that the network made."""
        if not values["mp3"]:
            st.info(_("There is nothing to say. Type a text."), icon=":material/text_fields:")
            return
        st.audio(base64.b64decode(values["mp3"]), format="audio/mpeg")
        st.image(_picture(values), alt=_("Spectrogram of the sound: pitch upwards, time to the right"), width="stretch")
        st.caption(
            _("The network draws this spectrogram; the sound is found from it by the method of Griffin and Lim.")
        )

    def probe_sound(self, values: Values) -> str:
        """The sound."""
        return f"data:audio/mpeg;base64,{values['mp3']}" if values["mp3"] else ""

    def row(self, values: Values) -> dict[str, Any]:
        """Its length, and the sound as a file in base64."""
        return {"seconds": values["seconds"], "mp3": values["mp3"]}

    def shown(self, row: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]  # of these cells
        """The length alone: a table cannot play sounds."""
        return {name: cell for name, cell in row.items() if name != "mp3"} | {"mp3": ""}

    def columns(self) -> dict[str, Any]:
        """Seconds, and where the sound is."""
        return {
            "seconds": st.column_config.NumberColumn(_("Seconds"), format="%.2f"),
            "mp3": st.column_config.TextColumn(_("MP3"), help=_("In the downloads, in base64.")),
        }

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """How much of the true recordings the judge understands."""
        if (share := evaluated.get("understood_true")) is not None:
            words = _(
                "Understood by whom: a small recogniser that was learned from the true recordings of the training split. Of the "
                "true recordings of this split it understands {share}: a network cannot be expected to be understood better than "
                "clear speech, and clear is not the same as natural."
            )
            st.caption(words.format(share=metric_text("understood", float(share))))


register("spoken", Spoken())


def _picture(values: Values) -> bytes:
    levels = np.array([[int(level) for level in frame] for frame in values["bands"]], float)
    return spectrogram_png(levels / _LOUDEST)
