"""The name, tags and note of a run or a study at the head of its page, and the popover that edits them."""

from collections.abc import Callable, Iterable

import streamlit as st

from engine.naming import Naming
from engine.runs import Run
from engine.settings import settings
from engine.studies import Study
from ui import lab
from ui.language import _
from ui.plain import plain_label


def draw_naming(thing: Run | Study, known_tags: Iterable[str], change: Callable[[Naming], object]) -> None:
    """The popover; `change` writes what was entered. What people enter is plain text everywhere."""
    limits, key = settings(), f"{type(thing).__name__}-{thing.id}"
    with st.popover(
        _("Name"), icon=":material/edit:", help=_("Give it a name, tags and a note: lists show them, and the search finds them.")
    ), st.form(key=f"naming-{key}", border=False):  # fmt: skip
        name = st.text_input(_("Name"), thing.name, max_chars=limits.max_name_characters, key=f"name-{key}")
        tags = st.multiselect(
            _("Tags"),
            list(dict.fromkeys([*thing.tags, *known_tags])),
            default=list(thing.tags),
            accept_new_options=True,
            max_selections=limits.max_tags,
            key=f"tags-{key}",
            placeholder=_("Choose tags, or type a new one"),
        )
        note = st.text_area(_("Note"), thing.note, max_chars=limits.max_note_characters, key=f"note-{key}")
        if st.form_submit_button(_("Save"), type="primary", icon=":material/save:"):
            with lab.guarded():
                change(Naming(name, note, tuple(tags)))
                st.rerun()


def draw_note(thing: Run | Study) -> None:
    """Tags and note, where there are any."""
    if thing.tags:
        with st.container(horizontal=True, gap="xsmall"):
            for tag in thing.tags:
                st.badge(plain_label(tag), icon=":material/label:", color="gray")
    if thing.note:
        st.text(thing.note)
