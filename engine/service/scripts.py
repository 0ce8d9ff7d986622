"""A run as one Keras script that needs no Trainyard."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.access import Action, Actor, check
from engine.runs import Run

if TYPE_CHECKING:
    from engine.scripting.files import ScriptFiles


def write(actor: Actor, run: Run, writer: "Callable[[Run], ScriptFiles]") -> "ScriptFiles":
    """Return the files of a run's script. The `writer` knows Keras: the predictor, or the process of a command."""
    check(actor, Action.USE, run)
    return writer(run)
