"""The evaluation of a run as plain text: to file away, to mail, to compare."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from engine.errors import TrainyardError
from engine.runs import Run, RunSpec
from engine.tasks.base import tasks
from ui.evaluation.baselines import baseline_sentence, guess_sentence
from ui.language import _
from ui.predictions import Renderer, renderer_for
from ui.words import dataset_of, metric_label, metric_text, objective_of, state_text, title_of


def report_text(run: Run, evaluation: Mapping[str, Any]) -> str:
    """Return when and on what the run was trained, and its evaluation on each split."""
    task = title_of(run, "task")
    renderer = renderer_for(tasks[task].prediction) if task in tasks else Renderer()
    parts = [_heading(run)]
    for split, title in (("test", _("Test split")), ("validation", _("Validation split"))):
        if evaluation.get(split):
            parts.append(_evaluation(title, evaluation[split], run, renderer))
    return "\n\n".join(parts) + "\n"


def _heading(run: Run) -> str:
    versions = run.environment.get("versions", {})
    facts = [
        (_("Name"), run.name),
        (_("State"), state_text(run.state)),
        (_("Task"), title_of(run, "task")),
        (_("Dataset"), dataset_of(run)),
        (_("Dataset hash"), str(run.environment.get("dataset_hash", ""))),
        (_("Model"), title_of(run, "model")),
        (_("Parameters"), _number(run.environment.get("num_parameters"))),
        (_("Owner"), run.owner),
        (_("Tags"), ", ".join(run.tags)),
        (_("Note"), run.note),
        (_("Started"), _moment(run.started_at)),
        (_("Ended"), _moment(run.ended_at)),
        (_("Best epoch"), _number(run.result.get("best_epoch"))),
        (_("Settings"), _settings(run)),
        (_("Device"), str(run.environment.get("device", ""))),
        (_("Versions"), ", ".join(f"{name} {version}" for name, version in versions.items())),
        (_("Commit"), str(run.environment.get("git_commit", ""))),
        (_("Hash of the weights"), str(run.result.get("weights_sha256", ""))),
    ]
    title = _("Report of run {id}").format(id=run.id)
    return "\n".join([title, "=" * _width(title), "", *aligned([fact for fact in facts if fact[1]])])


def _settings(run: Run) -> str:
    """Return the settings that differ from the defaults, as on a command line."""
    try:
        return " ".join(f"{name}={value}" for name, value in RunSpec.from_dict(run.spec).flat().items())
    except TrainyardError:
        return ""


def _evaluation(title: str, evaluated: Mapping[str, Any], run: Run, renderer: Renderer) -> str:
    lines = [title, "-" * _width(title), ""]
    lines += aligned([(metric_label(name), metric_text(name, value)) for name, value in evaluated["metrics"].items()])
    task = title_of(run, "task")
    shown = tasks[task].metric_names() if task in tasks else ()
    for sentence in (baseline_sentence(evaluated, objective_of(run), shown), guess_sentence(evaluated)):
        lines += ["", sentence] if sentence else []
    if rows := renderer.report(evaluated):
        lines += ["", *aligned(rows)]
    return "\n".join(lines)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns below each other: words to the left; to the right what follows, where there are several columns."""
    flat = [[_one_line(text) for text in row] for row in rows]
    widths = [max(_width(text) for text in column) for column in zip(*flat, strict=True)]
    many = len(widths) > 2
    return [
        "  ".join(_padded(text, width, right=many and i > 0) for i, (text, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in flat
    ]  # fmt: skip


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _padded(text: str, width: int, *, right: bool) -> str:
    gap = " " * (width - _width(text))
    return gap + text if right else text + gap


def _width(text: str) -> int:
    """Columns of a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if moment else ""


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else ""
