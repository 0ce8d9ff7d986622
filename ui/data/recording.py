"""The form that makes a dataset of what is recorded by camera or microphone, class by class."""

import streamlit as st

from engine import service
from engine.artifacts import check_free_disk
from engine.imports.sets import LONGEST_TITLE, ImportReport, suggest_name
from engine.settings import settings
from ui import lab
from ui.language import _
from ui.modalities.recording import RecordedClass, Recorder, Recording, recorders

_LONGEST_NAME = 80
_COLUMNS = 3
_STATE, _COUNT = "record.state", "record.count"


def number_made() -> int:
    """Return how many datasets this session has recorded."""
    return int(st.session_state.get(_COUNT, 0))


def draw_recording(done: str) -> None:
    """Record examples, and make a dataset of them; its report is left in the session under the name `done`."""
    known = dict(sorted(recorders.all().items(), key=lambda item: item[1].title))
    name = st.segmented_control(
        _("Record with"),
        list(known),
        default=next(iter(known)),
        required=True,
        format_func=lambda modality: f"{known[modality].icon} {_(known[modality].title)}",
        key="record.modality",
        help=_("Your browser asks for permission when you turn it on, not before."),
    )
    recorder = known[name]
    number = st.session_state.setdefault(_COUNT, 0)
    recording: Recording = st.session_state.setdefault(f"{_STATE}-{name}", Recording())

    @st.fragment
    def record() -> None:
        st.caption(_(recorder.words))
        _draw_classes(recorder, recording, f"record-{name}-{number}")
        _draw_make(name, recorder, recording, done)

    record()


def _draw_classes(recorder: Recorder, recording: Recording, key: str) -> None:
    for start in range(0, len(recording.classes), _COLUMNS):
        row = recording.classes[start : start + _COLUMNS]
        for column, recorded in zip(st.columns(_COLUMNS), row, strict=False):
            with column, st.container(border=True, height="stretch"):
                _draw_class(recorder, recording, recorded, f"{key}-{recorded.number}")
    st.button(
        _("Add a class"),
        icon=":material/add:",
        on_click=recording.add_class,
        disabled=recording.full,
        key=f"{key}-add",
        help=_("Up to {most} classes.").format(most=settings().max_recorded_classes),
    )


def _draw_class(recorder: Recorder, recording: Recording, recorded: RecordedClass, key: str) -> None:
    recorded.name = st.text_input(_("Class"), value=recorded.name, max_chars=_LONGEST_NAME, key=f"{key}-name")
    recorder.draw(recording, recorded, f"{key}-recorder")
    if recorded.notice:
        st.warning(recorded.notice, icon=":material/warning:")
    with st.container(horizontal=True):
        st.button(
            _("Delete last"),
            icon=":material/backspace:",
            on_click=recorded.delete,
            disabled=not recorded.examples,
            key=f"{key}-last",
            help=_("Delete the newest example."),
        )
        st.button(
            _("Remove class"),
            icon=":material/delete:",
            on_click=recording.remove_class,
            args=(recorded.number,),
            key=f"{key}-remove",
            help=_("Delete the class with its examples."),
        )


def _draw_make(modality: str, recorder: Recorder, recording: Recording, done: str) -> None:
    title = st.text_input(
        _("Title"),
        value=_("My recording"),
        max_chars=LONGEST_TITLE,
        key="record.title",
        help=_("Recording again under a known title makes a new version of the dataset; older versions stay."),
    )
    st.caption(
        _(
            "Until you create the dataset, its examples are only in the memory of this session: reloading the page loses them. "
            "The last of each class are held out for validation and test."
        )
    )
    if st.button(_("Create dataset"), type="primary", icon=":material/dataset:", key="record.make"):
        with lab.guarded():
            check_free_disk()
            st.session_state[done] = _make(recorder, recording, title)
            del st.session_state[f"{_STATE}-{modality}"]
            st.session_state[_COUNT] += 1  # the widgets of the next recording are new
            st.rerun()


def _make(recorder: Recorder, recording: Recording, title: str) -> ImportReport:
    bar = st.progress(0.0, _("Importing…"))

    def show(finished: int, total: int) -> None:
        bar.progress(finished / max(total, 1), _("Importing {done} of {total}…").format(done=finished, total=total))

    return service.datasets.import_recorded(
        lab.actor(),
        recorder.kind,
        recording.examples(),
        recorder.ending,
        suggest_name(title),
        title,
        show,
        importer=lab.importer(),
    )
