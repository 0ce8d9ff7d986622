"""What limits me: what may still be used, by whoever looks. Nothing of it is drawn in local mode."""

import math
import time
from collections.abc import Sequence

import streamlit as st

from engine import service
from engine.limits.allowances import Allowance, strictest
from engine.limits.rates import wait_words
from engine.settings import settings
from ui import lab
from ui.language import N_, _
from ui.plain import plain_label
from ui.sentences import said_plain

_STRICTEST = N_("Of several limits of one kind this one is reached first.")


def draw_limits_popover(demo: str, key: str) -> None:
    """Draw a button that shows what limits predictions with a demo or a run."""
    if settings().mode == "local":
        return
    help_ = _("What you may still use here, and when there is more")
    with st.popover(
        _("What limits me"),
        icon=":material/speed:",
        type="tertiary",
        help=help_,
        key=f"limits-{key}",
        on_change="rerun",
    ) as popover:
        if popover.open:
            with lab.guarded():
                _draw_lines(service.limits.list_all(lab.actor(), demo))


def draw_limits(demo: str = "", key: str = "all") -> None:
    """Draw a table of all limits."""
    with lab.guarded():
        rows = service.limits.list_all(lab.actor(), demo)
        if not rows:
            st.caption(_("Nothing limits you here."))
            return
        marked = strictest(rows)
        st.dataframe(
            [_row(row, position in marked) for position, row in enumerate(rows)],
            hide_index=True,
            column_config={
                _("Strictest"): st.column_config.CheckboxColumn(help=_(_STRICTEST)),
                _("Held"): st.column_config.NumberColumn(help=_("Set aside for runs that wait or train.")),
                _("All back"): st.column_config.TextColumn(help=_("When all of it is there again.")),
            },
            key=f"limits-table-{key}",
        )


def _draw_lines(rows: Sequence[Allowance]) -> None:
    """Draw one line for each limit, as fits beside a demo."""
    marked = strictest(rows)
    for position, row in enumerate(rows):
        words = _("{name}: {left} of {total} {unit} left.").format(
            name=said_plain(row.name),
            left=f"{_number(row.left):,}",
            total=f"{_number(row.total):,}",
            unit=said_plain(row.unit),
        )
        icon = ":material/arrow_right_alt: " if position in marked else ""
        st.markdown(icon + plain_label(words), help=_(_STRICTEST) if position in marked else None)
        if row.resets_at is not None:
            st.caption(_("All back {when}.").format(when=_back(row.resets_at)))


def _row(row: Allowance, marked: bool) -> dict[str, object]:
    return {
        _("Left"): _number(row.left),  # first: a telephone shows no more than two columns
        _("Limit"): said_plain(row.name),
        _("Strictest"): marked,
        _("Used"): _number(row.used),
        _("Held"): _number(row.held),
        _("Unit"): said_plain(row.unit),
        _("All back"): _back(row.resets_at),
    }


def _number(value: float) -> float:
    return round(value, 1) if value % 1 else int(value)


def _back(resets_at: float | None) -> str:
    seconds = math.ceil(resets_at - time.time()) if resets_at is not None else 0
    return said_plain(wait_words(seconds)) if seconds > 0 else "–"
