"""What an executor does so that people share it fairly: it charges what runs use, and asks some to make way.

Nothing of this happens on an installation of one person. It holds no state that matters: any executor can go on with it.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any

from engine.budgets import Usage, sharing
from engine.budgets.yielding import BUDGET, PREEMPTED
from engine.executor.endings import TERMINAL
from engine.executor.slots import Slot
from engine.runs import Run
from engine.settings import settings
from engine.store import Store

logger = logging.getLogger(__name__)


class Sharing:
    """Looks at the running runs of one store, about once a second."""

    def __init__(self, store: Store, slots: Iterable[Slot]) -> None:
        self._store = store
        self._devices = {slot.name: slot.devices for slot in slots}
        self._charged = 0.0

    def look(self, running: Sequence[tuple[Run, dict[str, Any]]], *, full: bool) -> None:
        """Charge what is due; ask runs to make way whose owners have used up their budget, or one for a short run that waits
        while all slots are `full`."""
        if not running or not sharing():
            return
        if time.monotonic() - self._charged >= settings().charge_seconds:
            self._charged = time.monotonic()
            self._store.budgets.charge_running()
        usages = self._store.budgets.all()
        here = [run for run, _ in running if run.slot != TERMINAL]
        for run in here:
            spent = run.owner in usages and usages[run.owner].spent
            if spent and not run.request and not _nearly_over(run) and self._store.attempts.ask_to_yield(run, BUDGET):
                logger.info("Run %s waits: %s has used up the budget of today.", run.id, run.owner)
        if full and settings().short_run_minutes and not any(run.request == PREEMPTED for run in here):
            self._preempt(usages)

    def _preempt(self, usages: dict[str, Usage]) -> None:
        """Ask the long run of whoever has used most to make way, if the first in line is short and of somebody who has used less."""

        def late(run: Run) -> float:
            return usages[run.owner].late_seconds if run.owner in usages else 0.0

        short = 60 * settings().short_run_minutes
        for run in sorted(self._long_runs(), key=late, reverse=True):
            first = self._store.attempts.next_short(short, self._devices.get(run.slot))
            if first is not None and first.owner != run.owner and late(first) < late(run):
                if self._store.attempts.ask_to_yield(run, PREEMPTED):
                    logger.info("Run %s makes way for run %s, which is short.", run.id, first.id)
                return

    def _long_runs(self) -> list[Run]:
        found = self._store.attempts.without_a_break(60 * settings().preempt_after_minutes)
        return [run for run in found if run.slot != TERMINAL and run.slot in self._devices and not _nearly_over(run)]


def _nearly_over(run: Run) -> bool:
    """Whether a run has no epoch left to train: what remains is evaluated at once."""
    return 0 < run.total_epochs <= run.epoch
