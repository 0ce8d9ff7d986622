"""The audit log: filtered, and as a file."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import streamlit as st

from engine import service
from engine.audit.entries import MOST, Entry, Wanted
from engine.audit.export import FORMATS
from ui import lab
from ui.language import N_, _

_WAYS = {"page": N_("Page"), "token": N_("Token"), "command": N_("Command")}
_TITLES = {"csv": "CSV", "jsonl": "JSON Lines"}


def draw_audit() -> None:
    """Draw the filters, the newest entries that fit, and the downloads of all that fit."""
    wanted = _filters()
    found, count = service.audit.entries(lab.actor(), wanted), service.audit.count(lab.actor(), wanted)
    if not found:
        st.info(_("There is no entry. Each change that somebody makes from now on is one."))
        return
    st.dataframe(
        [_row(entry) for entry in found],
        hide_index=True,
        column_config={_("Time (UTC)"): st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")},
    )
    st.caption(_("{shown} of {count} entries, the newest first.").format(shown=f"{len(found):,}", count=f"{count:,}"))
    with st.container(horizontal=True):
        for ending, title in _TITLES.items():
            st.download_button(
                title,
                partial(_file, ending, wanted),
                file_name=f"audit.{ending}",
                icon=":material/download:",
                on_click="ignore",
                key=f"audit-{ending}",
                help=_("All entries that fit, the oldest first"),
            )


def _file(ending: str, wanted: Wanted) -> str:
    return FORMATS[ending](reversed(service.audit.entries(lab.actor(), wanted, MOST)))


def _filters() -> Wanted:
    who, action, since, until = st.columns(4)
    people = [person.name for person in service.people.list_all(lab.actor())]
    everybody, everything = _("Everybody"), _("Everything")
    name = who.selectbox(
        _("Person"),
        ["", *people],
        format_func=lambda one: one or everybody,
        accept_new_options=True,
        key="audit-who",
        help=_("What this person did, and what was done to them. A name that is no longer there can be typed."),
    )
    act = action.selectbox(
        _("Action"),
        ["", *service.audit.actions(lab.actor())],
        format_func=lambda one: one or everything,
        key="audit-action",
        help=_("The function of the service layer, as in an export"),
    )
    first = since.date_input(_("From (UTC)"), value=None, key="audit-since", help=_("Empty: from the first entry on"))
    last = until.date_input(_("To (UTC)"), value=None, key="audit-until", help=_("Including this day"))
    return Wanted(name or "", act or "", _begin(first), _begin(last + timedelta(days=1) if last else None))


def _begin(day: date | None) -> float:
    return datetime.combine(day, time(), UTC).timestamp() if day else 0.0


def _row(entry: Entry) -> dict[str, object]:
    return {
        _("Time (UTC)"): datetime.fromtimestamp(entry.at, UTC),
        _("Person"): entry.who,
        _("Role"): entry.role,
        _("By"): _(_WAYS[entry.way]),
        _("Action"): entry.action,
        _("Object"): entry.thing,
        _("Concerns"): entry.about,
        _("Details"): entry.detail,
    }
