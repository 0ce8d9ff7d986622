"""A text that a network wrote: token by token, with what it might have written instead."""

from html import escape
from typing import Any

import streamlit as st

from engine.runs import Run
from ui.language import _
from ui.plain import plain_text
from ui.predictions.base import Renderer, Values, register
from ui.predictions.tokens import coloured
from ui.widgets.tiles import Verdict

_TILE_CHARACTERS = 120


class Generated(Renderer):
    """A text after its prompt."""

    def text(self, values: Values) -> str:
        """As it was written, on one line."""
        return " ".join(str(values["text"]).split())

    def draw(self, values: Values, key: str) -> None:
        """The text; a token is the darker, the surer the network was, and tells on hover what else was likely."""
        if not values["tokens"]:
            st.caption(_("The network ended the text at once. Give it another beginning, or a higher temperature."))
            return
        st.html(coloured(values["tokens"]))
        st.caption(
            _(
                "The stronger the ground of a token, the surer the network was. Point at a token to see what else was likely."
            )
        )

    def probe(self, values: Values, truth: str) -> tuple[str, Verdict]:
        """Its beginning."""
        text = self.text(values)
        return text if len(text) <= _TILE_CHARACTERS else f"{text[:_TILE_CHARACTERS].rstrip()} …", ""

    def row(self, values: Values) -> dict[str, Any]:
        """The text."""
        return {"generated": str(values["text"])}

    def columns(self) -> dict[str, Any]:
        """A wide column."""
        words = _("What the network wrote after the prompt.")
        return {"generated": st.column_config.TextColumn(_("Generated text"), help=words, width="large")}

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """Some texts that it wrote from nothing."""
        if not (samples := evaluated.get("samples")):
            return
        st.subheader(_("Generated texts"))
        words = _("Written without a prompt, with the default settings of an answer. {share:.1%} of {lines:,} lines stand "
                  "in the training split as they are.")  # fmt: skip
        copied = evaluated["metrics"].get("copied")
        if copied is not None:
            st.caption(words.format(share=copied, lines=evaluated["lines"]))
        st.html(
            "".join(
                f'<p dir="auto" style="overflow-wrap:anywhere">{escape(plain_text(text, 1_000))}</p>'
                for text in samples
            )
        )


register("generated", Generated())
