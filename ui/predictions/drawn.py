"""Pictures that a network made: side by side, with their way from noise."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import streamlit as st
from PIL import Image

from engine.runs import Run
from ui.charts.thumbnails import data_url, png
from ui.language import _, plural
from ui.plain import plain_label, plain_text
from ui.predictions.base import Renderer, Values, register
from ui.widgets.tiles import Verdict
from ui.words import metric_text

_IN_ROW, _GAP, _CELL, _MAP_CELL = 4, 2, 96, 32
_SHOWN_WIDTH, _STRIP_WIDTH, _AGAIN_WIDTH, _MAP_WIDTH = 440, 330, 560, 560


class Drawn(Renderer):
    """Some pictures of a class."""

    def text(self, values: Values) -> str:
        """How many there are, and of what."""
        words = plural("{count} picture: {name}", "{count} pictures: {name}", len(values["pictures"]))
        return words.format(count=len(values["pictures"]), name=self._asked(values))

    def _asked(self, values: Values) -> str:
        return self.called(str(values["label"])) if values["label"] else _("Any")

    def draw(self, values: Values, key: str) -> None:
        """All pictures, a slider over their way from noise, and a download."""
        _draw_way(self._asked(values), self._recognised(values), values, key)

    def _recognised(self, values: Values) -> str:
        """What the judge sees."""
        seen = [str(one) for one in values["seen_as"]]
        if not values["label"]:
            return _("A small classifier of true pictures sees: {names}.").format(
                names=", ".join(plain_label(self.called(one)) for one in seen)
            )
        right = sum(one == values["label"] for one in seen)
        return plural(
            "A small classifier of true pictures recognises the class in {right} of {count} picture.",
            "A small classifier of true pictures recognises the class in {right} of {count} pictures.",
            len(seen),
        ).format(right=right, count=len(seen))

    def probe(self, values: Values, truth: str) -> tuple[str, Verdict]:
        """The class that was asked for, and whether it is recognised."""
        seen = values["seen_as"]
        right = bool(seen) and seen[0] == values["label"]
        return self._asked(values), ("right" if right else "wrong") if values["label"] else ""

    def probe_picture(self, values: Values, picture: str) -> str:
        """The first picture."""
        return data_url(base64.b64decode(values["pictures"][0])) or ""

    def row(self, values: Values) -> dict[str, Any]:
        """What is seen in the pictures, and all of them in one file in base64."""
        sheet = png(_sheet(_opened(values["pictures"]), len(values["pictures"])))
        return {"seen_as": ", ".join(map(str, values["seen_as"])), "pictures": base64.b64encode(sheet).decode()}

    def shown(self, row: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]  # of these cells
        """The pictures as a picture."""
        made = row.get("pictures")
        return row | {"pictures": f"data:image/png;base64,{made}" if isinstance(made, str) else None}

    def columns(self) -> dict[str, Any]:
        """A wide column of pictures."""
        return {
            "pictures": st.column_config.ImageColumn(_("Pictures"), width="large"),
            "seen_as": st.column_config.TextColumn(
                _("Recognised as"), help=_("What a small classifier of true pictures sees in each.")
            ),
        }

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """Who judges, and pictures of each class beside the most similar ones of the training split."""
        if (worth := evaluated.get("judge_accuracy")) is not None:
            words = _(
                "Recognised by whom: a small classifier that was learned from the true pictures of the training split. Of the true "
                "pictures of this split it classifies {share} correctly. In its features the Fréchet distance is measured, from {made} "
                "made pictures; between true pictures of the training and of this split it would be near {true}."
            )
            true = evaluated.get("frechet_true")
            st.caption(
                words.format(
                    share=metric_text("recognised", float(worth)),
                    made=evaluated.get("made", 0),
                    true="–" if true is None else metric_text("frechet", float(true)),
                )
            )
        _draw_again(evaluated)
        if not (samples := evaluated.get("samples")):
            return
        st.subheader(_("Made pictures"))
        st.caption(
            _(
                "Left: what the network makes. Right: for each, the most similar picture of the training split. Were they the same, the "
                "network would copy."
            )
        )
        for one in samples:
            name = self.called(str(one["label"]))
            st.markdown(f"**{plain_label(name)}**")
            made, known = st.columns(2)
            for place, pictures, alt in (
                (made, one["pictures"], _("Made pictures of {name}")),
                (known, one["nearest"], _("The most similar training pictures: {name}")),
            ):
                place.image(
                    png(_sheet(_opened(pictures), len(pictures))),
                    width=_STRIP_WIDTH,
                    alt=alt.format(name=plain_text(name)),
                )


register("drawn", Drawn())


@st.fragment
def _draw_way(asked: str, recognised: str, values: Values, key: str) -> None:
    """The pictures at a moment that a slider chooses: nothing is computed again."""
    if values.get("columns"):
        _draw_map(asked, values, key)
        return
    moments = [_strip(moment, len(values["pictures"])) for moment in values["way"]] or [_opened(values["pictures"])]
    last = len(moments) - 1
    between = bool(values.get("between"))
    place = st.container()
    chosen = last
    if last:
        chosen = st.slider(
            _("From the other seed to this one") if between else _("From noise to picture"),
            0,
            last,
            last,
            format=f"%d / {last}",
            key=f"{key}-way",
            help=_("Drag it to the left: each picture turns into one of the other seed.")
            if between
            else _("Drag it to the left to see how the pictures came about."),
        )
    sheet = png(_sheet(moments[chosen], _IN_ROW))
    with place:
        st.image(sheet, width=_SHOWN_WIDTH, alt=_("Made pictures of {name}").format(name=plain_text(asked)))
        if chosen == last:
            st.caption(recognised)
    _draw_download(sheet, key)


def _draw_map(asked: str, values: Values, key: str) -> None:
    """Pictures at the places of a grid."""
    sheet = png(_sheet(_opened(values["pictures"]), values["columns"], _MAP_CELL))
    st.image(sheet, width=_MAP_WIDTH, alt=_("Map of the latent space: {name}").format(name=plain_text(asked)))
    st.caption(
        _(
            "One latent number grows from left to right, another one from bottom to top; all others are 0. The places are as dense as the "
            "network expects pictures there."
        )
    )
    _draw_download(sheet, key)


def _draw_download(sheet: bytes, key: str) -> None:
    st.download_button(
        _("Download as PNG"),
        sheet,
        file_name="pictures.png",
        mime="image/png",
        icon=":material/download:",
        on_click="ignore",
        help=_("All pictures as one."),
        key=f"{key}-png",
    )


def _draw_again(evaluated: Values) -> None:
    """Pictures of a split above what the network makes of them again."""
    if not (originals := evaluated.get("originals")):
        return
    st.subheader(_("Reconstructions"))
    st.caption(
        _(
            "Above: pictures of this split, which the network has not learned from. Below: what it makes of the few numbers that it keeps "
            "of each. What is missing there it cannot make either."
        )
    )
    sheet = _sheet(_opened([*originals, *evaluated["again"]]), len(originals))
    st.image(png(sheet), width=_AGAIN_WIDTH, alt=_("True pictures above, reconstructions below"))


def _opened(pictures: Sequence[str]) -> list[Image.Image]:
    """PNGs in base64, which the network made."""
    return [Image.open(io.BytesIO(base64.b64decode(picture)), formats=["PNG"]) for picture in pictures]


def _strip(moment: str, count: int) -> list[Image.Image]:
    """Pictures that lie side by side in one."""
    [whole] = _opened([moment])
    width = whole.width // count
    return [whole.crop((place * width, 0, (place + 1) * width, whole.height)) for place in range(count)]


def _sheet(pictures: Sequence[Image.Image], in_row: int, side: int = _CELL) -> Image.Image:
    """Pictures in rows, few pixels as sharp squares, on a transparent ground."""
    in_row = min(in_row, len(pictures))
    width, height = pictures[0].size
    factor = max(1, round(side / max(width, height)))
    cell = (width * factor, height * factor)
    rows = -(-len(pictures) // in_row)
    sheet = Image.new("RGBA", (in_row * (cell[0] + _GAP) - _GAP, rows * (cell[1] + _GAP) - _GAP))
    for place, picture in enumerate(pictures):
        across, down = place % in_row, place // in_row
        large = picture.convert("RGB").resize(cell, Image.Resampling.NEAREST)
        sheet.paste(large, (across * (cell[0] + _GAP), down * (cell[1] + _GAP)))
    return sheet
