"""The colours of charts on a light and on a dark page: those of Okabe and Ito, which stay distinct under all common
forms of colour blindness."""

from dataclasses import dataclass
from typing import Literal

import streamlit as st

ThemeName = Literal["light", "dark"]


@dataclass(frozen=True)
class Theme:
    """The colours of all charts on a light or a dark page."""

    train: str
    validation: str
    best: str
    extra: tuple[str, ...]
    text: str
    grid: str
    surface: str
    heat: tuple[str, ...]


THEMES: dict[ThemeName, Theme] = {
    "light": Theme(
        train="#0072B2",
        validation="#D55E00",
        best="#009E73",
        extra=("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"),
        text="#0B0D12",
        grid="#E6E8EE",
        surface="#FFFFFF",
        heat=("#F4F7FB", "#9CC7E4", "#2E86C1", "#0B4A7A"),
    ),
    "dark": Theme(
        train="#56B4E9",
        validation="#E69F00",
        best="#2BC79A",
        extra=("#56B4E9", "#E69F00", "#2BC79A", "#E08FC0", "#F0E442", "#FF7F3F"),
        text="#E6E8EE",
        grid="#363B47",
        surface="#0B0D12",
        heat=("#161B24", "#173A57", "#1F6296", "#2A82C0"),
    ),
}


def theme_name() -> ThemeName:
    """Whether the viewer's page is light or dark."""
    return "dark" if st.context.theme.type == "dark" else "light"


def darken_words_on_primary() -> None:
    """Write dark on what is filled with the primary colour of a dark page, where Streamlit writes white.

    No colour has a contrast of 4.5 both with white and, as the text of a chosen segment, with a tint of itself on a dark page.
    """
    filled = "[data-testid^=stBase][data-testid*=utton-primary]:not(:disabled), [data-testid=stMultiSelect] [data-tag]"
    st.html(
        f"<style>:is({filled}), :is({filled}) :is(p, span, button) {{color: light-dark(#FFFFFF, {THEMES['dark'].surface})}}</style>"
    )
