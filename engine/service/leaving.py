"""Deleting a person: first their work is stopped, then everything that is theirs goes, then their name.

Each step can be done again: a deletion that was interrupted is simply asked for once more. The account goes last.
"""

import hashlib
import time

from engine.access import Actor
from engine.artifacts import delete_runs
from engine.audit.pseudonyms import new_pseudonym
from engine.errors import TrainyardError
from engine.imports.sets import list_sets
from engine.imports.versions import delete_set, forget_versions
from engine.own_data import uses_of
from engine.runs import RunState
from engine.search.deletion import delete_study
from engine.service import preferences
from engine.service.orphans import settle
from engine.settings import settings
from engine.store import Store

MARK_LETTERS = 8
_LOOK_SECONDS = 0.2
_MORE_SECONDS = 10.0


def mark_of(name: str) -> str:
    """Return the letters in which the names of a member's datasets end."""
    return hashlib.sha256(name.encode()).hexdigest()[:MARK_LETTERS]


def stop_work(store: Store, name: str, by: str) -> None:
    """End all runs and studies of a person, and wait until they have ended."""
    states = store.studies.states()
    for study_id in store.people.all_studies(name):
        if states[study_id].live:
            store.studies.stop(study_id, by)
    asked: set[int] = set()
    until = time.monotonic() + settings().stop_grace_seconds + _MORE_SECONDS
    while live := store.people.live_runs(name):
        for run_id in set(live) - asked:
            _cancel(store, run_id, by)
            asked.add(run_id)
        if time.monotonic() > until:
            raise TrainyardError(
                "Run {run} of {name!r} was asked to end and has not ended yet. Nothing was deleted; try again in a minute.",
                run=live[0],
                name=name,
            )
        settle(store)
        time.sleep(_LOOK_SECONDS if store.people.live_runs(name) else 0)


def forget_everything(actor: Actor, store: Store, name: str) -> str:
    """Delete what an account without live runs has, and the account; return the pseudonym that takes the place of its name."""
    pseudonym = new_pseudonym()
    store.demos.forget(name)
    store.classrooms.forget(name)
    store.labellings.forget(name)
    for study_id in store.people.all_studies(name):
        delete_study(store, study_id)
    delete_runs(store, store.people.all_runs(name))
    for own in list_sets():
        if own.owner == name:
            uses = uses_of(store, own.reference)
            delete_set(own.reference)
            if not (uses.in_use or uses.ended):
                forget_versions(own.name)
    preferences.forget(actor, name)
    store.budgets.forget(name)
    store.people.forget(name, pseudonym)
    store.audit.rename(name, pseudonym, mark_of(name))
    return pseudonym


def _cancel(store: Store, run_id: int, by: str) -> None:
    try:
        store.runs.request_end(run_id, RunState.CANCELED, by)
    except TrainyardError:  # it has just ended, or is gone
        return
