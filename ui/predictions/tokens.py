"""Tokens that a network wrote, each on a ground that says how sure it was."""

from collections.abc import Sequence
from html import escape
from typing import Any

from ui.language import _

_LEAST_SHARE, _SHADE = 0.02, 0.45  # of the strongest ground a token can have
_END = "\N{BLACK SQUARE FOR STOP}"
STYLE = "font-size:1.25rem;line-height:1.9;white-space:pre-wrap;overflow-wrap:anywhere"


def coloured(tokens: Sequence[dict[str, Any]]) -> str:
    """Return HTML of the text; a token is the darker, the surer the network was, and tells on hover what else was likely."""
    return f'<div dir="auto" style="{STYLE}">{"".join(map(_token, tokens))}</div>'


def _token(told: dict[str, Any]) -> str:
    shares = {told["text"]: told["probability"]} | told["others"]
    lines = [f"{_shown(token)}  {share:.1%}" for token, share in shares.items()]
    ground = round(_SHADE * max(_LEAST_SHARE, told["probability"]), 3)
    return (
        f'<span title="{escape(chr(10).join(lines))}" style="background:rgba(76,120,168,{ground});border-radius:3px">'
        f"{escape(told['text'])}</span>"
    )


def _shown(token: str) -> str:
    return _("the end") if token == _END else repr(token)[1:-1] if token.strip() else repr(token)
