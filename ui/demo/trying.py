"""An input and what the network makes of it: the body of the demo page, for one network or for two side by side."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from engine.runs import RunSpec
from engine.serving.answers import PredictResult
from engine.serving.client import Busy
from ui import lab
from ui.demo.answer import draw_answer
from ui.demo.answering import draw_answering
from ui.demo.mattered import draw_mattered
from ui.demo.ready import draw_ready, keep_ready, ways_of
from ui.demo.seen import draw_seen
from ui.modalities import File, Modality
from ui.modalities.base import Tried, Way
from ui.modalities.ways import choose_way, lay_out

Beside = Mapping[str, Tried]
"""Two networks that are given the same input, by their titles."""
After = Callable[[File, PredictResult], object]


def draw_trying(
    tried: Tried,
    kind: Modality,
    spec: RunSpec,
    beside: Beside | None = None,
    after: After = lambda _file, _answer: None,
) -> None:
    """Draw widgets for an input, and the answers to it. `after` draws what follows a single answer to what a person gave.

    `tried` decides what can be given; where `beside` names several networks, each answers.
    """
    way = choose_way(ways_of(tried, kind, spec), f"way-{tried.key}")
    given, answer = lay_out(way.answer)
    with given:
        files = way.ask(tried, spec.dataset)
        settings = draw_answering(spec)
    if settings.unusable:  # its default would be another answer than the one that was asked for
        return
    parameters = settings.changed
    with answer, lab.guarded():
        try:
            answered = _draw_answers(tried, beside or {}, kind, spec, way, files, parameters)
        except Busy as error:
            if way.examples or not draw_ready(tried, kind, spec, error):
                raise
            return
        if len(files) == 1 and not way.shown:
            kind.show(tried, files[0])
        if len(files) == 1 and answered:
            with given if way.answer == "beside" else answer:
                draw_seen(tried, files[0])
                draw_mattered(tried, kind, spec.task, files[0], parameters)
                if not way.examples:
                    after(files[0], answered)
        if answered:
            keep_ready(tried, kind, spec)


def _draw_answers(
    tried: Tried,
    beside: Beside,
    kind: Modality,
    spec: RunSpec,
    way: Way,
    files: list[File],
    parameters: dict[str, Any],
) -> PredictResult | None:
    if not beside or not files:
        return draw_answer(tried, kind, spec.task, files, parameters, examples=way.examples)
    found = []
    for place, (title, one) in zip(st.columns(len(beside)), beside.items(), strict=True):
        with place, lab.guarded():
            st.subheader(title, anchor=False)
            found.append(draw_answer(one, kind, spec.task, files, parameters, examples=way.examples))
    return found[0] if found else None
