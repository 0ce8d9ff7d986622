"""Examples whose answers are ready: shown in place of a place in a queue that is too long."""

from collections.abc import Mapping

import streamlit as st

from engine.errors import TrainyardError
from engine.runs import RunSpec
from engine.serving.client import Busy, Late, Unavailable
from ui.demo.answer import draw_answer
from ui.language import _
from ui.modalities import Modality
from ui.modalities.base import Tried, Way
from ui.sentences import said


def ways_of(tried: Tried, kind: Modality, spec: RunSpec) -> Mapping[str, Way]:
    """Return the ways to give an input, without examples that may not be shown."""
    ways = kind.ways(spec.dataset)
    try:
        shown = tried.shows_examples()
    except TrainyardError:  # the way itself says why
        shown = True
    return ways if shown else {name: way for name, way in ways.items() if not way.examples}


def draw_ready(tried: Tried, kind: Modality, spec: RunSpec, error: Busy) -> bool:
    """Say why there is no answer, and draw examples that have one; return whether there are such examples."""
    way = _ready_way(tried, kind, spec)
    if way is None:
        return False
    st.warning(said(error), icon=":material/hourglass_top:")
    st.caption(_("These examples have answers that are ready."))
    files = way.ask(tried, spec.dataset)
    if files:
        draw_answer(tried, kind, spec.task, files, {}, examples=True)
    return True


def keep_ready(tried: Tried, kind: Modality, spec: RunSpec) -> None:
    """Have the answers to examples ready for when many ask. Each is asked for once, for all visitors of this process."""
    way, done = _ready_way(tried, kind, spec), f"ready-{tried.key}"
    if way is None or way.contents is None or done in st.session_state:
        return
    try:
        tried.predict([("example", content) for content in way.contents(spec.dataset)], {}, examples=True)
    except (Busy, Late, Unavailable):
        return  # others are served; the next answer tries again
    st.session_state[done] = True


def _ready_way(tried: Tried, kind: Modality, spec: RunSpec) -> Way | None:
    """Return the way that gives examples, where their answers are kept: those that come step by step are not."""
    if not tried.keeps or spec.task.streams:
        return None
    return next((way for way in ways_of(tried, kind, spec).values() if way.examples), None)
