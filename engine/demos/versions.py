"""Which version of a demo answers, and which may become one."""

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.runs import Run, RunState
from engine.sentences import Sentence, word
from engine.store.demos import Demo, Version

_WITH_MODEL = (RunState.COMPLETED, RunState.STOPPED, RunState.PRUNED)


def version_of(demo: Demo, wanted: int | str | None = None) -> Version:
    """Return a version by its number or its label, the current one where nothing is named."""
    number = demo.current if wanted is None else demo.labels.get(wanted) if isinstance(wanted, str) else wanted
    if number is not None and number in demo.versions:
        return demo.versions[number]
    if isinstance(wanted, str):
        raise TrainyardError("The demo {demo!r} has no label {label!r}.", demo=demo.name, label=wanted[:80])
    raise TrainyardError("The demo {demo!r} has no version {version}.", demo=demo.name, version=wanted or 0)


def check_publishable(run: Run, model_there: bool) -> None:
    """Raise unless a run has ended and left a model: what is published must not change any more."""
    if run.state not in _WITH_MODEL or not model_there:
        raise TrainyardError(
            "Run {run} is {state}; only a run that has ended with a model can be published.",
            run=run.id,
            state=word(run.state.value),
        )


def check_alike(demo: Demo, task: str) -> None:
    """Raise where a version would take or answer something else than those before: programs rely on that."""
    known = next(iter(demo.versions.values()), None)
    if known is not None and known.spec["task"]["name"] != task:
        raise TrainyardError(
            "The demo {demo!r} is of the task {known}, and this run of {task}. Publish it under another name.",
            demo=demo.name,
            known=word(known.spec["task"]["name"]),
            task=word(task),
        )


def check_unused(demo: Demo, number: int) -> None:
    """Raise where a version cannot be withdrawn."""
    version_of(demo, number)
    labels = [label for label, labelled in demo.labels.items() if labelled == number]
    if number == demo.current:
        raise TrainyardError(
            "Version {version} of {demo!r} is the current one. Make another version the current one first.",
            version=number,
            demo=demo.name,
        )
    if labels or number == demo.beside:
        where = Sentence("has the label {label!r}", label=labels[0]) if labels else Sentence("is shown beside it")
        raise TrainyardError(
            "Version {version} of {demo!r} {where}. Change that first.", version=number, demo=demo.name, where=where
        )


def same_inputs(one: DataInfo | None, other: DataInfo | None) -> bool:
    """Return whether two networks take the same inputs, as far as that is known."""
    if one is None or other is None:
        return True
    return [column.name for column in one.columns] == [column.name for column in other.columns]
