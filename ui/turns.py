"""The queue of people who share an installation, in words: the place of a run, when it will probably begin, and why it waits."""

from collections.abc import Sequence

from engine.budgets.schedule import Why
from engine.service.queueing import Turn
from engine.settings import settings
from ui.language import _, plural
from ui.words import rough_text

_SOON_SECONDS = 5.0


def turn_text(turn: Turn) -> str:
    """Return everything about the turn of a run."""
    return _("{place} {why} {start}").format(place=_place(turn), why=_why(turn), start=_start(turn)).strip()


def start_text(turn: Turn) -> str:
    """Return in few words when a run will probably begin; empty where nobody can tell."""
    if turn.seconds is None or turn.seconds < _SOON_SECONDS:
        return ""
    return _("in about {time}").format(time=rough_text(turn.seconds))


def starts(turns: Sequence[Turn]) -> dict[int, str]:
    """Return for each run that one may look at when it will probably begin."""
    return {turn.run_id: words for turn in turns if turn.run_id is not None and (words := start_text(turn))}


def _place(turn: Turn) -> str:
    before = turn.place - 1
    if not before:
        return _("Next in the queue.")
    return plural("{count} run is before it in the queue.", "{count} runs are before it in the queue.", before).format(
        count=before
    )


def _why(turn: Turn) -> str:
    if turn.why is Why.BUDGET:
        return _(
            "It waits for the budget of its owner: the minutes of today are used, or held for runs that train. At midnight UTC they "
            "return, and the run goes on by itself."
        )
    if turn.why is Why.AT_ONCE:
        return _("It waits until another run of its owner has ended: no more of them may train at once.")
    hours = settings().fair_share_hours
    return _(
        "It waits for a free slot. Whoever has trained least in the last {hours} hours goes first; of one person's runs, the "
        "shorter."
    ).format(hours=hours)


def _start(turn: Turn) -> str:
    if turn.seconds is None or turn.low is None or turn.high is None:
        return ""
    if turn.high < _SOON_SECONDS:
        return _("It starts in a moment.")
    words = _("It will probably start in about {time} ({low} to {high}).")
    low = _("at once") if turn.low < _SOON_SECONDS else rough_text(turn.low)
    return words.format(time=rough_text(turn.seconds), low=low, high=rough_text(turn.high))
