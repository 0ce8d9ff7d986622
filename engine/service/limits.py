"""What somebody may still use: limits of requests, and the budget of a member."""

from engine.access import LIMITS, Action, Actor, allowed, check
from engine.limits.allowances import Allowance
from engine.limits.rates import allowances, attempts_of, openings_of, predictions_of, requests_of, uploads_of
from engine.service import budgets
from engine.service.opened import store


def list_all(actor: Actor, demo: str = "") -> list[Allowance]:
    """Return what limits the actor, those of one demo or run included; nothing where nothing is counted."""
    check(actor, Action.LOOK, LIMITS)
    origin = actor.origin
    if origin is None:
        return []
    rates = [*predictions_of(actor, demo), *openings_of(actor)]
    rates += requests_of(origin.token) if origin.token else [*uploads_of(origin), *attempts_of(origin)]
    own = budgets.allowances(actor) if allowed(actor, Action.CREATE, "runs") else []
    return [*allowances(store(), rates), *own]
