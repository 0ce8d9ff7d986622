"""What is being labelled, and the form that begins another labelling."""

import re
from collections.abc import Sequence

import streamlit as st

from engine import service
from engine.access import Action
from engine.errors import TrainyardError
from engine.imports.own_kinds import own_kind
from engine.imports.sets import LONGEST_TITLE, OwnSet, Problem
from engine.readers.images import ENDINGS
from engine.service.labellings import KINDS
from engine.settings import settings
from ui import lab
from ui.labelling.address import FROM, LABELLING
from ui.language import N_, _
from ui.navigation import open_here
from ui.plain import plain_label, plain_text
from ui.rights import may

PROBLEMS = "label.problems"
"""Of the session: what could not be used of the last files of each labelling, by its number."""
_SOURCES = {"files": N_("Files"), "dataset": N_("A dataset")}
_GOALS = {True: N_("Boxes around things"), False: N_("A class for each picture")}


def draw_labellings() -> None:
    """One's labellings, each with how far it is."""
    found = service.labellings.list_all(lab.actor())
    if not found:
        return
    st.header(_("Your labellings"))
    for one in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain_label(one.title)}**", width="content")
            words = _("{goal}: {done:,} of {count:,} labelled")
            goal = _(_GOALS[own_kind(one.kind).boxed])
            st.caption(words.format(goal=goal, done=one.num_done, count=one.num_pictures), width="stretch")
            st.button(
                _("Continue"),
                icon=":material/arrow_forward:",
                on_click=open_here,
                args=({LABELLING: str(one.id)},),
                key=f"label.open-{one.id}",
                help=_("Go on labelling."),
            )


def draw_beginning() -> None:
    """The form of a new labelling."""
    st.header(_("New labelling"))
    sets = [own for own in service.datasets.list_own(lab.actor()) if own.kind in KINDS and may(Action.CHANGE, own)]
    asked = st.query_params.get(FROM, "")
    begin = next((own for own in sets if own.reference == asked), None)
    with st.container(border=True):
        source = st.segmented_control(
            _("Pictures from"),
            list(_SOURCES),
            default="dataset" if begin else "files",
            required=True,
            format_func=lambda name: _(_SOURCES[name]),
            key="label.source",
            help=_("Your own files, or the pictures of a dataset that you have imported."),
        )
        own = _draw_sets(sets, begin) if source == "dataset" else None
        files = draw_files("label.files") if source == "files" else []
        kind = _draw_goal(own)
        with st.container(horizontal=True):
            title = st.text_input(
                _("Title"),
                value=own.title if own else _("My pictures"),
                max_chars=LONGEST_TITLE,
                key=f"label.title-{own.reference if own else ''}",
                help=_("Title of the dataset. The title of an existing dataset makes a new version of it."),
            )
            classes = st.text_input(
                _("Classes"),
                key="label.classes",
                placeholder=_("cup, spoon"),
                help=_("Names between commas. More can be added later, and all can be renamed."),
            )
        ready = bool(files) or own is not None
        if st.button(
            _("Begin labelling"),
            type="primary",
            icon=":material/label:",
            disabled=not ready,
            key="label.begin",
            help=_("Open the pictures; each is stored as it will be in the dataset."),
        ):
            with lab.guarded():
                _begin(kind, title, classes, own, files)


def _draw_sets(sets: Sequence[OwnSet], begin: OwnSet | None) -> OwnSet | None:
    if not sets:
        st.info(_("You have imported no pictures yet. Choose files."), icon=":material/info:")
        return None
    by_name = {own.reference: own for own in sets}
    chosen = st.selectbox(
        _("Dataset"),
        list(by_name),
        index=list(by_name).index(begin.reference) if begin else 0,
        format_func=lambda name: plain_text(f"{by_name[name].title} ({name})"),
        key="label.set",
        help=_(
            "Its pictures, with the boxes or classes that they have. The dataset stays as it is: a new version is made."
        ),
    )
    return by_name[chosen]


def draw_files(key: str) -> list[tuple[str, bytes]]:
    """Ask for pictures, or zips of them; return name and content of each file."""
    found = st.file_uploader(
        _("Pictures"),
        type=["zip", *(ending.lstrip(".") for ending in ENDINGS)],
        accept_multiple_files=True,
        max_upload_size=settings().max_upload_mb,
        key=key,
        help=_("Pictures, or zips of them: at most {count:,}.").format(count=settings().max_labelling_pictures),
    )
    return [(file.name, file.getvalue()) for file in found]


def _draw_goal(own: OwnSet | None) -> str:
    """Return the kind of the dataset: what there is already, unless somebody wants the other."""
    by_goal = {own_kind(name).boxed: name for name in KINDS}
    boxed = st.segmented_control(
        _("Kind of labels"),
        list(_GOALS),
        default=own_kind(own.kind).boxed if own else True,
        required=True,
        format_func=lambda boxed: _(_GOALS[boxed]),
        key=f"label.goal-{own.reference if own else ''}",
        help=_("Boxes are for object detection, classes for image classification."),
    )
    return by_goal[boxed]


def _begin(kind: str, title: str, classes: str, own: OwnSet | None, files: list[tuple[str, bytes]]) -> None:
    names = [name for name in re.split(r"[,，、;；\n]", classes) if name.strip()]
    with st.spinner(_("Opening the pictures…"), show_time=True):
        made = service.labellings.begin(lab.actor(), kind, title, names, own.reference if own else "")
        try:
            add_files(made.id, files)
        except TrainyardError:
            if service.labellings.get(lab.actor(), made.id).num_pictures == 0:
                service.labellings.delete(lab.actor(), made.id)  # nothing came of it
            raise
    open_here({LABELLING: str(made.id)})
    st.rerun()


def add_files(labelling_id: int, files: list[tuple[str, bytes]]) -> None:
    """Add pictures, and leave in the session what could not be used."""
    if not files:
        return
    bar = st.progress(0.0, _("Opening the pictures…"))

    def show(done: int, total: int) -> None:
        words = _("Opened {done:,} of {total:,} pictures…")
        bar.progress(done / max(total, 1), words.format(done=done, total=total))

    problems: dict[int, list[Problem]] = st.session_state.setdefault(PROBLEMS, {})
    problems[labelling_id] = service.labellings.add(lab.actor(), lab.predictor(), labelling_id, files, show)
