"""Share codes: whoever has one looks at a private run, and does nothing else with it.

Only those who may change the run make codes, so the invited cannot invite. A code counts until it expires, with everything that it
has opened.
"""

import hashlib
import secrets
import time

from engine.access import Action, Actor, Role, Visibility, check
from engine.errors import TrainyardError
from engine.runs import Run
from engine.service.audited import audited
from engine.service.data import check_shown
from engine.service.opened import store
from engine.service.runs import get
from engine.settings import settings
from engine.store.accounts import Account
from engine.store.shares import Share

_DAY = 86_400.0
_SHARES = "shared runs"


@audited("run {run_id}", detail="for {days} days")
def create(actor: Actor, run_id: int, days: float, *, examples: bool = False) -> tuple[Share, str]:
    """Return a new code for a run and its text, which nobody can read again. `examples` confirms that examples of one's own data
    are seen with it."""
    run = get(actor, run_id)
    check(actor, Action.CHANGE, run)
    if run.study_id is not None:
        raise TrainyardError(
            "Run {run} is a trial of study {study}. Change who can see the study instead.",
            run=run_id,
            study=run.study_id,
        )
    longest, most = settings().max_share_days, settings().max_shares
    if not 0 < days <= longest:
        raise TrainyardError(
            "A share code counts for up to {longest:g} days (TRAINYARD_MAX_SHARE_DAYS); {days:g} were given.",
            longest=longest,
            days=days,
        )
    if len(store().shares.of(run_id)) >= most:
        raise TrainyardError(
            "Run {run} has {most} share codes already (TRAINYARD_MAX_SHARES). Revoke one first.", run=run_id, most=most
        )
    check_shown(run.owner, Visibility.SHARED, run.parsed().dataset, examples=examples)
    text = secrets.token_urlsafe(24)
    return store().shares.add(run_id, _digest(text), time.time() + days * _DAY), text


def list_all(actor: Actor, run_id: int) -> list[Share]:
    """Return the codes of a run that have not expired, with who uses them: for those who may make some."""
    check(actor, Action.CHANGE, get(actor, run_id))
    return store().shares.of(run_id)


@audited("run {made.run_id}")
def revoke(actor: Actor, share_id: int) -> Share:
    """Make a code void, and end the looking of all who have used it."""
    share = _changing(actor, share_id)
    store().shares.revoke(share_id)
    return share


@audited("run {made.run_id}", about="{name}")
def refuse(actor: Actor, share_id: int, name: str) -> Share:
    """End the looking of one person, for whom the code does not count again."""
    share = _changing(actor, share_id)
    account = store().accounts.get(name)
    if account is not None:
        store().shares.refuse(share_id, account.id)
    return share


@audited("run {made}")
def redeem(actor: Actor, text: str) -> Run:
    """Let oneself look at the run of a code; return it."""
    check(actor, Action.CREATE, _SHARES)
    account = _own(actor)
    run_id = store().shares.redeem(_digest(text.strip()), account.id)
    if run_id is None:
        raise TrainyardError("This share code is not valid. It was revoked or has expired, or a character is missing.")
    return store().runs.get(run_id)


def received(actor: Actor) -> list[tuple[Run, float]]:
    """Return the runs that one may look at by a code, and until when, in seconds since 1970."""
    check(actor, Action.LOOK, _SHARES)
    account = store().accounts.get(actor.name)
    until = store().shares.runs_for(account.id) if account is not None else {}
    return [(run, until[run.id]) for run in store().runs.get_many(until)]


@audited("run {run_id}")
def leave(actor: Actor, run_id: int) -> None:
    """Look at a run no more that somebody has shared by a code."""
    check(actor, Action.CREATE, _SHARES)
    store().shares.leave(run_id, _own(actor).id)


def _own(actor: Actor) -> Account:
    account = store().accounts.get(actor.name)
    if account is None or actor.role is Role.VISITOR:
        raise TrainyardError("{name!r} has no account: share codes are for people who log in.", name=actor.name)
    return account


def _changing(actor: Actor, share_id: int) -> Share:
    share = store().shares.get(share_id)
    if share is None:
        check(actor, Action.CREATE, _SHARES)
        raise TrainyardError("Share code {number} does not exist any more.", number=share_id)
    check(actor, Action.CHANGE, get(actor, share.run_id))
    return share


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
