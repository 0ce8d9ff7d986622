"""An answer that comes step by step on the demo page: shown as far as it has come, until it is whole or Stop is pressed."""

import hashlib
import time
from typing import Any

import streamlit as st

from engine.errors import TrainyardError
from engine.serving.answers import PredictResult
from ui.demo.results import draw_results
from ui.language import _
from ui.modalities import File
from ui.modalities.base import Tried
from ui.predictions import Renderer
from ui.sentences import said

_TICK_SECONDS = 0.1
_WORK_SECONDS = 0.2  # of waiting for more in one tick: others of this session are served in between
_STATE = "coming"


class Coming:
    """One answer, and how far it has come. Of one session."""

    def __init__(self, tried: Tried, file: File, parameters: dict[str, Any]) -> None:
        """Ask, and wait for the first step. Raises `TrainyardError`."""
        self.results: list[PredictResult] = []
        self.problem = ""
        self.stopped = False
        self._stream = tried.stream(file, parameters)
        self._over = False

    @property
    def going(self) -> bool:
        """Whether more of it will come."""
        return not (self._over or self.stopped or self.problem)

    def stop(self) -> None:
        """Do without the rest: the network goes no further."""
        self.stopped = self.going
        self._stream.close()

    def work(self, seconds: float = _WORK_SECONDS) -> None:
        """Take what comes within about so long. What ends it early stands in `problem`; what has come stays."""
        until = time.monotonic() + seconds
        try:
            while self.going and time.monotonic() < until:
                found = next(self._stream, None)
                self._over = found is None
                self.results = self.results if found is None else found
        except TrainyardError as error:
            self.problem = error.sentence


def draw_coming(tried: Tried, renderer: Renderer, file: File, parameters: dict[str, Any]) -> Coming:
    """Ask once for what is given, and follow the answer; the same question is not asked again by drawing the page again."""
    asked = (tried.key, hashlib.sha256(file[1]).digest(), repr(sorted(parameters.items())))
    state = f"{_STATE}-{tried.place}"
    held: tuple[Any, Coming | None] = st.session_state.get(state, (None, None))
    before, coming = held
    if coming is None or before != asked:
        if coming is not None:
            coming.stop()
        with st.spinner(_("Predicting… The first prediction after a pause takes a few seconds.")):
            coming = Coming(tried, file, parameters)
        st.session_state[state] = asked, coming
    st.fragment(_follow, run_every=_TICK_SECONDS if coming.going else None)(coming, renderer, state, coming.going)
    return coming


def _follow(coming: Coming, renderer: Renderer, state: str, ticking: bool) -> None:
    if ticking and coming.going:
        coming.work()
    if ticking and not coming.going:
        st.rerun()  # the timer ends with the answer
    if coming.results:
        draw_results(renderer, coming.results, ({}, {}), key=state)
    if coming.problem:
        st.error(said(coming.problem), icon=":material/error:")
    if coming.going:
        st.button(_("Stop"), icon=":material/stop_circle:", on_click=coming.stop, key=f"{state}-stop",
                  help=_("Keep what has come so far; the network goes no further."))  # fmt: skip
        return
    if coming.stopped:
        st.caption(_("Stopped: this is as far as the answer had come."))
    if st.button(_("Answer again"), icon=":material/refresh:", key=f"{state}-again",
                 help=_("Ask the network the same once more."))  :  # fmt: skip
        st.session_state.pop(state, None)
        st.rerun()
