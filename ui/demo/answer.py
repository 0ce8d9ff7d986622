"""The answer to what was given on the demo page, and remarks about it."""

from typing import Any

import streamlit as st

from engine.serving.answers import PredictResult
from engine.tasks.base import Task
from ui.demo.coming import draw_coming
from ui.demo.results import draw_results
from ui.language import _
from ui.modalities import File, Modality
from ui.modalities.base import Tried
from ui.predictions import renderer_for


def draw_answer(
    tried: Tried, kind: Modality, task: Task, files: list[File], parameters: dict[str, Any], *, examples: bool = False
) -> PredictResult | None:
    """Ask the network about all files and draw its answers, a sentence while there are none; return a single answer.

    `examples`: the files are of the data, and no person's.
    """
    if not files:
        st.caption(_("The prediction appears here as soon as there is an input."))
        return None
    renderer = renderer_for(task.prediction, tried.dataset)
    renderer.given = (tried, files[0]) if len(files) == 1 else None
    if task.streams and len(files) == 1:
        results = draw_coming(tried, renderer, files[0], parameters).results
    else:
        with st.spinner(_("Predicting… The first prediction after a pause takes a few seconds.")):
            results = tried.predict(files, parameters, examples=examples)
        draw_results(renderer, results, kind.cells(tried, files), key=f"prediction-{tried.key}")
    if tried.trains and results and results[0].epoch is not None:
        words = _("This run is still training. The prediction uses the weights of epoch {epoch}, its best so far.")
        st.caption(words.format(epoch=results[0].epoch))
    return results[0] if len(results) == 1 and results[0].prediction is not None else None
