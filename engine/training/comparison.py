"""Set a judged run beside the baseline of its dataset. Whatever goes wrong here costs the comparison, not the run."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from engine.artifacts import Artifacts
from engine.baselines.base import Baseline, baseline_of, cached_baseline
from engine.errors import TrainyardError, first_line
from engine.files import write_text
from engine.judging import deciding_metric
from engine.preparation.prepare import PreparedDataset
from engine.runs import RunState
from engine.sentences import Sentence, to_json
from engine.tasks.base import Task
from engine.training.evaluate import JUDGED
from engine.training.reporter import Ended, RunLost

logger = logging.getLogger(__name__)


def compare_run(data: PreparedDataset, task: Task, files: Artifacts, obey: Callable[[], None]) -> dict[str, Any]:
    """Add the baseline to the evaluation, and return its figures for `run.result`.

    Passes on `RunLost`, and the request to cancel. A stop leaves the baseline out: training is over anyway.
    """
    try:
        baseline = baseline_of(data, task, obey)
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
    _record(baseline, files)
    return _figures(baseline, task)


def _figures(baseline: Baseline, task: Task) -> dict[str, Any]:
    """Its name, its test metrics, and the one on validation that charts compare."""
    if not baseline.name:
        return {}
    found: dict[str, Any] = {"baseline_name": baseline.name}
    found |= {f"baseline_{name}": value for name, value in baseline.metrics.get("test", {}).items()}
    if validation := baseline.metrics.get("validation"):
        decides = deciding_metric(task.objective, validation)
        found[f"baseline_validation_{decides}"] = validation[decides]
    return found


def known_baseline(data: PreparedDataset, task: Task) -> dict[str, Any]:
    """Name and validation figures of the baseline, if known, for `run.environment`: live charts show it from there."""
    baseline = cached_baseline(data, task)
    return {"baseline": {"name": baseline.name, **baseline.metrics.get("validation", {})}} if baseline else {}


def _record(baseline: Baseline, files: Artifacts) -> None:
    """Each judged split gets the baseline with its own metrics."""
    evaluation = files.read_evaluation()
    for split in JUDGED:
        if split in evaluation:
            evaluation[split]["baseline"] = asdict(baseline) | {
                "metrics": baseline.metrics.get(split, {}),
                "problem": to_json(baseline.problem),
            }
    write_text(files.evaluation, json.dumps(evaluation))


def _sentence(error: Exception) -> str:
    if isinstance(error, TrainyardError):
        return error.sentence
    return Sentence("{kind}: {problem}", kind=type(error).__name__, problem=first_line(error))
