"""The headline of an ended run: its evidence is gathered here, the rules are those of `engine.advice`."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from engine.access import Action, Actor, check
from engine.advice.evidence import Evidence, Possible
from engine.advice.findings import Headline, Suggestion
from engine.advice.headline import headline as judge
from engine.artifacts import Artifacts, artifacts_of
from engine.baselines.names import title_of
from engine.comparing.intervals import interval, interval_of_ratio
from engine.epochs import kept_epochs
from engine.errors import TrainyardError
from engine.forks import check_fork
from engine.imports.own_kinds import kind_of_dataset
from engine.metrics import metric_named
from engine.runs import RESUMABLE, Run, RunSpec, models_for
from engine.service.opened import store
from engine.settings import settings
from engine.spec import Range
from engine.targets import Classes
from engine.tasks.base import Task

logger = logging.getLogger(__name__)


def of(actor: Actor, run: Run) -> Headline:
    """Return what became of an ended run. A run whose parts are no longer known has what its record says."""
    check(actor, Action.LOOK, run)
    seen = Evidence(run.state, message=run.message, best=run.best, planned_epochs=run.total_epochs)
    try:
        spec = run.parsed()
    except TrainyardError:  # nothing can be started with it either
        return replace(judge(seen), suggestions=())
    found = judge(_evidence(run, spec, seen))
    return replace(found, suggestions=tuple(s for s in found.suggestions if _possible(run, spec, s)))


def _evidence(run: Run, spec: RunSpec, seen: Evidence) -> Evidence:
    files = artifacts_of(run.id)
    evaluation = _evaluation(files)
    split = next((split for split in ("test", "validation") if evaluation.get(split)), "")
    evaluated = evaluation.get(split) or {}
    scores = _scores(files, split, type(spec.task)) if split else {}
    return replace(
        seen,
        objective=spec.task.objective,
        metrics=spec.task.metric_names(),
        diverged=_next_rate(run),
        history=store().metrics.history(run.id),
        first_epoch=(run.parent_epoch or 0) + 1,
        split=split,
        evaluated=_with_title(evaluated),
        examples=len(next(iter(scores.values()), ())),
        intervals={name: interval(name, values) for name, values in scores.items()},
        held=_held(files, spec),
        level=settings().confidence,
        confusion=evaluated.get("confusion_matrix", ()) if isinstance(spec.task.targets, Classes) else (),
        labels=evaluated.get("labels", ()),
        unit=str(evaluated.get("unit", "")),
        next=_possibilities(run, spec, files),
    )


def _evaluation(files: Artifacts) -> dict[str, Any]:
    try:
        return files.read_evaluation()
    except (OSError, ValueError):
        logger.exception("The evaluation in %s cannot be read.", files.folder)
        return {}


def _scores(files: Artifacts, split: str, task: type[Task]) -> dict[str, np.ndarray]:
    """Return per-example scores of the metrics that matter here: the task's own and the objective's."""
    try:
        found = files.read_outcomes(split)
        scores = {} if found is None else found.scores or task.example_scores(found.outputs, found.targets)
    except OSError:
        logger.exception("Per-example predictions in %s cannot be read.", files.folder)
        return {}
    wanted = {*task.metric_names(), task.objective.removeprefix("val_")}
    return {
        name: np.asarray(values, np.float64)
        for name, values in scores.items()
        if name in wanted and len(values) and metric_named(name).over != "whole"
    }


def _held(files: Artifacts, spec: RunSpec) -> dict[str, tuple[float, float]]:
    """Return the intervals of the validation split: of metrics that are means over examples, and of ratios of sums over them."""
    task = type(spec.task)
    found = {name: interval(name, values) for name, values in _scores(files, "validation", task).items()}
    try:
        kept = files.read_outcomes("validation")
    except OSError:  # `_scores` has written it down
        return found
    ratios = {} if kept is None or not len(kept.outputs) else task.example_ratios(kept.outputs, kept.targets)
    return found | {name: interval_of_ratio(parts) for name, parts in ratios.items()}


def _with_title(evaluated: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the words for the baseline's method."""
    baseline = evaluated.get("baseline") or {}
    return (
        {**evaluated, "baseline": {**baseline, "title": title_of(baseline["name"])}}
        if baseline.get("name")
        else evaluated
    )


def _next_rate(run: Run) -> float | None:
    """Return the learning rate that a message about a loss without a number advises."""
    values = getattr(run.message, "values", {})
    rate = values.get("smaller") if isinstance(values, Mapping) else None
    return float(rate) if isinstance(rate, int | float) else None


def _possibilities(run: Run, spec: RunSpec, files: Artifacts) -> Possible:
    fields = [field for some in spec.fields().values() for field in some]
    other = "" if spec.model.pretrained else next((m.name for m in models_for(type(spec.task)) if m.pretrained), "")
    return Possible(
        values=spec.values(),
        ranges={field.name: field.domain for field in fields if isinstance(field.domain, Range)},
        pretrained=other,
        kept_epoch=max(kept_epochs(run.id), default=0),
        resumable=run.state in RESUMABLE and files.has_checkpoint,
        own_data=kind_of_dataset(spec.dataset.name) is not None,
        trial=run.study_id is not None,
    )


def _possible(run: Run, spec: RunSpec, suggestion: Suggestion) -> bool:
    """Return whether what is suggested can be started. Another seed of a fork would not begin from the beginning,
    and some models draw nothing."""
    if suggestion.seeds and (run.parent_id is not None or not spec.model.depends_on_seed):
        return False
    try:
        changed = spec.changed(suggestion.values)
        if suggestion.fork:
            check_fork(spec, changed, suggestion.fork)
    except TrainyardError:
        return False
    return True
