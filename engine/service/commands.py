"""Commands of a terminal that do what a page does."""

from typing import Any

from engine.advice.findings import Suggestion
from engine.forks import spec_at
from engine.runs import PARTS, Run, RunSpec, choose_parts


def train_command(spec: RunSpec) -> list[str]:
    """Return the words that train a spec: dataset, model, and what differs from the defaults."""
    usual = choose_parts({"dataset": spec.dataset.name})
    flat = {
        name: value
        for name, value in spec.flat().items()
        if name in ("dataset", "model") or name not in PARTS or value != usual[name].name
    }
    return ["python", "-m", "engine", "train", *(word for name, value in flat.items() for word in flag(name, value))]


def fork_command(parent: Run, epoch: int, spec: RunSpec) -> list[str]:
    """Return the words that go on from an epoch of a run with the values of `spec`."""
    before = spec_at(parent, epoch).values()
    changed = {name: value for name, value in spec.values().items() if before.get(name) != value}
    if spec.schedule.name != parent.parsed().schedule.name:
        changed = {"schedule": spec.schedule.name} | changed
    flags = [word for name, value in changed.items() for word in flag(name, value)]
    return ["python", "-m", "engine", "fork", str(parent.id), "--epoch", str(epoch), *flags]


def suggested_command(run: Run, suggestion: Suggestion) -> list[str]:
    """Return the words that follow a suggestion; none where a terminal has no command for it."""
    if suggestion.resume:
        return ["python", "-m", "engine", "resume", str(run.id)]
    if suggestion.fork:
        return fork_command(run, suggestion.fork, spec_at(run, suggestion.fork).changed(suggestion.values))
    if suggestion.seeds:
        return train_command(run.parsed().reseeded(1)[0])
    return train_command(run.parsed().changed(suggestion.values)) if suggestion.values else []


def flag(name: str, value: Any) -> list[str]:
    """Return one value as words of a command line."""
    name = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    return [f"--{name}", write_value(value)]


def write_value(value: Any) -> str:
    """Return the text of one value in an address or on a command line."""
    return (
        str(value).lower() if isinstance(value, bool) else f"{value:.10g}" if isinstance(value, float) else str(value)
    )
