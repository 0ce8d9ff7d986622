"""Estimated cost of a run, from earlier runs."""

from engine.access import Action, Actor, check, reach
from engine.cost import Cost, NetworkFacts
from engine.cost import estimate as estimate_cost
from engine.runs import RunSpec
from engine.service.opened import store


def estimate(actor: Actor, spec: RunSpec, facts: NetworkFacts, *, trial: bool = False) -> Cost:
    """Return parameters, operations, memory and time of a run, or of a trial, before it is launched."""
    check(actor, Action.CREATE, "runs")
    return estimate_cost(store(), spec, facts, trial=trial, reach=reach(actor, Action.LOOK))
