"""Many inputs at once on the demo page: predicted in portions, so that Cancel is obeyed and nothing done is lost."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from engine import service
from engine.errors import TrainyardError
from engine.runs import Run
from engine.serving.answers import PredictResult
from engine.serving.client import Busy
from engine.serving.opened import Unfolded
from engine.serving.portions import Portions
from engine.settings import settings
from ui import lab
from ui.demo.results import draw_many
from ui.language import _
from ui.modalities.given import given_rows
from ui.predictions import Renderer, renderer_for
from ui.sentences import said
from ui.words import title_of

_TICK_SECONDS = 0.3
_WORK_SECONDS = 0.5  # of portions in one tick, while the browser waits for the next sign of life
_PORTION_BYTES = 32_000_000
_STATE = "batch"


class Batch:
    """The inputs of one batch, and what is known of them so far. Of one session."""

    def __init__(
        self, run: Run, modality: str, uploads: Sequence[tuple[str, bytes]], parameters: Mapping[str, Any]
    ) -> None:
        """Raises `TrainyardError` when the files cannot be used at all. `parameters`: settings of the answers."""
        self.run, self._parameters = run, parameters
        self.results: list[PredictResult] = []
        self.problem = ""
        self.paused = False
        self.cells: list[Mapping[str, Any]] = []
        info = service.artifacts.files(lab.actor(), run).read_info()
        columns = info.taken_columns if info else ()

        def unfold(file: tuple[str, bytes], first: int, spent_bytes: int) -> Unfolded:
            """Tables and zips are opened in the predictor."""
            predictor = lab.predictor()
            return service.predictions.unfolded(lab.actor(), predictor, run, file, columns, first, spent_bytes)

        self.inputs = Portions(modality, uploads, unfold)

    @property
    def going(self) -> bool:
        """Whether there is more to do, and nobody is against it."""
        return not self.paused and len(self.results) < len(self.inputs)

    def pause(self) -> None:
        """Go no further after this portion."""
        self.paused = True

    def go_on(self) -> None:
        """Go on where it was left."""
        self.paused, self.problem = False, ""

    def work(self, seconds: float = _WORK_SECONDS) -> None:
        """Predict portions for about so long. What ends it early stands in `problem`; what is done stays."""
        until = time.monotonic() + seconds
        try:
            while self.going and time.monotonic() < until:
                self._portion()
        except Busy:
            return  # others are served; the next tick tries again
        except TrainyardError as error:
            self.problem, self.paused = error.sentence, True

    def _portion(self) -> None:
        """The next inputs, together: each that cannot be read has its own sentence."""
        files: list[tuple[str, bytes]] = []
        known: dict[int, PredictResult] = {}
        size = 0
        waiting = self.inputs.take(len(self.results), settings().max_predictions)
        for position, member in enumerate(waiting):
            if size > _PORTION_BYTES:
                waiting = waiting[:position]
                break
            try:
                files.append((member.name, member.read()))
                size += len(files[-1][1])
            except TrainyardError as error:
                known[position] = PredictResult(member.name, None, error.sentence)
        ask = partial(lab.predictor().predict, parameters=self._parameters)
        found = iter(service.predictions.predict(lab.actor(), ask, self.run, files) if files else [])
        self.results += [known[i] if i in known else next(found) for i in range(len(waiting))]
        self.cells += [one.cells for one in waiting]


def draw_batch(run: Run, modality: str, prediction: str, parameters: Mapping[str, Any]) -> None:
    """An uploader for many inputs, the progress, and the table of what came of them. `parameters` hold for all."""
    with st.expander(_("Batch"), icon=":material/dynamic_feed:"):
        files = st.file_uploader(
            _("Files"),
            accept_multiple_files=True,
            max_upload_size=settings().max_upload_mb,
            key=f"batch-files-{run.id}",
            help=_(
                "Any number of files, a zip of them, or for tables a CSV with column names in its "
                "first row: at most {count:,} inputs. They are not stored."
            ).format(count=settings().max_instances),
        )
        if st.button(_("Predict all"), icon=":material/play_arrow:", disabled=not files, help=_("Predict each input.")):
            st.session_state.pop(_STATE, None)
            with lab.guarded():
                st.session_state[_STATE] = Batch(
                    run, modality, [(file.name, file.getvalue()) for file in files], parameters
                )
        batch = st.session_state.get(_STATE)
        if isinstance(batch, Batch) and batch.run.id == run.id:
            renderer = renderer_for(prediction, title_of(run, "dataset"))
            st.fragment(_follow, run_every=_TICK_SECONDS if batch.going else None)(batch, renderer, batch.going)


def _follow(batch: Batch, renderer: Renderer, ticking: bool) -> None:
    if ticking and batch.going:
        batch.work()
    if ticking and not batch.going:
        st.rerun()  # the timer ends with the work
    done, total = len(batch.results), len(batch.inputs)
    if batch.going or done < total:
        st.progress(done / total, _("{done:,} of {total:,} inputs").format(done=done, total=total))
    if batch.going:
        st.button(_("Cancel"), icon=":material/block:", on_click=batch.pause, key="batch-cancel",
                  help=_("Stop here and keep the predictions so far."))  # fmt: skip
        return
    if batch.problem:
        st.error(said(batch.problem), icon=":material/error:")
    if done < total and st.button(
        _("Continue"), icon=":material/play_arrow:", on_click=batch.go_on, key="batch-go-on",
        help=_("Predict the remaining inputs."),
    ):  # fmt: skip
        st.rerun()
    if batch.results:
        given = given_rows(batch.cells[:done])
        draw_many(renderer, batch.results, given, "batch-predictions")
