"""The settings of a run, and its card: data with source and licence, seed, versions, hashes, when and on what."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from engine.imports.titles import own_title
from engine.reporting.parts import Facts, Section, Table
from engine.reporting.subject import Subject
from engine.runs import RunSpec
from engine.sentences import Sentence, word
from engine.spec import Spec

_SECTIONS = {
    "task": Sentence("Task"),
    "dataset": Sentence("Dataset"),
    "model": Sentence("Model"),
    "optimizer": Sentence("Optimizer"),
    "schedule": Sentence("Schedule"),
    "augmentation": Sentence("Augmentation"),
    "training": Sentence("Training"),
}


def settings_of_run(subject: Subject) -> Iterator[Section]:
    """Yield what was chosen, and all settings to be opened."""
    if subject.spec is None:
        return
    chosen = subject.spec.flat()
    facts = [(_SECTIONS[name], part_title(part)) for name, part in subject.spec.sections().items() if part.name]
    parts, used = subject.spec.sections(), subject.spec.fields()
    fields = [(parts[name], field) for name, some in used.items() for field in some]
    facts += [
        (word(field.label), _value(getattr(part, field.name)))
        for part, field in fields
        if field.name in chosen and field.label
    ]
    yield Section(Sentence("Settings"), [Facts(facts), _all_settings(subject.spec)])


def _all_settings(spec: RunSpec) -> Table:
    head = (Sentence("Setting"), Sentence("Value"), Sentence("Part"))
    rows = [
        (word(field.label), _value(getattr(part, field.name)), _SECTIONS[name])
        for name, part in spec.sections().items()
        for field in spec.model.used(part)
    ]
    return Table(head, rows, title=Sentence("All settings"), folded=True)


def part_title(part: Spec) -> str:
    """Return the title of a part: of imported data the one that people gave it."""
    return own_title(part.name, part.model_dump()) or word(part.title)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return Sentence("yes") if value else Sentence("no")
    if isinstance(value, float):
        return f"{value:.4g}"
    return word(value) if isinstance(value, str) else str(value)


def card(subject: Subject) -> Iterator[Section]:
    """Yield the data, and what is needed to repeat the run."""
    if subject.spec:
        yield Section(Sentence("Data"), [Facts(data_facts(subject, subject.spec))])
    yield Section(Sentence("Card"), [Facts(_record(subject))])


def data_facts(subject: Subject, spec: RunSpec) -> list[tuple[str, str]]:
    """Return names and values of what is known of the data; empty values are of what is not."""
    dataset = spec.dataset
    counts = subject.prepared.meta["counts"] if subject.prepared else None
    sizes = [sum(counts[split]) for split in ("train", "validation", "test")] if counts else [0, 0, 0]
    words = Sentence(
        "{train:,} to train, {validation:,} to validate, {test:,} to test",
        train=sizes[0],
        validation=sizes[1],
        test=sizes[2],
    )
    return [
        (Sentence("Dataset"), part_title(dataset)),
        (Sentence("Source"), word(dataset.source)),
        (Sentence("Licence"), word(dataset.licence) if dataset.licence else Sentence("none stated")),
        (Sentence("Limits"), word(dataset.limits) if dataset.limits else ""),
        (Sentence("Examples"), words if counts else ""),
        (Sentence("Dataset hash"), str(subject.run.environment.get("dataset_hash", ""))),
    ]


def _record(subject: Subject) -> list[tuple[str, str]]:
    run, known = subject.run, subject.run.environment
    versions = ", ".join(f"{name} {version}" for name, version in known.get("versions", {}).items())
    parent = Sentence("run {run}, epoch {epoch}", run=run.parent_id, epoch=run.parent_epoch) if run.parent_id else ""
    trial = Sentence("trial {trial} of study {study}", trial=run.trial, study=run.study_id) if run.study_id else ""
    seconds = run.result.get("seconds")
    return [
        (Sentence("Run"), str(run.id)),
        (Sentence("State"), word(run.state.value)),
        (Sentence("Owner"), run.owner),
        (Sentence("Forked from"), parent),
        (Sentence("Study"), trial),
        (Sentence("Started"), _moment(run.started_at)),
        (Sentence("Ended"), _moment(run.ended_at)),
        (Sentence("Training time"), f"{seconds:,.0f} s" if isinstance(seconds, int | float) else ""),
        (Sentence("Epochs"), f"{run.epoch} / {run.total_epochs}"),
        (Sentence("Best epoch"), f"{run.best['epoch']:g}" if "epoch" in run.best else ""),
        (Sentence("Parameters"), _count(known.get("num_parameters"))),
        (Sentence("Seed"), str(subject.spec.training.seed) if subject.spec else ""),
        (Sentence("Device"), str(known.get("device", ""))),
        (Sentence("Versions"), versions),
        (Sentence("Commit"), str(known.get("git_commit", ""))),
        (Sentence("Hash of the weights"), str(run.result.get("weights_sha256", ""))),
        (Sentence("Report written"), _moment(datetime.now(UTC))),
    ]


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else ""


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if moment else ""
