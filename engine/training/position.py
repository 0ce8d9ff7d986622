"""Where an attempt begins: at the run's own checkpoint, at the end of another run's epoch, or at the start."""

import logging
from typing import Any

from engine.training.checkpoint import load_checkpoint
from engine.training.inheritance import Inheritance, describe, untrained
from engine.training.session import Session

logger = logging.getLogger(__name__)


def take_position(session: Session, inherited: Inheritance | None) -> None:
    """Continue from the run's own checkpoint; without one, from its parent's; or begin."""
    model, keeping = session.network.trained, session.keeping
    keeping.about = lambda: _about(session)
    for callback in (session.best, keeping, session.steering):
        callback.set_model(model)
    if inherited and inherited.frozen:
        keeping.more = untrained(session.network)
    if keeping.files.checkpoint.is_file():
        _go_on(session)
    elif inherited:
        _begin_with(session, inherited)


def _about(session: Session) -> dict[str, Any]:
    """Return what a fork must know of this run besides its variables."""
    parts = {"schedule": session.spec.schedule.to_dict(), "task": session.spec.task.to_dict()}
    return describe(session.network, session.keeping.more) | parts


def _begin_with(session: Session, inherited: Inheritance) -> None:
    """Take over the state of another run at the end of an epoch.

    Its best epoch counts: a fork that improves nothing ends with what it began with. Its patience starts again:
    changed values deserve all of it.
    """
    about, position, spec = inherited.about, inherited.position, session.spec
    rate = position.callbacks["steering"]["learning_rate"]
    same_rate = (rate, about["schedule"]) == (spec.optimizer.learning_rate, spec.schedule.to_dict())
    same_loss = spec.task.earlier | about["task"] == spec.task.to_dict()
    inherited.give_rest(session.network, position.epoch * session.batches.steps_per_epoch, same_rate=same_rate)
    known = position.callbacks
    if same_loss or not spec.task.objective.endswith("loss"):
        session.best.set_state(known["best"] | {"wait": 0})
        session.best.best_weights = inherited.best_weights(session.network)
    if "plateau" in known and "plateau" in session.keeping.remembering and same_rate and same_loss:
        session.keeping.remembering["plateau"].set_state(known["plateau"])
    session.report.epoch = position.epoch
    logger.info("Forked: going on with epoch %s.", position.epoch + 1)


def _go_on(session: Session) -> None:
    found = load_checkpoint(session.keeping.files.checkpoint, session.network.trained)
    position = found.position
    for name, state in position.callbacks.items():
        if name in session.keeping.remembering:
            session.keeping.remembering[name].set_state(state)
    session.best.best_weights = found.best
    session.keeping.go_on(position.seconds)
    session.report.epoch, session.report.step, session.report.means = position.epoch, position.step, found.means
    logger.info("Resuming at epoch %s, step %s.", position.epoch + 1, position.step)
