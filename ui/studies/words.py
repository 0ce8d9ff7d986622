"""Wording of studies: states, objectives, values of hyperparameters, and the time that is left."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine import service
from engine.models.base import models
from engine.runs import RunState
from engine.search.trials import Trial
from engine.studies import MODEL, OBJECTIVES, QUALITY, Study, StudySpec, StudyState
from ui import lab
from ui.language import _
from ui.words import STATES, StateLook, duration_text, is_share, metric_text, metric_word, value_text

STUDY_STATES: dict[StudyState, StateLook] = {state: STATES[RunState(state.value)] for state in StudyState}
"""A study looks as a run does in the state of the same name."""
_RECENT = 20  # trials whose duration says how long the next ones will take


def study_state_text(state: StudyState) -> str:
    """Sign and word, for a table's cell."""
    look = STUDY_STATES[state]
    return f"{look.sign} {_(look.word)}"


def objective_title(name: str, metric: str) -> str:
    """Return the name of an objective; `metric` is the one that is the quality."""
    if name == QUALITY:
        return _("Validation {metric}").format(metric=metric_word(metric.removeprefix("val_")))
    return _(OBJECTIVES[name].title)


def direction_words(spec: StudySpec) -> str:
    """The objectives whose direction somebody has chosen, with that direction; empty where all have their own."""
    words = {"maximize": _("{objective}: more is better"), "minimize": _("{objective}: less is better")}
    chosen = [(name, spec.directions[name]) for name in spec.objectives if name in spec.directions]
    return " · ".join(words[direction].format(objective=_(OBJECTIVES[name].title)) for name, direction in chosen)


def objective_text(name: str, metric: str, value: float | None) -> str:
    """A value of an objective with its unit."""
    if value is None:
        return "–"
    if name == QUALITY:
        return metric_text(metric, value)
    words = {"parameters": "{:,.0f}", "latency": "{:,.3g} ms", "seconds": "{:,.3g} s"}
    return words.get(name, "{:.4g}").format(value)


def objective_format(name: str, metric: str) -> str:
    """The same as Plotly writes it on an axis."""
    return ".1%" if name == QUALITY and is_share(metric) else ",.4~g"


def option_text(name: str, value: Any) -> str:
    """A value of a hyperparameter in a form; a model by its title."""
    return _(models[value].title) if name == MODEL and value in models else value_text(value)


def params_text(labels: dict[str, str], params: dict[str, Any]) -> str:
    """The values of a trial in one line."""
    return ", ".join(f"{labels.get(name, name)} {value_text(value)}" for name, value in params.items())


def seconds_left(study: Study, trials: Sequence[Trial], wanted: int) -> float | None:
    """By the trials that have ended, and by the budget; None before one has, or when nothing is left to do."""
    if not study.live:
        return None
    took = [seconds for trial in trials[-10 * _RECENT :] if (seconds := trial.seconds) is not None][-_RECENT:]
    begun = trials[-1].number + 1 if trials else 0
    going = sum(not trial.state.final for trial in trials)
    left = max(0, wanted - begun) + 0.5 * going  # those that train are half done on the average
    found = sum(took) / len(took) * left / min(study.spec.search.parallel, max(left, 1)) if took else None
    if study.spec.search.budget_minutes:
        rest = max(0.0, 60 * study.spec.search.budget_minutes - study.spent_seconds)
        found = rest if found is None else min(found, rest)
    return found


def progress_words(study: Study, trials: Sequence[Trial], wanted: int) -> str:
    """Return the numbers of ended, pruned, failed and running trials, in one line."""
    counts = Counter(trial.state for trial in trials)
    begun = trials[-1].number + 1 if trials else 0
    going = counts[RunState.RUNNING] + counts[RunState.QUEUED] + counts[RunState.PAUSED]
    words = [_("{done} of {all} trials have ended").format(done=begun - going, all=wanted)]
    parts = (
        (counts[RunState.PRUNED], _("{count} pruned")),
        (counts[RunState.FAILED], _("{count} failed")),
        (counts[RunState.RUNNING], _("{count} training now")),
        (counts[RunState.QUEUED], _("{count} waiting")),
        (counts[RunState.PAUSED], _("{count} paused")),
    )
    words += [text.format(count=count) for count, text in parts if count]
    if study.enqueued and study.live:
        words.append(_("{count} enqueued by you come next").format(count=len(study.enqueued)))
    if study.spec.search.budget_minutes:
        words.append(
            _("{spent} of {budget} spent").format(
                spent=duration_text(study.spent_seconds), budget=duration_text(60 * study.spec.search.budget_minutes)
            )
        )
    return " · ".join(words)


def executor_warning() -> str:
    """Return what must be done before queued trials can train; empty while an executor is running."""
    executor = service.executors.get(lab.actor())
    if executor is not None and executor.alive:
        return ""
    return _(
        "No executor is running, so queued runs do not start. The dashboard starts one when it "
        "starts; you can also run: python -m engine executor"
    )
