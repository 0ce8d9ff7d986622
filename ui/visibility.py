"""Who can see a run, a study or a dataset: its owner's choice, on its page. Nothing of it is drawn in local mode."""

from collections.abc import Callable

import streamlit as st

from engine.access import Action, Owned, Visibility
from engine.imports.own_kinds import kind_of_dataset
from engine.settings import settings
from ui import lab
from ui.language import N_, _
from ui.rights import may

Change = Callable[[Visibility, bool], object]
"""Writes the choice; the second value confirms that examples of own data may be seen."""

_LABELS = {
    Visibility.PRIVATE: (N_("Private"), N_("Only you and the admins."), ":material/lock:"),
    Visibility.SHARED: (N_("Everyone here can look"), N_("People who are logged in can look at it."), ":material/group:"),
    Visibility.PUBLISHED: (
        N_("Published"),
        N_("Everybody who reaches this server can look at it and use it, without a login."),
        ":material/public:",
    ),
}  # fmt: skip


def draw_visibility(thing: Owned, key: str, dataset: str, change: Change) -> None:
    """Draw the popover, for its owner and the admins. `dataset`: name of the dataset of a run or a study, otherwise empty."""
    if settings().mode == "local" or not may(Action.CHANGE, thing):
        return
    label, _help, icon = _LABELS[thing.visibility]
    with st.popover(_(label), icon=icon, help=_("Who can see this"), key=f"visibility-{key}"):
        chosen = st.radio(
            _("Who can see this"),
            list(_LABELS),
            index=list(_LABELS).index(thing.visibility),
            format_func=lambda one: _(_LABELS[one][0]),
            captions=[_(words) for _label, words, _icon in _LABELS.values()],
            key=f"visibility-{key}-choice",
        )
        examples = False
        if chosen is not Visibility.PRIVATE and kind_of_dataset(dataset) is not None:
            examples = st.checkbox(
                _("Examples of my data may be seen"),
                key=f"visibility-{key}-examples",
                help=_(
                    "Its mistakes, its report and the Demo page show some examples of the data that it was trained on."
                ),
            )
        if st.button(_("Save"), type="primary", icon=":material/save:", key=f"visibility-{key}-save"):
            with lab.guarded():
                change(chosen, examples)
                st.rerun()
