"""Runs: launch, fork, repeat, stop, cancel, pause, resume, steer, rename and delete them; find and list them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine import access
from engine.access import Action, Actor, Visibility, check, reach, visible
from engine.artifacts import delete_run
from engine.budgets import sharing
from engine.errors import TrainyardError
from engine.forks import fork_run
from engine.naming import Naming
from engine.runs import Run, RunSpec, RunState
from engine.service.audited import audited
from engine.service.data import check_data, check_shown
from engine.service.opened import store
from engine.service.orphans import settle
from engine.service.queueing import places_for
from engine.service.terms import terms_for
from engine.store import Event
from engine.store.rows import unknown_run
from engine.store.runs import CHILD, FORKED

_Runs = list[Run]

# -- making them -------------------------------------------------------------------------------------------------------


@audited("run {made}")
def launch(actor: Actor, specs: Sequence[RunSpec], *, slot: str = "", naming: Naming | None = None) -> _Runs:
    """Queue runs, all or none; several are one group. With `slot` this process trains them itself, at once."""
    check(actor, Action.CREATE, "runs")
    for spec in specs:
        check_data(actor, spec.dataset)
    return store().runs.create_group(specs, actor.name, slot, naming=naming, terms=terms_for(actor, specs))


@audited("run {made}", detail="from run {parent_id}, epoch {epoch}")
def fork(
    actor: Actor,
    parent_id: int,
    epoch: int,
    spec: RunSpec,
    *,
    slot: str = "",
    steering: Sequence[dict[str, Any]] = (),
    naming: Naming | None = None,
) -> Run:
    """Queue a run that goes on from the end of an epoch of another. See `engine.forks.fork_run`."""
    check(actor, Action.CREATE, "runs")
    check(actor, Action.USE, get(actor, parent_id))
    check_data(actor, spec.dataset)
    terms = terms_for(actor, [spec])
    return fork_run(store(), parent_id, epoch, spec, actor.name, slot, steering=steering, naming=naming, terms=terms)


@audited("run {made}", detail="like run {run_id}")
def repeat(actor: Actor, run_id: int) -> Run:
    """Queue one run like another: a fork from the same epoch, with the changes of the learning rate that were made."""
    run = get(actor, run_id)
    check(actor, Action.CREATE, "runs")
    check(actor, Action.USE, run)
    check_data(actor, run.parsed().dataset)
    if run.parent_id is not None and run.parent_epoch is not None:
        spec, steering = run.parsed(), run.taken_steering
        return fork(actor, run.parent_id, run.parent_epoch, spec, steering=steering, naming=run.naming)
    spec = run.parsed()
    terms = terms_for(actor, [spec])
    return store().runs.create(spec, actor.name, steering=run.taken_steering, naming=run.naming, terms=terms)


@audited("run {made}", detail="like run {run_id}")
def reseed(actor: Actor, run_id: int, count: int) -> _Runs:
    """Queue `count` runs like this one with other seeds, as one group with it; beside a run of somebody else, as a group of
    their own."""
    run = get(actor, run_id)
    check(actor, Action.CREATE, "runs")
    check(actor, Action.USE, run)
    spec = run.parsed()
    check_data(actor, spec.dataset)
    seeds = [int(member.spec["training"]["seed"]) for member in group(actor, run) or [run]]
    specs = spec.reseeded(count, seeds)
    terms = terms_for(actor, specs)
    if not access.allowed(actor, Action.CHANGE, run):
        return store().runs.create_group(specs, actor.name, steering=run.taken_steering, naming=run.naming, terms=terms)
    return store().runs.repeat(run.id, specs, actor.name, terms)


# -- changing them -----------------------------------------------------------------------------------------------------


@audited("run {run_id}")
def stop(actor: Actor, run_id: int) -> Run:
    """Ask a run to end with a model; it can be resumed."""
    return _end(actor, run_id, RunState.STOPPED)


@audited("run {run_id}")
def cancel(actor: Actor, run_id: int) -> Run:
    """Ask a run to end without a result."""
    return _end(actor, run_id, RunState.CANCELED)


@audited("run {run_id}")
def pause(actor: Actor, run_id: int) -> Run:
    """Ask a run to free its device and to keep its place in the queue."""
    return _end(actor, run_id, RunState.PAUSED)


def _end(actor: Actor, run_id: int, state: RunState) -> Run:
    check(actor, Action.CHANGE, get(actor, run_id))
    return store().runs.request_end(run_id, state, actor.name)


@audited("run {run_id}")
def resume(actor: Actor, run_id: int, *, slot: str = "") -> Run:
    """Put an ended or paused run back into the queue. With `slot` this process trains it itself, at once."""
    _check_again(actor, run_id)
    for _run, demo, version in store().demos.uses([run_id])[:1]:
        raise TrainyardError(
            "Run {run} is version {version} of the demo {demo!r}, and to train it further would change its answers. Fork it "
            "instead.",
            run=run_id,
            version=version,
            demo=demo,
        )
    return store().runs.resume(run_id, actor.name, slot)


@audited("run {run_id}")
def evaluate(actor: Actor, run_id: int, *, slot: str = "") -> Run:
    """Queue the evaluation of a stopped run. With `slot` this process evaluates it itself, at once."""
    _check_again(actor, run_id)
    return store().runs.evaluate(run_id, actor.name, slot)


def _check_again(actor: Actor, run_id: int) -> None:
    """Raise unless the actor may change a run, and may still use its data: whoever has the data may have taken it back since."""
    run = get(actor, run_id)
    check(actor, Action.CHANGE, run)
    try:
        dataset = run.parsed().dataset
    except TrainyardError:  # nobody can read its data any more; the run says so
        return
    check_data(actor, dataset)


@audited("run {run_id}", detail="learning rate {learning_rate}")
def steer(actor: Actor, run_id: int, learning_rate: float) -> Run:
    """Ask a run that has not ended to go on with another learning rate."""
    check(actor, Action.CHANGE, get(actor, run_id))
    return store().runs.steer(run_id, learning_rate, actor.name)


@audited("run {run_id}")
def rename(actor: Actor, run_id: int, naming: Naming) -> Run:
    """Change the name, the note or the tags of a run."""
    check(actor, Action.CHANGE, get(actor, run_id))
    return store().runs.rename(run_id, naming)


@audited("run {run_id}", detail="{visibility}")
def show(actor: Actor, run_id: int, visibility: Visibility, *, examples: bool = False) -> Run:
    """Change who may look at a run. `examples` confirms that examples of one's own data are seen with it."""
    run = get(actor, run_id)
    check(actor, Action.CHANGE, run)
    try:
        dataset = run.parsed().dataset
    except TrainyardError:  # nobody can read its data any more
        return store().runs.show(run_id, visibility, actor.name)
    check_shown(run.owner, visibility, dataset, examples=examples)
    return store().runs.show(run_id, visibility, actor.name)


@audited("run {run_id}")
def delete(actor: Actor, run_id: int) -> None:
    """Forget an ended run and delete its files."""
    check(actor, Action.DELETE, get(actor, run_id))
    delete_run(store(), run_id)


# -- reading them ------------------------------------------------------------------------------------------------------


def get(actor: Actor, run_id: int, action: Action = Action.LOOK) -> Run:
    """Return the run for an action. Of one that the actor may not look at is said what is said of one that is not there.

    A token that is for the action alone finds it, too.
    """
    run = store().runs.get(run_id)
    if run.state is RunState.RUNNING and settle(store()):
        run = store().runs.get(run_id)
    return run if access.allowed(actor, action, run) else look(actor, run)


def look(actor: Actor, run: Run) -> Run:
    """Return a run that was read for others, if the actor may look at it, too."""
    if not access.allowed(actor, Action.LOOK, run):
        raise unknown_run(run.id)
    return run


def get_many(actor: Actor, run_ids: Iterable[int]) -> _Runs:
    """Return those of the runs that there are for the actor, in the order of their ids."""
    wanted = list(run_ids)
    return visible(actor, _settled(lambda: store().runs.get_many(wanted)))


def list_all(
    actor: Actor,
    *,
    states: Iterable[str] | None = None,
    task: str | None = None,
    dataset: str | None = None,
    model: str | None = None,
    owner: str | None = None,
    trials: bool = True,
    limit: int = 1000,
) -> _Runs:
    """Return the newest runs that fit, the newest first. See `Runs.list`."""
    wanted = None if states is None else list(states)
    found = _settled(
        lambda: store().runs.list(
            states=wanted,
            task=task,
            dataset=dataset,
            model=model,
            owner=owner,
            trials=trials,
            limit=limit,
            reach=reach(actor, Action.LOOK),
        )
    )
    return visible(actor, found)


def children(actor: Actor, run_id: int) -> _Runs:
    """Return the runs that were forked from a run, in the order of their start."""
    return visible(actor, store().runs.children(run_id))


def group(actor: Actor, run: Run) -> _Runs:
    """Return the runs that were started together with a run; none where it was started alone."""
    return visible(actor, store().runs.group(run.group_id)) if run.group_id is not None else []


def events(actor: Actor, run: Run) -> list[Event]:
    """Return what happened to a run, oldest first; without what names runs that the actor may not look at."""
    check(actor, Action.LOOK, run)
    found = store().runs.events(run.id)
    named = {event: number for event in found if (number := _named(event)) is not None}
    if not named or reach(actor, Action.LOOK).everything:
        return found
    there = {other.id for other in get_many(actor, named.values())}
    return [event for event in found if event not in named or named[event] in there]


def _named(event: Event) -> int | None:
    """Return the other run of which an event tells."""
    values = getattr(event.text, "values", {})
    return values.get("row", values.get("parent")) if event.kind in (CHILD, FORKED) else None


def queue(actor: Actor) -> list[int | None]:
    """Return the ids of the waiting runs, the next one first; None stands for each that the actor may not look at."""
    check(actor, Action.LOOK, "the queue")
    if sharing():
        return [place.run_id for place in places_for(actor)]
    return store().runs.queue(reach(actor, Action.LOOK))


def evaluated_datasets(actor: Actor) -> list[str]:
    """Return the names of the datasets on which runs have completed, those with most runs first."""
    check(actor, Action.LOOK, "the leaderboards")
    return store().runs.evaluated_datasets(reach(actor, Action.LOOK))


def _settled(read: Callable[[], _Runs]) -> _Runs:
    """Read runs, once more where some of them turned out to be over."""
    found = read()
    running = any(run.state is RunState.RUNNING for run in found)
    return read() if running and settle(store()) else found
