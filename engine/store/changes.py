"""Changes that people request of runs: end, pause, resume, another learning rate.

Each function does its part of one write transaction, which the store begins and ends.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select, update

from engine.budgets.yielding import YIELDS
from engine.errors import TrainyardError
from engine.models.base import models
from engine.optimizers import optimizers
from engine.processes import describe_process
from engine.runs import RESUMABLE, Run, RunState
from engine.sentences import Sentence, word
from engine.settings import settings
from engine.store.charging import begins_to_use, holds_again
from engine.store.rows import unknown_run, write_event
from engine.store.schema import runs

STEER = "steer"
"""Return value of `Attempts.report` where the learning rate was changed and the worker has not taken it yet."""


def ask_to_end(db: Connection, run_id: int, state: RunState, by: str, now: float) -> bool:
    """Ask a running run to end in `state`; one that waits does so at once. False where nothing can be asked of it."""
    who = by_whom(by)
    columns = (runs.c.state, runs.c.request, runs.c.phase)
    row = db.execute(select(*columns).where(runs.c.id == run_id).with_for_update()).one_or_none()
    if row is None:
        return False
    if row.state == RunState.RUNNING:
        asked = "" if row.request in YIELDS else row.request
        if asked == RunState.CANCELED or (asked and state is RunState.PAUSED):
            return True  # it will end in a way that keeps less
        db.execute(update(runs).where(runs.c.id == run_id).values(request=state.value))
    elif row.state == RunState.QUEUED or (row.state == RunState.PAUSED and state is not RunState.PAUSED):
        values: dict[str, Any] = {"request": "", "phase": "", "ended_at": now}
        if state is RunState.PAUSED:
            values |= {
                "state": state,
                "message": Sentence("Paused{who} in the queue. Resume puts it back in its place.", who=who),
            }
        else:
            ends = case((runs.c.attempt > 0, state.value), else_=RunState.CANCELED.value)
            queued = Sentence("Removed from the queue{who} before it began.", who=who)
            values |= {
                "state": ends,
                "message": Sentence("The model is kept; it was not evaluated.")
                if row.phase and state is RunState.STOPPED
                else queued
                if row.state == RunState.QUEUED
                else Sentence("Ended{who} while it was paused.", who=who),
            }
        db.execute(update(runs).where(runs.c.id == run_id).values(**values))
    else:
        return bool(row.state == state == RunState.PAUSED)
    words = Sentence("Requested{who} to end as {state}.", who=who, state=word(state))
    if state is RunState.PAUSED:
        words = Sentence("Pause requested{who}.", who=who)
    write_event(db, run_id, "request", words, now)
    return True


def put_back(db: Connection, run_id: int, by: str, slot: str, now: float, phase: str = "") -> bool:
    """Queue a run that was stopped, or start it in `slot`; a paused one gets its old place. False for any other.

    With `EVALUATING` as its phase it is only evaluated: that takes a stopped run that is no trial.
    """
    able: list[ColumnElement[bool]] = [runs.c.state.in_([s.value for s in RESUMABLE])]
    if phase:
        able = [runs.c.state == RunState.STOPPED, runs.c.study_id.is_(None)]
    place = case((runs.c.state == RunState.PAUSED, runs.c.queued_at), else_=now)
    values: dict[str, Any] = {"state": RunState.QUEUED, "request": "", "message": "", "queued_at": place, "restarts": 0}
    values["phase"] = phase
    if slot:
        values |= {
            "state": RunState.RUNNING,
            "attempt": runs.c.attempt + 1,
            "heartbeat_at": now,
            "worker": describe_process(),
        }
        values |= {"started_at": func.coalesce(runs.c.started_at, now), **begins_to_use(now)}
    if not phase:
        values |= holds_again()
    done = db.execute(
        update(runs).where(runs.c.id == run_id, *able).values(**values, slot=slot, ended_at=None)
    ).rowcount
    if done:
        who = by_whom(by)
        words = (
            Sentence("Resumed on {slot}{who}.", slot=slot, who=who)
            if slot
            else Sentence("Back in the queue{who}.", who=who)
        )
        if phase:
            words = Sentence("To be evaluated{who}.", who=who)
        write_event(db, run_id, phase or "resumed", words, now)
    return bool(done)


def by_whom(by: str) -> Sentence:
    """Return who has asked for something, as a part of the sentence that says what; nothing where nobody is named."""
    return Sentence(" by {by}", by=by) if by else Sentence("")


def steer(db: Connection, run_id: int, learning_rate: float, by: str, now: float) -> None:
    """Write down that the learning rate is to change. Raises `TrainyardError` where it cannot."""
    columns = (runs.c.state, runs.c.spec, runs.c.steering, runs.c.study_id)
    row = db.execute(select(*columns).where(runs.c.id == run_id).with_for_update()).one_or_none()
    if row is None:
        raise unknown_run(run_id)
    if RunState(row.state).final:
        raise TrainyardError(
            "Run {run} is {state}; the learning rate can only be changed until a run has ended. Fork "
            "it at an epoch to continue with another learning rate.",
            run=run_id,
            state=word(row.state),
        )
    if row.study_id is not None:
        raise TrainyardError(
            "Run {run} is a trial of study {study}: the study chooses its learning rate, and trials are compared by it.",
            run=run_id,
            study=row.study_id,
        )
    model = row.spec["model"]["name"]
    if model in models and "optimizer" in models[model].unused:
        raise TrainyardError(
            "Run {run} has no optimizer whose learning rate could be changed: model {model!r} takes no steps.",
            run=run_id,
            model=model,
        )
    rate = _checked(row.spec["optimizer"], learning_rate)
    taken = [change for change in row.steering if change["step"] is not None]
    if len(taken) >= settings().max_steering:
        raise TrainyardError(
            "The learning rate of run {run} was changed {taken} times, and TRAINYARD_MAX_STEERING allows no "
            "more. Choose a schedule, or fork the run.",
            run=run_id,
            taken=len(taken),
        )
    steering = [*taken, {"step": None, "learning_rate": rate}]
    db.execute(update(runs).where(runs.c.id == run_id).values(steering=steering))
    who = by_whom(by)
    write_event(
        db, run_id, "steer", Sentence("Learning-rate change to {rate:g} requested{who}.", who=who, rate=rate), now
    )


def take_steering(db: Connection, run: Run, step: int, now: float) -> list[dict[str, Any]]:
    """Write down that the worker applies what was asked for after `step` updates; all changes, in their order."""
    mine = (runs.c.id == run.id, runs.c.attempt == run.attempt, runs.c.state == RunState.RUNNING)
    row = db.execute(select(runs.c.steering).where(*mine).with_for_update()).one_or_none()
    if row is None:
        return []
    changes: list[dict[str, Any]] = []
    for change in row.steering:
        if change["step"] is None:  # never before one that is to be repeated later
            at = max([step, *(known["step"] for known in changes)])
            change = change | {"step": at}
            rate = change["learning_rate"]
            write_event(
                db, run.id, "steered", Sentence("Learning rate {rate:g} from step {at} on.", rate=rate, at=at), now
            )
        changes.append(change)
    if changes != row.steering:
        db.execute(update(runs).where(*mine).values(steering=changes))
    return changes


def _checked(optimizer: dict[str, Any], learning_rate: float) -> float:
    """The rate, if the run's optimizer takes it. Raises `TrainyardError` with the bounds otherwise."""
    values = {name: value for name, value in optimizer.items() if name != "name"}
    return optimizers[optimizer["name"]].parse(values | {"learning_rate": learning_rate}).learning_rate
