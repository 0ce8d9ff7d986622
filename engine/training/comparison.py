"""Compare an evaluated run with the baseline of its dataset. An error here costs the comparison, not the run."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from engine.artifacts import Artifacts
from engine.baselines.base import Baseline, baseline_of, cached_baseline
from engine.errors import TrainyardError, first_line
from engine.evaluation import deciding_metric, gain
from engine.files import write_text
from engine.preparation.prepare import EVALUATED, PreparedDataset
from engine.runs import RunSpec, RunState
from engine.sentences import Sentence, to_json
from engine.tasks.base import Task
from engine.training.reporter import Ended, RunLost

logger = logging.getLogger(__name__)


def compare_run(data: PreparedDataset, spec: RunSpec, files: Artifacts, obey: Callable[[], None]) -> dict[str, Any]:
    """Add the baseline to the evaluation, and return its metrics for `run.result`. It is another method than the run's model.

    Pass on `RunLost`, and the request to cancel. A stop leaves the baseline out: training is over anyway.
    """
    task = spec.task
    if not task.baselines:
        return {}
    try:
        baseline = baseline_of(data, task, obey, spec.model.same_as)
    except Ended as ended:
        if ended.state is RunState.CANCELED:
            raise
        baseline = Baseline(problem=Sentence("The run was stopped before the baseline was found."))
    except RunLost:
        raise
    except Exception as error:
        logger.exception("There is no baseline for this dataset.")
        baseline = Baseline(problem=_sentence(error))
    logger.info("Baseline: %s", baseline.problem or f"{baseline.name} {baseline.metrics}")
    evaluation = files.read_evaluation()
    _record(baseline, evaluation)
    guessed = compare_with_guess(data, task, evaluation)
    write_text(files.evaluation, json.dumps(evaluation))
    return _figures(baseline, task) | guessed


def _figures(baseline: Baseline, task: Task) -> dict[str, Any]:
    """Return its name, its test metrics, and the validation metric that charts compare."""
    if not baseline.name:
        return {}
    found: dict[str, Any] = {"baseline_name": baseline.name}
    found |= {f"baseline_{name}": value for name, value in baseline.metrics.get("test", {}).items()}
    if not baseline.complete or baseline.num_examples < baseline.num_available:
        found["baseline_fit"] = {
            "examples": baseline.num_examples, "available": baseline.num_available, "complete": baseline.complete,
        }  # fmt: skip
    if validation := baseline.metrics.get("validation"):
        decides = deciding_metric(task.objective, validation)
        found[f"baseline_validation_{decides}"] = validation[decides]
    return found


def known_baseline(data: PreparedDataset, spec: RunSpec) -> dict[str, Any]:
    """Return name and validation metric of the baseline, if known, for `run.environment`: live charts show it from there."""
    baseline = cached_baseline(data, spec.task, spec.model.same_as)
    return {"baseline": {"name": baseline.name, **baseline.metrics.get("validation", {})}} if baseline else {}


def _record(baseline: Baseline, evaluation: dict[str, Any]) -> None:
    """Add the baseline's metrics to each evaluated split."""
    for split in EVALUATED:
        if split in evaluation:
            evaluation[split]["baseline"] = asdict(baseline) | {
                "metrics": baseline.metrics.get(split, {}),
                "others": {name: metrics.get(split, {}) for name, metrics in baseline.others.items()},
                "problem": to_json(baseline.problem),
            }


def compare_with_guess(data: PreparedDataset, task: Task, evaluation: dict[str, Any]) -> dict[str, Any]:
    """Add the metrics of a constant prediction to each evaluated split; return those on the test split for `run.result`."""
    found: dict[str, Any] = {}
    learned = data.targets[data.indices("train")]
    for split in EVALUATED:
        where = data.indices(split)
        guess = task.guess(learned, len(where), data.info) if split in evaluation else None
        if guess is None:
            continue
        answer, outputs = guess
        metrics = task.evaluate(outputs, data.targets[where], data.info)["metrics"]
        reached = evaluation[split]["metrics"]
        both = [name for name in (*task.metric_names(), *reached) if name in reached and name in metrics]
        name = deciding_metric(task.objective, both) if both else ""
        told = {
            "answer": answer,
            "metric": name,
            "no_worse": bool(name) and gain(name, reached[name], metrics[name]) <= 0,
        }
        evaluation[split]["guess"] = told | {"metrics": metrics}
        if split == "test":
            found = {f"guess_{key}": value for key, value in told.items()}
            found |= {f"guess_{key}": metrics[key] for key in (*task.metric_names(), name) if key in metrics}
    return found


def _sentence(error: Exception) -> str:
    if isinstance(error, TrainyardError):
        return error.sentence
    return Sentence("{kind}: {problem}", kind=type(error).__name__, problem=first_line(error))
