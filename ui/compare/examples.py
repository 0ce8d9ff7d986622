"""The examples that two of the compared runs answer most differently, drawn by the renderer of their kind of answer."""

from collections.abc import Sequence

import streamlit as st

from engine.comparing.examples import examples_apart
from engine.runs import Run
from ui import lab
from ui.language import _
from ui.predictions import renderer_for
from ui.predictions.mistakes import MOST, prepared_of
from ui.words import metric_label


def draw_apart(runs: Sequence[Run]) -> None:
    """An expander with the examples; they are read when it is opened."""
    ended = [run for run in runs if not run.live]
    if len(ended) < 2:
        return
    with st.expander(
        _("Examples that they answer differently"), key="compare.apart", on_change="rerun", icon=":material/difference:"
    ) as opened:
        if opened.open:
            with lab.guarded():
                _draw(*_choose(ended))


def _choose(runs: Sequence[Run]) -> tuple[Run, Run]:
    """The first run and another: which one, where there are several."""
    others = {run.id: run for run in runs[1:]}
    chosen = next(iter(others))
    if len(others) > 1:
        chosen = st.selectbox(
            _("Run {id} beside run").format(id=runs[0].id),
            list(others),
            key="compare.beside",
            help=_("The run whose answers stand beside those of the first."),
        )
    return runs[0], others[chosen]


def _draw(one: Run, two: Run) -> None:
    apart = examples_apart(one, two, MOST)
    if not apart.positions:
        st.caption(_("Both answer all test examples equally well."))
        return
    prepared = prepared_of(one)
    if prepared is None:
        return
    st.caption(_("Test examples, those first whose {metric} differs most.").format(metric=metric_label(apart.metric)))
    answers = {
        run.id: [answer.values for answer in found] for run, found in zip((one, two), apart.answers, strict=True)
    }
    spec = one.parsed()
    renderer_for(spec.task.prediction, spec.dataset.name).compare(prepared, apart.positions, answers)
