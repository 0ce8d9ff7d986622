"""Why training ended, as a sentence."""

from engine.runs import RunState, Training
from engine.sentences import Sentence


def farewell(training: Training, done: int, state: RunState, *, begun: bool = False, evaluated: bool = False) -> str:
    """Return a sentence that says why training ended after `done` epochs, where it is not obvious.

    `begun`: in the middle of the next epoch.
    """
    epochs = training.epochs
    reached = min(done + 1, epochs) if begun else done
    if state is RunState.COMPLETED and done < epochs:
        return Sentence(
            "Stopped early after epoch {done}: no better result for {patience} epochs.",
            done=done,
            patience=training.patience,
        )
    if state is RunState.STOPPED and evaluated:
        return Sentence(
            "Stopped in epoch {done} of {epochs}. The model is kept and was evaluated; Resume continues from here.",
            done=reached,
            epochs=epochs,
        )
    if state is RunState.STOPPED:
        return Sentence(
            "Stopped in epoch {done} of {epochs}. The model is kept; Resume continues from here.",
            done=reached,
            epochs=epochs,
        )
    if state is RunState.PAUSED:
        return Sentence(
            "Paused in epoch {done} of {epochs}. Resume continues from here.",
            done=reached,
            epochs=epochs,
        )
    if state is RunState.PRUNED:
        return Sentence(
            "Pruned after epoch {done} of {epochs}: other trials were better by then. Resume continues from here.",
            done=done,
            epochs=epochs,
        )
    return ""
