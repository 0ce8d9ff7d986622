"""Lines for a terminal with the results of a run: the headline, its figures, and the baseline's."""

import shlex
from typing import Any

from engine import service
from engine.access import Actor
from engine.advice.findings import Headline
from engine.comparing.differences import baseline_metrics
from engine.runs import Run
from engine.service.commands import suggested_command

_PROSE_INDENT = "  - "


def headline_lines(actor: Actor, run: Run) -> list[str]:
    """Return the title, the findings, and what to try next with its command; nothing for a run that has not ended."""
    if not run.state.final:
        return []
    found = service.headlines.of(actor, run)
    lines = [f"{found.title}.", *(f"{_PROSE_INDENT}{finding.sentence}" for finding in found.findings)]
    return [*lines, *_suggested(run, found)]


def _suggested(run: Run, found: Headline) -> list[str]:
    lines = []
    for suggestion in found.suggestions:
        command = suggested_command(run, suggestion)
        lines.append(f"Next: {suggestion.label}. {suggestion.why}")
        lines += [f"  {shlex.join(command)}"] if command else []
    return lines


def result_lines(run: Run) -> list[str]:
    """Return the test figures and the speed, then the baseline to compare them with."""
    result, metrics = run.result, run.parsed().task.metric_names()
    names = [name for name in (*(f"test_{metric}" for metric in metrics), "examples_per_second") if name in result]
    lines = [f"{name.replace('_', ' ')}: {result[name]:.4g}" for name in names]
    return [*lines, *_baseline(result, metrics)]


def baseline_of_run(run: Run) -> dict[str, Any] | None:
    """Return the name and figures of the baseline, for programs; None without a baseline."""
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
        line += " (its search was cut short: time ran out)"
    return [line]
