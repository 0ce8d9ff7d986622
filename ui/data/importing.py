"""The form that imports data of one's own: what was understood is shown, and can be put right, before it is kept."""

from typing import Any

import streamlit as st

from engine import service
from engine.artifacts import check_free_disk
from engine.errors import TrainyardError
from engine.imports.own_kinds import free_endings
from engine.imports.sets import ImportReport
from engine.imports.understood import Choice, Reading, Understood
from engine.readers.kinds import TABLE_ENDINGS
from engine.readers.layout import Layout
from engine.settings import settings
from ui import lab
from ui.data.import_choice import Seen, draw_choice
from ui.data.import_files import draw_reading, same_reading
from ui.data.import_table import LAYOUT
from ui.data.list import browse_query, train_query
from ui.data.problems import draw_problems
from ui.document_scripts import declare, run_script
from ui.language import _
from ui.navigation import open_here, page
from ui.plain import plain_label
from ui.sentences import said

_SEEN, _AGAIN = "own.seen", "own.again"  # the state of an import that is not done yet
_INTO_VIEW = [
    declare(f"document.querySelector('[data-testid=stMain]').scrollTo(0, 0); // made {number}\n") for number in range(4)
]
"""The same script several times: Streamlit runs a text that has changed."""
DONE, _UPLOADS, _BROUGHT = "own.done", "own.uploads", "own.brought"
"""Of the session: the report of the last import, and how many there were."""


def draw_import() -> None:
    """Take a file, show what it is understood as, and import it."""
    lab.importer().warm()
    with st.container(border=True):
        st.caption(
            _(
                "A zip with a folder for each class (images, audio clips or text files), a zip of pictures with boxes (COCO JSON, "
                "Pascal VOC XML or YOLO), a table (CSV, TSV, JSON, JSONL, Parquet or TMX), or texts to learn to write from: one "
                "text file, or a zip of them. Nothing is stored before you press Import, and the uploaded file itself is never "
                "stored."
            )
        )
        file = draw_upload(f"own.file-{st.session_state.get(_UPLOADS, 0)}") or _brought()
        if file is None:
            st.session_state.pop(_SEEN, None)
            return
        st.session_state.pop(DONE, None)
        seen = _look(file)
        if seen.found is None:
            st.error(said(seen.error), icon=":material/error:")
            return
        if not seen.found.from_table:
            seen = _look_again(file, seen, seen.found)
        if seen.found is None:
            st.error(said(seen.error), icon=":material/error:")
            return
        choice = draw_choice(file.name, seen)
        draw_problems(seen.found.problems, "own.preview")
        if choice is not None and st.button(_("Import"), type="primary", icon=":material/upload:", key="own.start"):
            with lab.guarded():
                check_free_disk()
                st.session_state[DONE] = _import(file, choice, seen.found)
                st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1  # the form is empty again
                st.session_state.pop(_BROUGHT, None)
                st.rerun()


def draw_upload(key: str) -> Any:
    """Draw the place for a file to import, and return the file, if there is one."""
    return st.file_uploader(
        _("File"),
        type=["zip", *(ending.lstrip(".") for ending in (*TABLE_ENDINGS, *free_endings()))],
        max_upload_size=settings().max_upload_mb,
        key=key,
    )


def bring(file: Any) -> None:
    """Have a file that was dropped on another page looked at on this one."""
    st.session_state[_BROUGHT] = file


def _brought() -> Any:
    """The file that came with the person from another page, with a way to be rid of it."""
    file = st.session_state.get(_BROUGHT)
    if file is None:
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain_label(file.name[-60:]), width="content")
        dropped = st.button(
            _("Remove"),
            icon=":material/close:",
            type="tertiary",
            key="own.drop",
            help=_("Choose another file. Nothing has been stored."),
        )
    if dropped:
        del st.session_state[_BROUGHT]
        st.rerun()
    return file


def _look(file: Any, reading: Reading | None = None, key: str = _SEEN) -> Seen:
    """Understand the file once, not at each run of the page."""
    seen: Seen | None = st.session_state.get(key)
    if seen is None or seen.file_id != file.file_id:
        st.session_state.pop(LAYOUT, None)
    layout: Layout = st.session_state.get(LAYOUT, Layout())
    if seen is None or (seen.file_id, seen.layout, seen.reading) != (file.file_id, layout, reading):
        with st.spinner(_("Reading {name}…").format(name=plain_label(file.name[-60:])), show_time=True):
            try:
                found = service.datasets.understand(
                    lab.actor(), file, file.name, layout=layout, reading=reading, importer=lab.importer()
                )
                seen = Seen(file.file_id, found, layout=layout, reading=reading)
            except TrainyardError as error:
                seen = Seen(file.file_id, None, error.sentence, layout, reading)
                st.session_state.pop(LAYOUT, None)  # the next look finds out again
        st.session_state[key] = seen
    return seen


def _look_again(file: Any, seen: Seen, found: Understood) -> Seen:
    """Read the files again when somebody chooses another reading than the guess."""
    reading = draw_reading(found, seen.file_id)
    return seen if same_reading(found, reading) else _look(file, reading, _AGAIN)


def _import(file: Any, choice: Choice, found: Understood) -> ImportReport:
    bar = st.progress(0.0, _("Importing…"))

    def show(done: int, total: int) -> None:
        bar.progress(done / max(total, 1), _("Importing {done} of {total}…").format(done=done, total=total))

    file.seek(0)
    return service.datasets.import_own(lab.actor(), file, file.name, choice, show, found=found, importer=lab.importer())


def draw_done(arrivals: int = 0) -> None:
    """Say what was imported last in this session, and what to do with it; with another number of `arrivals` than before it comes
    into view."""
    report: ImportReport | None = st.session_state.get(DONE)
    if report is None:
        return
    made = report.made
    with st.container(key="own-done"):
        st.success(
            _("{count} examples imported as '{name}'.").format(count=f"{made.num_examples:,}", name=made.reference),
            icon=":material/check:",
        )
        with st.container(horizontal=True):
            st.page_link(page("train"), label=_("Train on it"), icon=":material/model_training:",
                         query_params=train_query(made))  # fmt: skip
            st.button(_("Explore it"), icon=":material/database:", type="tertiary", key="own.explore",
                      on_click=open_here, args=(browse_query(made),))  # fmt: skip
        draw_problems(report.problems, "own.report")
    if arrivals:
        run_script(_INTO_VIEW[arrivals % len(_INTO_VIEW)])
