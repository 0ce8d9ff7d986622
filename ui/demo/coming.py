"""An answer that comes step by step on the demo page: shown as far as it has come, until it is whole or Stop is pressed."""

import hashlib
import time
from functools import partial
from typing import Any

import streamlit as st

from engine import service
from engine.errors import TrainyardError
from engine.runs import Run
from engine.serving.answers import PredictResult
from ui import lab
from ui.demo.results import draw_results
from ui.language import _
from ui.modalities import File
from ui.predictions import Renderer
from ui.sentences import said

_TICK_SECONDS = 0.1
_WORK_SECONDS = 0.2  # of waiting for more in one tick: others of this session are served in between
_STATE = "demo.coming"


class Coming:
    """One answer, and how far it has come. Of one session."""

    def __init__(self, run: Run, file: File, parameters: dict[str, Any]) -> None:
        """Ask, and wait for the first step. Raises `TrainyardError`."""
        self.results: list[PredictResult] = []
        self.problem = ""
        self.stopped = False
        ask = partial(lab.predictor().stream, parameters=parameters)
        self._stream = service.predictions.predict(lab.actor(), ask, run, [file])
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


def draw_coming(run: Run, renderer: Renderer, file: File, parameters: dict[str, Any]) -> Coming:
    """Ask once for what is given, and follow the answer; the same question is not asked again by drawing the page again."""
    asked = (run.id, hashlib.sha256(file[1]).digest(), repr(sorted(parameters.items())))
    held: tuple[Any, Coming | None] = st.session_state.get(_STATE, (None, None))
    before, coming = held
    if coming is None or before != asked:
        if coming is not None:
            coming.stop()
        with st.spinner(_("Predicting… The first prediction after a pause takes a few seconds.")):
            coming = Coming(run, file, parameters)
        st.session_state[_STATE] = asked, coming
    st.fragment(_follow, run_every=_TICK_SECONDS if coming.going else None)(coming, renderer, coming.going)
    return coming


def _follow(coming: Coming, renderer: Renderer, ticking: bool) -> None:
    if ticking and coming.going:
        coming.work()
    if ticking and not coming.going:
        st.rerun()  # the timer ends with the answer
    if coming.results:
        draw_results(renderer, coming.results, ({}, {}))
    if coming.problem:
        st.error(said(coming.problem), icon=":material/error:")
    if coming.going:
        st.button(_("Stop"), icon=":material/stop_circle:", on_click=coming.stop, key="coming-stop",
                  help=_("Keep what has come so far; the network goes no further."))  # fmt: skip
        return
    if coming.stopped:
        st.caption(_("Stopped: this is as far as the answer had come."))
    if st.button(_("Answer again"), icon=":material/refresh:", key="coming-again",
                 help=_("Ask the network the same once more."))  :  # fmt: skip
        st.session_state.pop(_STATE, None)
        st.rerun()
