"""On what terms somebody queues runs: what is held for each, how many may wait, and whether there is room on the disk.

On an installation of one person there are no terms, and nothing is read.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from engine.access import Action, Actor, Reach, Role, reach
from engine.artifacts import artifacts_of, used_bytes
from engine.budgets import FREE, NO_LIMIT, Estimate, Terms, Usage, sharing, strictest, unknown_estimate, usual_budget
from engine.cost.duration import estimate_unbuilt
from engine.cost.memory import find_gpu
from engine.errors import TrainyardError
from engine.imports.sets import list_sets, set_path
from engine.runs import RunSpec
from engine.service.opened import store
from engine.store.finished import FinishedRun, finished_runs

_KEPT_SECONDS = 30.0
_lock = threading.Lock()
_sizes: dict[tuple[str, str], tuple[float, int]] = {}


def terms_for(actor: Actor, specs: Sequence[RunSpec]) -> Terms:
    """Return the terms on which `actor` queues these runs, or a study. Raises `TrainyardError` where their disk space is used up."""
    if not sharing():
        return FREE
    store().budgets.know(actor.name, exempt=actor.role is Role.ADMIN)
    check_disk(actor)
    return Terms(usage_of(actor).budget.queued, tuple(_estimates(specs, reach(actor, Action.LOOK))))


def usage_of(actor: Actor) -> Usage:
    """Return what somebody uses and may use, by the role that they have now: a budget that was set counts for admins too."""
    found = store().budgets.get(actor.name)
    exempt = actor.role is Role.ADMIN
    known = found.own or found.budget
    own = replace(NO_LIMIT if exempt else usual_budget(), **{part: getattr(known, part) for part in found.set})
    return replace(found, budget=own if exempt else strictest(own, found.taught), own=own)


def _estimates(specs: Sequence[RunSpec], seen: Reach) -> list[Estimate]:
    """Return the estimate of each run, from the finished runs that its owner may look at."""
    past: dict[str, list[FinishedRun]] = {}
    found = []
    for spec in specs:
        known = past.get(spec.model.name)
        if known is None:
            known = past[spec.model.name] = finished_runs(store(), spec.model.name, reach=seen)
        kind = "gpu" if find_gpu(spec.training.device) is not None else "cpu"
        duration = estimate_unbuilt(known, spec, kind)
        found.append(
            Estimate(duration.seconds, max(1.0, duration.high / duration.seconds)) if duration else unknown_estimate()
        )
    return found


def check_disk(actor: Actor) -> None:
    """Raise `TrainyardError` where the disk space that `actor` may use is used up."""
    if not sharing():
        return
    limit = usage_of(actor).budget.disk_mb
    used = disk_used(actor.name, fresh=False) if limit else 0
    if limit and used >= limit * 1_000_000 and (used := disk_used(actor.name)) >= limit * 1_000_000:
        raise TrainyardError(
            "Your runs and datasets take {used:,.0f} MB, and you may use {limit:,.0f} MB. Delete runs on the Runs page or datasets "
            "on the Data page.",
            used=used / 1e6,
            limit=limit,
        )


def disk_used(owner: str, *, fresh: bool = True) -> int:
    """Return the bytes that the runs and imported sets of somebody take; unless `fresh`, as measured at most half a minute ago."""
    key = (store().url, owner)
    with _lock:
        measured, size = _sizes.get(key, (0.0, 0))
    if not fresh and time.monotonic() - measured < _KEPT_SECONDS and measured:
        return size
    folders = [artifacts_of(run_id).folder for run_id in store().budgets.run_ids(owner)]
    folders += [set_path(own.reference) for own in list_sets() if own.owner == owner]
    size = sum(used_bytes(folder) for folder in folders)
    with _lock:
        _sizes[key] = time.monotonic(), size
    return size
