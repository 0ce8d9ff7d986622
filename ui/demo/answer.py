"""The answer to what was given on the demo page, and remarks about it."""

from functools import partial
from typing import Any

import streamlit as st

from engine import service
from engine.runs import Run
from engine.tasks.base import Task
from ui import lab
from ui.demo.coming import draw_coming
from ui.demo.results import draw_results
from ui.language import _
from ui.modalities import File, Modality
from ui.predictions import renderer_for
from ui.words import title_of


def draw_answer(run: Run, kind: Modality, task: Task, files: list[File], parameters: dict[str, Any]) -> bool:
    """Ask the network about all files and draw its answer, a sentence while there are none; whether there is one."""
    if not files:
        st.caption(_("The prediction appears here as soon as there is an input."))
        return False
    renderer = renderer_for(task.prediction, title_of(run, "dataset"))
    if task.streams and len(files) == 1:
        results = draw_coming(run, renderer, files[0], parameters).results
    else:
        with st.spinner(_("Predicting… The first prediction after a pause takes a few seconds.")):
            ask = partial(lab.predictor().predict, parameters=parameters)
            results = service.predictions.predict(lab.actor(), ask, run, files)
        draw_results(renderer, results, kind.cells(files))
    if run.live and results and results[0].epoch is not None:
        words = _("This run is still training. The prediction uses the weights of epoch {epoch}, its best so far.")
        st.caption(words.format(epoch=results[0].epoch))
    return len(results) == 1 and results[0].prediction is not None
