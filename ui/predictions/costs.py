"""A threshold between two classes by what mistakes cost: chosen on the validation split, measured on the split that is shown."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from engine.artifacts import Outcomes
from engine.evaluation.costs import Costs, Decided, best_threshold, cost_curve, decide_at
from engine.readers.spreadsheets import plain_frame
from engine.runs import Run
from ui.charts.evaluation import cost_figure
from ui.language import _, plural
from ui.plain import plain_label, plain_text
from ui.predictions.mistakes import outcomes_of
from ui.theme import theme_name
from ui.widgets.live_plot import still_plot

_FEW = 30  # validation examples of a class, below which a threshold is mostly chance
_MOST_COST = 1e9


def draw_costs(run: Run, split: str, labels: Sequence[str]) -> None:
    """Ask for the costs of both mistakes, and say from which probability on a class is worth an alarm."""
    validation = outcomes_of(run, "validation")
    shown = validation if split == "validation" or validation is None else outcomes_of(run, split)
    if validation is None or shown is None:
        return
    rarer = int(np.bincount(validation.targets, minlength=2).argmin())
    st.caption(
        _(
            "By default the likelier class is predicted, as if both mistakes cost the same. Where they do not, another threshold is "
            "cheaper: it is chosen on the validation split."
        )
    )
    first, second, third = st.columns(3)
    with first:
        wanted: int = st.selectbox(
            _("Class to detect"),
            [0, 1],
            index=rarer,
            format_func=lambda index: plain_text(labels[index]),
            key="cost_class",
            help=_("For example ill, failing or fraudulent."),
        )
    with second:
        missed = _ask(_("Cost of missing one"), 5.0, "cost_missed", _("In any unit, such as money or minutes."))
    with third:
        alarm = _ask(_("Cost of a false alarm"), 1.0, "cost_alarm", _("In the same unit."))
    if not missed and not alarm:
        st.info(_("Give at least one mistake a cost."), icon=":material/info:")
        return
    costs = Costs(missed, alarm)
    _draw_result(run, (validation, shown), wanted, plain_label(labels[wanted]), costs)


def _ask(label: str, value: float, key: str, words: str) -> float:
    return float(
        st.number_input(label, min_value=0.0, max_value=_MOST_COST, value=value, step=1.0, key=key, help=words)
    )


def _draw_result(run: Run, both: tuple[Outcomes, Outcomes], wanted: int, label: str, costs: Costs) -> None:
    """Draw the threshold with its costs beside those of simple rules, and the costs of all thresholds."""
    (chosen_on, known), (scores, positive) = (_of_class(outcomes, wanted) for outcomes in both)
    threshold = best_threshold(chosen_on, known, costs)
    decided = decide_at(threshold, scores, positive, costs)
    st.markdown(
        _(
            "Predict **{label}** from a probability of **{threshold:.1%}** on: the mean cost is {cost:.4g} per example."
        ).format(label=label, threshold=min(threshold, 1.0), cost=decided.mean_cost)
    )
    if known.sum() < _FEW:
        st.caption(
            plural(
                "The validation split has only {count} example of this class: another one would give another threshold.",
                "The validation split has only {count} examples of this class: others would give another threshold.",
                int(known.sum()),
            ).format(count=int(known.sum()))
        )
    chart, side = st.columns([3, 2])
    with chart:
        curves = [_points(*pair, costs) for pair in ((chosen_on, known), (scores, positive))]
        still_plot(
            cost_figure(curves[0], curves[1] if both[1] is not both[0] else None, min(threshold, 1.0), theme_name()),
            f"costs-{run.id}",
            _("Mean cost per example by threshold; lowest on the validation split at {threshold:.1%}").format(
                threshold=min(threshold, 1.0)
            ),
            360,
        )
    with side:
        _draw_table(run, decided, scores, positive, label, costs)
        st.caption(
            _(
                "With calibrated probabilities it would be {threshold:.1%}: the cost of a false alarm divided by the sum of both costs."
            ).format(threshold=costs.calibrated_threshold)
        )


def _draw_table(run: Run, decided: Decided, scores: np.ndarray, positive: np.ndarray, label: str, costs: Costs) -> None:
    rules = {
        _("This threshold"): decided,
        _("50%, the likelier class"): decide_at(0.5, scores, positive, costs),
        _("Always an alarm"): decide_at(0.0, scores, positive, costs),
        _("Never an alarm"): decide_at(2.0, scores, positive, costs),
    }
    rows = [
        {"rule": name, "cost": one.mean_cost, "missed": one.missed, "alarms": one.false_alarms}
        for name, one in rules.items()
    ]
    st.dataframe(
        plain_frame(pd.DataFrame(rows)),
        hide_index=True,
        key=f"costs-{run.id}",
        alt=_("Costs of this threshold and of simple rules on the split that is shown"),
        column_config={
            "rule": st.column_config.TextColumn(_("Rule"), pinned=True),
            "cost": st.column_config.NumberColumn(
                _("Mean cost"), format="%.4g", help=_("Cost per example of this split, on average.")
            ),
            "missed": st.column_config.NumberColumn(
                _("Missed"), help=_("Examples of the class that are predicted as the other one.")
            ),
            "alarms": st.column_config.NumberColumn(
                _("False alarms"), help=_("Examples of the other class that are predicted as this one.")
            ),
        },
    )


def _points(scores: np.ndarray, positive: np.ndarray, costs: Costs) -> tuple[list[float], list[float]]:
    thresholds, means = cost_curve(scores, positive, costs)
    return thresholds.tolist(), means.tolist()


def _of_class(outcomes: Outcomes, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (examples,) the probability of the class, and whether an example belongs to it."""
    return np.asarray(outcomes.outputs[:, wanted], np.float64), np.asarray(outcomes.targets == wanted)
