"""Results of a run, in lines for a terminal: its figures, the baseline, and whether it has learned anything."""

from typing import Any

from engine.comparing.differences import baseline_metrics
from engine.runs import Run


def result_lines(run: Run) -> list[str]:
    """The test figures and the speed, then what they are to be compared with."""
    result, metrics = run.result, run.parsed().task.metric_names()
    names = [name for name in (*(f"test_{metric}" for metric in metrics), "examples_per_second") if name in result]
    lines = [f"{name.replace('_', ' ')}: {result[name]:.4g}" for name in names]
    return [*lines, *_baseline(result, metrics), *_guess(result)]


def baseline_of_run(run: Run) -> dict[str, Any] | None:
    """Name and figures of the baseline, for programs; None where there is none."""
    if "baseline_name" not in run.result:
        return None
    return {"name": run.result["baseline_name"], **baseline_metrics(run), **run.result.get("baseline_fit", {})}


def _baseline(result: dict[str, Any], metrics: tuple[str, ...]) -> list[str]:
    if "baseline_name" not in result:
        return []
    figures = [f"test {name} {result[f'baseline_{name}']:.4g}" for name in metrics if f"baseline_{name}" in result]
    line = f"baseline: {result['baseline_name'].replace('-', ' ')}, {', '.join(figures)}"
    fit = result.get("baseline_fit", {})
    if fit and fit["examples"] < fit["available"]:
        line += f" (fitted on {fit['examples']:,} of {fit['available']:,} training examples)"
    if fit and not fit["complete"]:
        line += " (its search was cut short: time was out)"
    return [line]


def _guess(result: dict[str, Any]) -> list[str]:
    """A warning where the network is no better than one answer to everything."""
    if not result.get("guess_no_worse"):
        return []
    name = result["guess_metric"]
    return [
        f"The network is not better than always answering {result['guess_answer']!r}, which reaches a test {name} of "
        f"{result[f'guess_{name}']:.4g}. It has learned nothing that helps."
    ]
