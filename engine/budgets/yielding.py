"""Requests of the installation itself: a run writes its checkpoint, frees its device, and waits in the queue to go on."""

from engine.sentences import Sentence

BUDGET, PREEMPTED, ASKED = "budget", "preempted", "asked"
YIELDS: dict[str, Sentence] = {
    BUDGET: Sentence(
        "The budget of its owner for today is used up. It continues from here by itself when the budget returns."
    ),
    ASKED: Sentence("An admin asked it to make way for others. It continues from here by itself."),
    PREEMPTED: Sentence("It made way for a short run of somebody else. It continues from here by itself."),
}
"""The requests, with what the run says while it waits."""
