"""Files that runs leave: logs, evaluations, per-example predictions, kept epochs."""

from engine.access import Action, Actor, check
from engine.artifacts import Artifacts, artifacts_of
from engine.epochs import kept_epochs
from engine.probes import ProbeReader
from engine.runs import Run


def files(actor: Actor, run: Run) -> Artifacts:
    """Return where the files of a run are, and how they are read."""
    check(actor, Action.LOOK, run)
    return artifacts_of(run.id)


def epochs(actor: Actor, run: Run) -> list[int]:
    """Return the epochs of a run from which it can be forked."""
    check(actor, Action.LOOK, run)
    return kept_epochs(run.id)


def probes(actor: Actor, run: Run) -> ProbeReader:
    """Return a reader of the fixed examples of a run with their answers at epoch ends."""
    check(actor, Action.LOOK, run)
    return ProbeReader(artifacts_of(run.id).probes)
