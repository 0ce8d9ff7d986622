"""What the network sees of an input, beside its answer: the prepared picture, the tokens, the scaled row."""

import io
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from PIL import Image

from engine.errors import TrainyardError
from engine.modalities.seen import Seen
from engine.readers.spreadsheets import plain_frame
from ui.charts.thumbnails import png
from ui.language import _
from ui.modalities import File
from ui.modalities.base import Tried
from ui.plain import plain_label
from ui.sentences import said

_PIXELS = 112
_MOST_WORDS = 300
_ICON = ":material/visibility:"


def draw_seen(tried: Tried, file: File) -> None:
    """Draw what becomes of a file in front of the first weights; where that is not known, a sentence that says why."""
    try:
        found = tried.seen(file)
    except TrainyardError as error:
        st.caption(_("What the network sees cannot be shown. {reason}").format(reason=said(error)))
        return
    for seen in found:
        if seen.picture:
            _draw_picture(seen.picture)
        if seen.words:
            _draw_words(seen.words)
        if seen.numbers:
            _draw_numbers(seen)


def _draw_picture(data: bytes) -> None:
    """Draw few pixels as sharp squares."""
    image = Image.open(io.BytesIO(data))
    width, height = image.size
    factor = -(-2 * _PIXELS // max(width, height))
    sharp = image.resize((factor * width, factor * height), Image.Resampling.NEAREST) if factor > 1 else image
    words = _("What the network sees: {width} × {height}").format(width=width, height=height)
    st.image(png(sharp), width=min(2 * _PIXELS, max(_PIXELS, 4 * width)), caption=words, alt=words)


def _draw_words(words: Sequence[str]) -> None:
    """Draw tokens in order; those outside the vocabulary are all the same to the network."""
    unknown = sum(1 for word in words if not word)
    title = _("What the network sees: {count:,} tokens, {unknown:,} unknown").format(count=len(words), unknown=unknown)
    with st.expander(title, icon=_ICON):
        drawn = [f":gray-badge[{plain_label(word)}]" if word else ":orange-badge[?]" for word in words[:_MOST_WORDS]]
        st.markdown(" ".join(drawn))
        if len(words) > _MOST_WORDS:
            st.caption(_("Only the first {count} are shown.").format(count=_MOST_WORDS))


def _draw_numbers(seen: Seen) -> None:
    """Draw each number with its column, and the category or the gap that it stands for."""
    title = _("What the network sees: {count:,} numbers").format(count=len(seen.numbers))
    with st.expander(title, icon=_ICON):
        rows = [
            {"column": column, "category": _("missing") if category == "" else category, "value": value}
            for column, category, value in seen.numbers
        ]
        st.dataframe(
            plain_frame(pd.DataFrame(rows)),
            hide_index=True,
            alt=title,
            column_config={
                "column": st.column_config.TextColumn(_("Column")),
                "category": st.column_config.TextColumn(
                    _("Category"),
                    help=_(
                        "Each category has a number of its own: 1 for the category of this row; zeros are left out."
                    ),
                ),
                "value": st.column_config.NumberColumn(
                    _("Value"),
                    format="%.3f",
                    help=_("Columns of numbers in standard deviations from the mean of the training data."),
                ),
            },
        )
