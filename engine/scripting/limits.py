"""Runs of which no script can be written, since what they train is not made of a model and a head."""

from engine.runs import RunSpec
from engine.scripting.errors import unwritable
from engine.sentences import COMMA, Sentence, joined
from engine.tasks.base import Task

_OWN = ("assemble", "network", "batch")
"""Methods with code of a task's own that runs around the network: a script would need all that they call."""


def check_writable(spec: RunSpec) -> None:
    """Raise `TrainyardError` where a script would train something else than the run did."""
    task = Sentence("the task {task!r}", task=spec.task.name)
    own = [name for name in _OWN if getattr(type(spec.task), name) is not getattr(Task, name)]
    if own:
        why = Sentence(
            "it has its own {parts}, and a script holds only networks that consist of a model and a head",
            parts=joined(own, COMMA),
        )
        raise unwritable(task, why)
    if spec.moves_targets:
        why = Sentence("its targets move with their pictures in augmentation, which a script does not do")
        raise unwritable(task, why)
