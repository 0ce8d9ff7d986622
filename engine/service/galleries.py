"""Galleries: whom a run's network is to recognise. Only who may change the run sees or changes them: they hold personal data."""

from pathlib import Path

from engine import galleries
from engine.access import Action, Actor, check
from engine.galleries import Enrolled
from engine.runs import Run
from engine.service.audited import audited


def list_all(actor: Actor, run: Run) -> list[Enrolled]:
    """Return all pictures, by name."""
    check(actor, Action.CHANGE, run)
    return galleries.enrolled(run.id)


def place(actor: Actor, run: Run) -> Path:
    """Return the folder in which they are kept."""
    check(actor, Action.CHANGE, run)
    return galleries.gallery_path(run.id)


@audited("run {run}")
def enrol(actor: Actor, run: Run, name: str, picture: bytes) -> Enrolled:
    """Keep a picture, a PNG of our own making, under a name."""
    check(actor, Action.CHANGE, run)
    return galleries.enrol(run.id, name, picture)


@audited("run {run}")
def forget(actor: Actor, run: Run, name: str) -> int:
    """Delete all pictures of a name; return how many there were."""
    check(actor, Action.CHANGE, run)
    return galleries.forget(run.id, name)


@audited("run {run}")
def delete(actor: Actor, run: Run) -> None:
    """Delete all pictures."""
    check(actor, Action.CHANGE, run)
    galleries.delete_gallery(run.id)
