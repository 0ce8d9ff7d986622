"""Rates of requests: which there are for whom, and what is said when one is used up. Counted in the database."""

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.access import Actor, Origin, Role
from engine.errors import TrainyardError
from engine.limits.ahead import Wanted, ahead_of
from engine.limits.allowances import Allowance
from engine.sentences import Sentence, counted
from engine.settings import settings
from engine.store import Store

MINUTE, HOUR = 60.0, 3_600.0
PREDICTIONS, OPENED, MEGABYTES, ATTEMPTS, REQUESTS = (
    Sentence("predictions"),
    Sentence("opened files"),
    Sentence("MB of uploads"),
    Sentence("attempts"),
    Sentence("requests"),
)


class Exceeded(TrainyardError):  # noqa: N818  # an answer, said in a sentence
    """A limit is used up for now."""

    wait_seconds = 1
    """After which the same request would be taken, if nobody else asks for anything."""


@dataclass(frozen=True)
class Rate:
    """So many of something within a period, for one key; `most` 0: no limit."""

    key: str
    name: Sentence
    unit: Sentence
    most: int
    period_seconds: float
    ahead: bool = False
    """Whether a process may take portions ahead: for what is asked for often."""

    def wanted(self, cost: float) -> Wanted:
        """Return what `cost` of it takes. What costs more than there ever is takes all of it."""
        return Wanted(self.key, min(cost, self.most), self.most, self.period_seconds, self.ahead)

    def allowance(self, whole_at: float, taken_ahead: float) -> Allowance:
        """Return what is left where all of it is back at a time, and so much is taken and not used yet."""
        ahead = max(0.0, whole_at - time.time())
        used = max(0, math.ceil(round(ahead * self.most / self.period_seconds - taken_ahead, 3)))
        left = max(0, self.most - used)
        return Allowance(self.name, used, 0, left, self.unit, whole_at if ahead else None)


def spend(store: Store, rates: Sequence[Rate], cost: float = 1.0) -> None:
    """Take `cost` of each rate, or nothing and raise `Exceeded`."""
    counted_ones = {rate.key: rate for rate in rates if rate.most}
    if not counted_ones or cost <= 0:
        return
    refused = ahead_of(store).take(store, [rate.wanted(cost) for rate in counted_ones.values()])
    if refused:
        key = max(refused, key=refused.__getitem__)
        raise _exceeded(counted_ones[key], refused[key])


def allowances(store: Store, rates: Sequence[Rate]) -> list[Allowance]:
    """Return what is left of each rate that has a limit."""
    counted_ones = [rate for rate in rates if rate.most]
    whole_at = store.rates.whole_at(rate.key for rate in counted_ones)
    taken = ahead_of(store)
    return [rate.allowance(whole_at.get(rate.key, 0.0), taken.left(rate.key)) for rate in counted_ones]


def predictions_of(actor: Actor, demo: str = "") -> list[Rate]:
    """Return the limits of predictions by somebody, with a demo or a run; none where nothing is counted."""
    if (origin := actor.origin) is None:
        return []
    here = settings()
    found = [_of_person(actor, origin)]
    if origin.address:
        name = Sentence("Predictions in a minute from your network")
        found.append(_per_minute(f"p:address:{origin.address}", name, here.address_predictions_per_minute))
    if demo:
        name = Sentence("Predictions in a minute with this model, by all")
        found.append(_per_minute(f"p:demo:{demo}"[:80], name, here.demo_predictions_per_minute))
    name = Sentence("Predictions in a minute on this server, by all")
    return [*found, _per_minute("p:total", name, here.total_predictions_per_minute)]


def _of_person(actor: Actor, origin: Origin) -> Rate:
    if actor.role is Role.VISITOR:
        name = Sentence("Your predictions in a minute")
        key = origin.visitor or origin.address
        return _per_minute(f"p:visitor:{key}", name, settings().visitor_predictions_per_minute)
    name = Sentence("Your predictions in a minute, on pages and by tokens")
    return _per_minute(f"p:person:{_short(actor.name)}", name, settings().member_predictions_per_minute)


def openings_of(actor: Actor) -> list[Rate]:
    """Return the limits of files that are opened for pages; none where nothing is counted."""
    if (origin := actor.origin) is None:
        return []
    here, yours = settings(), Sentence("Files opened for you in a minute")
    if actor.role is Role.VISITOR:
        key, most = f"o:visitor:{origin.visitor or origin.address}", here.visitor_opened_files_per_minute
    else:
        key, most = f"o:person:{_short(actor.name)}", here.member_opened_files_per_minute
    found = [_per_minute(key, yours, most, OPENED)]
    if origin.address:
        all_ = Sentence("Files opened in a minute for your network")
        most = here.address_opened_files_per_minute
        found.append(_per_minute(f"o:address:{origin.address}", all_, most, OPENED))
    return found


def uploads_of(origin: Origin) -> list[Rate]:
    """Return the limits of uploads on pages, in MB."""
    here, hour = settings(), HOUR
    yours, all_ = Sentence("Your uploads in an hour"), Sentence("Uploads in an hour from your network")
    return [
        Rate(f"u:visitor:{origin.visitor or origin.address}", yours, MEGABYTES, here.visitor_upload_mb_per_hour, hour),
        Rate(f"u:address:{origin.address}", all_, MEGABYTES, here.address_upload_mb_per_hour, hour),
    ]


def attempts_of(origin: Origin) -> list[Rate]:
    """Return the limits of logins and codes that somebody tries."""
    here, hour = settings(), HOUR
    yours = Sentence("Your attempts to log in, in an hour")
    all_ = Sentence("Attempts to log in from your network, in an hour")
    found = [Rate(f"a:address:{origin.address}", all_, ATTEMPTS, here.address_attempts_per_hour, hour)]
    if origin.visitor:
        found.append(Rate(f"a:visitor:{origin.visitor}", yours, ATTEMPTS, here.visitor_attempts_per_hour, hour))
    return found


def requests_of(token_id: int) -> list[Rate]:
    """Return the limit of requests with one token."""
    name = Sentence("Requests in a minute with this token")
    return [Rate(f"r:token:{token_id}", name, REQUESTS, settings().token_requests_per_minute, MINUTE, ahead=True)]


def _per_minute(key: str, name: Sentence, most: int, unit: Sentence = PREDICTIONS) -> Rate:
    return Rate(key, name, unit, most, MINUTE, ahead=True)


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _exceeded(rate: Rate, seconds: float) -> Exceeded:
    wait = max(1, math.ceil(seconds))
    error = Exceeded(
        "{name}: the limit of {most:,} {unit} is used up. Try again {wait}.",
        name=rate.name,
        most=rate.most,
        unit=rate.unit,
        wait=wait_words(wait),
    )
    error.wait_seconds = wait
    return error


def wait_words(seconds: int) -> Sentence:
    """Return how long somebody has to wait."""
    if seconds < 2 * MINUTE:
        return counted("in {count} second", "in {count} seconds", count=seconds)
    return counted("in {count} minute", "in {count} minutes", count=math.ceil(seconds / MINUTE))
