"""Wording of states, metrics, values, durations, times, progress, and the places where a run waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from engine.errors import TrainyardError
from engine.imports.titles import dataset_title, own_title
from engine.metrics import metric_named
from engine.runs import RESUMABLE, Run, RunState
from engine.service.commands import write_value
from engine.spec import Choices, Range, Spec
from engine.studies import Domain
from engine.tasks.base import tasks
from ui.documents import explained
from ui.language import N_, _
from ui.sentences import said_plain

if TYPE_CHECKING:
    from engine.store import Lease


@dataclass(frozen=True)
class StateLook:
    """Icon, word and colour of a state: never the colour alone."""

    icon: str
    sign: str
    word: str
    colour: str


STATES: dict[RunState, StateLook] = {
    RunState.QUEUED: StateLook(":material/hourglass_empty:", "○", N_("Queued"), "gray"),
    RunState.RUNNING: StateLook(":material/play_arrow:", "▶", N_("Running"), "blue"),
    RunState.PAUSED: StateLook(":material/pause:", "‖", N_("Paused"), "yellow"),
    RunState.COMPLETED: StateLook(":material/check:", "✓", N_("Completed"), "green"),
    RunState.STOPPED: StateLook(":material/stop:", "■", N_("Stopped"), "orange"),
    RunState.CANCELED: StateLook(":material/block:", "⊘", N_("Canceled"), "gray"),
    RunState.PRUNED: StateLook(":material/content_cut:", "✂", N_("Pruned"), "violet"),
    RunState.FAILED: StateLook(":material/error:", "✕", N_("Failed"), "red"),
}


def state_text(state: RunState) -> str:
    """Sign and word, for a table's cell."""
    look = STATES[state]
    return f"{look.sign} {_(look.word)}"


def resumable(run: Run) -> bool:
    """Whether it can go on from its last checkpoint."""
    return run.state in RESUMABLE


def duration_text(seconds: float) -> str:
    """`42 s`, `3:07` or `1:02:45`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def rough_text(seconds: float) -> str:
    """Return an estimated duration in one unit, as no more is known: `62 s`, `4 min` or `1.5 h`."""
    if seconds < 100:
        return _("{seconds} s").format(seconds=max(1, round(seconds)))
    if seconds < 6_000:
        return _("{minutes} min").format(minutes=round(seconds / 60))
    return _("{hours} h").format(hours=f"{seconds / 3_600:,.1f}")


def run_seconds(run: Run) -> float | None:
    """Return how long it has trained, or None before it began; without the time between its attempts, once known."""
    if run.started_at is None:
        return None
    if run.attempt > 1 and "seconds" in run.result:
        return float(run.result["seconds"])
    return ((run.ended_at or datetime.now(UTC)) - run.started_at).total_seconds()


def local_time(moment: datetime | None) -> str:
    """Date and time where the viewer is."""
    if moment is None:
        return ""
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def title_of(run: Run, section: str) -> str:
    """The registered name of one part of its spec (`dataset`, `model` ...)."""
    return str((run.spec.get(section) or {}).get("name", ""))


def run_title(run: Run) -> str:
    """Return the name that people gave a run, otherwise its number: plain text."""
    return run.name or _("Run {id}").format(id=run.id)


def dataset_of(run: Run) -> str:
    """Return how people call the data of a run: plain text, of imported sets their title."""
    return dataset_title(run.spec.get("dataset") or {})


def part_title(part: Spec) -> str:
    """Return the title of a part of a spec: plain text, of imported data the title that people gave it."""
    return own_title(part.name, part.model_dump()) or _(part.title)


def objective_of(run: Run) -> str:
    """The metric that decides which epoch is best, or "val_loss" when the task is no longer known."""
    try:
        return tasks[title_of(run, "task")].objective
    except TrainyardError:
        return "val_loss"


def metric_text(name: str, value: float | None) -> str:
    """A metric's value: a percentage for shares, four digits otherwise."""
    if value is None:
        return "–"
    return f"{value:.1%}" if is_share(name) else f"{value:.4g}"


def headline_of(run: Run) -> str:
    """The metric that people compare runs by: the task's first that training logs, on validation. Mostly it is the objective."""
    try:
        metrics = tasks[title_of(run, "task")].metrics
    except TrainyardError:
        return objective_of(run)
    return next((f"val_{metric.name}" for metric in metrics if metric.logged), objective_of(run))


def best_text(run: Run) -> str:
    """The headline metric at the best epoch so far, with its name where the number does not tell it."""
    name = headline_of(run)
    text = metric_text(name, run.best.get(name))
    return text if is_share(name) or name not in run.best else f"{metric_label(name.removeprefix('val_'))} {text}"


def best_figure(run: Run) -> tuple[str, str]:
    """Label and text of the headline metric at the best epoch so far."""
    name = headline_of(run)
    word = metric_word(name.removeprefix("val_"))
    if name == objective_of(run):
        label = _("Best validation {metric}").format(metric=word)
    else:  # the best epoch is that of the objective, and the headline may have been higher in another
        label = _("Validation {metric} at the best epoch").format(metric=word)
    return label, metric_text(name, run.best.get(name))


def progress_share(run: Run) -> float:
    """Between 0 and 1; a completed run is at 1 even if it ended early."""
    if run.state == RunState.COMPLETED:
        return 1.0
    if run.total_steps > 0:
        return min(1.0, run.step / run.total_steps)
    return min(1.0, run.epoch / run.total_epochs) if run.total_epochs else 0.0


def starting_text(run: Run) -> str:
    """Return what a run that has been started does before it trains; empty once it trains."""
    if run.state != RunState.RUNNING or (not run.message and run.total_steps):
        return ""
    return said_plain(run.message) or _("Starting the worker")


def progress_text(run: Run, left: float | None) -> str:
    """Epoch, step and time left in one line; before training, what is being prepared."""
    if run.state == RunState.QUEUED and not run.step:
        return _("Not started")
    if starting := starting_text(run):
        return starting
    epoch = min(run.epoch + (1 if _within_epoch(run) else 0), max(run.total_epochs, 1))
    words = [_("Epoch {epoch} of {total}").format(epoch=epoch, total=run.total_epochs)]
    if run.total_steps:
        words.append(_("step {step:,} of {total:,}").format(step=run.step, total=run.total_steps))
    if run.phase and run.state == RunState.QUEUED:
        words.append(_("waits to be evaluated"))
    elif run.state == RunState.RUNNING and (run.phase or (run.total_steps and run.step >= run.total_steps)):
        words.append(_("training finished; evaluating"))
    elif run.state == RunState.RUNNING and left is not None:
        early = (run.spec.get("training") or {}).get("patience", 0) > 0
        text = _("up to about {time} left") if early else _("about {time} left")
        words.append(text.format(time=rough_text(left)))
    elif (seconds := run_seconds(run)) is not None and run.state.final:
        words.append(_("took {time}").format(time=duration_text(seconds)))
    return " · ".join(words)


def _within_epoch(run: Run) -> bool:
    """Whether another epoch has begun after the last one that has ended."""
    if run.state == RunState.RUNNING and not run.phase:
        return True
    ended = run.epoch * run.total_steps / run.total_epochs if run.total_epochs else 0
    return run.state != RunState.COMPLETED and run.step > ended


def queue_text(run: Run, queue: Sequence[int | None], executor: "Lease | None") -> tuple[str, bool]:
    """Return the place of a queued run, and whether something must be done before it can start."""
    if executor is None or not executor.alive:
        return (
            _(
                "No executor is running, so queued runs do not start. The dashboard starts one when "
                "it starts; you can also run: python -m engine executor"
            ),
            True,
        )
    before = queue.index(run.id) if run.id in queue else 0
    busy = [slot.get("run") for slot in executor.info.get("slots", []) if slot.get("run")]
    if before == 0 and busy:
        names = ", ".join(str(i) for i in busy)
        return _("Next in the queue: starts when a slot is free (running now: {runs}).").format(runs=names), False
    if before == 0:
        return _("Next in the queue: starts in a moment."), False
    return _("Waiting: {count} ahead of it in the queue.").format(count=before), False


def metric_label(name: str) -> str:
    """The words for a metric's name, in the viewer's language where they are known."""
    return _(metric_named(name).title)


def metric_word(name: str) -> str:
    """The same inside a sentence: abbreviations keep their capitals."""
    label = metric_label(name)
    return label if not label[1:2].islower() else label[:1].lower() + label[1:]


def metric_help(name: str, words: str = "") -> str | None:
    """The help of a metric: `words`, its formula, and the place on the Learn page that explains it. Markdown."""
    metric = metric_named(name)
    more = explained(_("What it means"), metric.anchor)
    return "\n\n".join(text for text in (words, metric.formula, more) if text) or None


def is_share(name: str) -> bool:
    """Whether a metric lies between 0 and 1 and reads best as a percentage."""
    return metric_named(name).share


_SECTIONS = {
    "task": N_("Task"), "dataset": N_("Dataset"), "model": N_("Model"), "optimizer": N_("Optimizer"),
    "schedule": N_("Schedule"), "augmentation": N_("Augmentation"), "training": N_("Training"),
}  # fmt: skip


def section_title(section: str) -> str:
    """Return the name of a part of a spec."""
    return _(_SECTIONS.get(section, section))


def value_text(value: Any) -> str:
    """A value of a hyperparameter, short."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:.4g}"
    return _(value) if isinstance(value, str) else write_value(value)


def choice_words(domain: Domain) -> dict[Any, str]:
    """The word for each choice; nothing for numbers in a range."""
    return {option: value_text(option) for option in domain.options} if isinstance(domain, Choices) else {}


def domain_text(domain: Domain) -> str:
    """Describe how a hyperparameter is varied."""
    match domain:
        case Choices(options):
            return ", ".join(map(value_text, options))
        case Range(low, high):
            return _("{low} to {high}").format(low=f"{low:g}", high=f"{high:g}")
