"""Beside the picture: the classes, more pictures, and the dataset that is made."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.artifacts import check_free_disk
from engine.errors import TrainyardError
from engine.imports.own_kinds import own_kind
from engine.imports.sets import LONGEST_TITLE, ImportReport
from engine.service.labellings import LONGEST_CLASS
from engine.settings import settings
from ui import lab
from ui.data.list import browse_query, train_query
from ui.data.problems import draw_problems
from ui.labelling.beginning import PROBLEMS, add_files, draw_files
from ui.labelling.proposing import draw_proposer
from ui.language import N_, _, plural
from ui.navigation import open_here, page
from ui.plain import plain_label
from ui.sentences import said

if TYPE_CHECKING:
    from engine.store.labellings import Labelling

_DONE, _PROBLEM, _ADDED, _NAMED = "label.done", "label.problem", "label.added", "label.named"
_WAYS = {"files": N_("Files"), "camera": N_("Camera")}


def draw_side(labelling: "Labelling") -> None:
    """All of it."""
    _draw_classes(labelling)
    if own_kind(labelling.kind).boxed:
        draw_proposer(labelling)
    _draw_add(labelling)
    _draw_make(labelling)


def draw_made() -> None:
    """Say which dataset was made last in this session, and what to do with it."""
    report: ImportReport | None = st.session_state.get(_DONE)
    if report is None:
        return
    made = report.made
    words = _("{count} pictures are now the dataset '{name}'.")
    st.success(words.format(count=f"{made.num_examples:,}", name=made.reference), icon=":material/check:")
    with st.container(horizontal=True):
        st.page_link(
            page("train"), label=_("Train on it"), icon=":material/model_training:", query_params=train_query(made)
        )
        st.page_link(page("data"), label=_("Explore it"), icon=":material/database:", query_params=browse_query(made))
    draw_problems(report.problems, "label.report")


# -- classes -----------------------------------------------------------------------------------------------------------


def _draw_classes(labelling: "Labelling") -> None:
    count = st.session_state.setdefault(_NAMED, 0)
    new = f"label.new-{labelling.id}-{count}"
    st.text_input(
        _("New class"),
        key=new,
        max_chars=LONGEST_CLASS,
        placeholder=_("Name, then Enter"),
        on_change=lambda: _name(labelling, None, st.session_state[new]),
        help=_("Up to {most} classes; the first nine have keys.").format(most=settings().max_labelling_classes),
    )
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(said(problem), icon=":material/error:")
    if not labelling.classes:
        return
    with st.popover(_("Rename classes"), icon=":material/edit:", help=_("Boxes keep their class under its new name.")):
        for index, name in enumerate(labelling.classes):
            key = f"label.class-{labelling.id}-{index}-{count}"
            st.text_input(
                _("Class {number}").format(number=index + 1),
                value=name,
                key=key,
                max_chars=LONGEST_CLASS,
                on_change=_renaming(labelling, index, key),
            )


def _renaming(labelling: "Labelling", index: int, key: str) -> Callable[[], None]:
    def rename() -> None:
        _name(labelling, index, st.session_state[key])

    return rename


def _name(labelling: "Labelling", index: int | None, name: str) -> None:
    """Rename a class, or add one: to those that are stored now, since another window may have added some."""
    st.session_state[_NAMED] += 1  # the next widgets are new, and show what is stored
    try:
        names = [*service.labellings.get(lab.actor(), labelling.id).classes]
        at = len(names) if index is None else index
        names[at : at + 1] = [name]
        service.labellings.name_classes(lab.actor(), labelling.id, names)
    except TrainyardError as error:
        st.session_state[_PROBLEM] = error.sentence


# -- pictures ----------------------------------------------------------------------------------------------------------


def _draw_add(labelling: "Labelling") -> None:
    count = st.session_state.setdefault(_ADDED, 0)
    with st.popover(
        _("Add pictures"), icon=":material/add_photo_alternate:", help=_("From files, or with the camera.")
    ):
        way = st.segmented_control(
            _("From"),
            list(_WAYS),
            default="files",
            required=True,
            format_func=lambda name: _(_WAYS[name]),
            key="label.way",
            help=_("The browser asks before the camera is turned on."),
        )
        given = _given(labelling, way, count)
        if given and st.button(
            _("Add"), icon=":material/add:", key=f"label.add-{labelling.id}", help=_("Add them at the end.")
        ):
            with lab.guarded():
                st.session_state[_ADDED] += 1
                add_files(labelling.id, given)
                st.rerun()
    draw_problems(st.session_state.get(PROBLEMS, {}).get(labelling.id, ()), "label.problems")


def _given(labelling: "Labelling", way: str, count: int) -> list[tuple[str, bytes]]:
    """The files that are chosen, or the photo that was taken."""
    key = f"label.{way}-{labelling.id}-{count}"
    if way == "camera":
        photo = st.camera_input(_("Camera"), key=key, help=_("Each photo is one picture."))
        return [(photo.name, photo.getvalue())] if photo else []
    return draw_files(key)


# -- the dataset -------------------------------------------------------------------------------------------------------


def _draw_make(labelling: "Labelling") -> None:
    title = st.text_input(
        _("Title"),
        value=labelling.title,
        max_chars=LONGEST_TITLE,
        key=f"label.make-title-{labelling.id}",
        help=_("Title of the dataset. The title of an existing dataset makes a new version of it."),
    )
    done = labelling.num_done
    left_out = labelling.num_pictures - done
    if left_out:
        words = plural(
            "{count} picture without a label is left out.", "{count} pictures without a label are left out.", left_out
        )
        st.caption(words.format(count=f"{left_out:,}"))
    if st.button(
        _("Make dataset"),
        type="primary",
        icon=":material/dataset:",
        disabled=not done,
        key="label.make",
        help=_("From all labelled pictures. You can go on labelling, and make the next version later."),
    ):
        with lab.guarded():
            check_free_disk()
            st.session_state[_DONE] = _make(labelling, title)
            st.rerun()
    with st.popover(_("Delete"), icon=":material/delete:"):
        sure = st.checkbox(_("Delete '{name}' for good").format(name=plain_label(labelling.title)), key="label.sure")
        if st.button(_("Delete for good"), type="primary", disabled=not sure, key="label.delete"):
            with lab.guarded():
                service.labellings.delete(lab.actor(), labelling.id)
                open_here({})
                st.rerun()


def _make(labelling: "Labelling", title: str) -> ImportReport:
    bar = st.progress(0.0, _("Importing…"))

    def show(done: int, total: int) -> None:
        bar.progress(done / max(total, 1), _("Importing {done} of {total}…").format(done=done, total=total))

    return service.labellings.make(lab.actor(), labelling.id, title, show, importer=lab.importer())
