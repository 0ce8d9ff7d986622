"""Forking: a new run continues from the end of a kept epoch of another, with some of its values changed.

Weights, the optimizer's state, seeds and the best epoch so far come from there; the data and the shape of the
network must stay. The new run has a copy of its starting state: nothing that happens to its parent later affects it.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from engine.artifacts import artifacts_of, share_file
from engine.budgets import FREE, Terms
from engine.epochs import epoch_file, kept_epochs
from engine.errors import TrainyardError
from engine.models.base import DESCENT
from engine.naming import Naming
from engine.runs import Run, RunSpec, RunState, Training
from engine.sentences import word
from engine.settings import settings
from engine.spec import Range, Spec
from engine.store import Store


def fork_run(
    store: Store,
    parent_id: int,
    epoch: int,
    spec: RunSpec,
    owner: str = "",
    slot: str = "",
    *,
    steering: Sequence[dict[str, Any]] = (),
    naming: Naming | None = None,
    terms: Terms = FREE,
) -> Run:
    """Queue a run that continues from the end of `epoch` (from 1) of a run, with the values of `spec`.

    Its first epoch is the next one, up to `spec.training.epochs`. With `slot` the caller trains it itself, at once.
    With the `steering` of another fork its own changes are repeated. Raise `TrainyardError` where the parent or the
    values do not allow it.
    """
    parent = store.runs.get(parent_id)
    check_kept(parent, epoch)
    check_fork(parent.parsed(), spec, epoch)

    def prepare(run: Run) -> None:
        files = artifacts_of(run.id)
        try:
            share_file(epoch_file(artifacts_of(parent_id), epoch), files.start)
            files.publish(run.attempt)
        except OSError as error:
            shutil.rmtree(files.folder, ignore_errors=True)  # its number will be given to another run
            check_kept(parent, epoch)  # it may have been deleted this very moment
            raise TrainyardError(
                "Epoch {epoch} of run {parent} cannot be copied: {problem}. Check free disk space in "
                "TRAINYARD_HOME, then fork it again.",
                epoch=epoch,
                parent=parent_id,
                problem=error.strerror,
            ) from error

    return store.runs.fork(
        parent, epoch, spec, owner, slot, steering=steering, naming=naming, terms=terms, prepare=prepare
    )


def fork_spec(parent: Run, epoch: int, changes: dict[str, Any]) -> RunSpec:
    """Return the values of a run at the end of `epoch` with flat `changes`, as `RunSpec.build` takes them: names of parts and
    of their fields."""
    return spec_at(parent, epoch).changed(changes)


def spec_at(parent: Run, epoch: int) -> RunSpec:
    """Return the values of a run with the learning rate requested last by the end of `epoch`: it may have been changed
    by hand while the run trained."""
    spec = parent.parsed()
    steps = epoch * parent.total_steps // max(1, parent.total_epochs)
    rates = [change["learning_rate"] for change in parent.taken_steering if change["step"] <= steps]
    if not rates:
        return spec
    return replace(spec, optimizer=spec.optimizer.model_copy(update={"learning_rate": rates[-1]}))


def check_fork(parent: RunSpec, child: RunSpec, epoch: int) -> None:
    """Raise `TrainyardError` with a sentence where a fork at `epoch` cannot have the values of `child`."""
    _check_fits(parent.model.fits, parent.model.name)
    for section in ("task", "dataset", "model", "optimizer"):
        before, after = getattr(parent, section), getattr(child, section)
        if before.name != after.name:
            raise TrainyardError(
                "A fork keeps the {section} of its parent, which is {before!r}, not {after!r}. Start a new run "
                "to change it.",
                section=section,
                before=before.name,
                after=after.name,
            )
        for name in _fixed_fields(section, type(before)):
            was, wanted = getattr(before, name), getattr(after, name)
            if was != wanted:
                raise TrainyardError(
                    "A fork keeps {field} of its parent, which is {was}, not {wanted}: otherwise the "
                    "weights would not fit, or would not mean the same. Start a new run to change it.",
                    field=name.replace("_", " "),
                    was=was,
                    wanted=wanted,
                )
    limits = (field.domain for field in Training.fields() if field.name == "epochs")
    most = next(int(limit.high) for limit in limits if isinstance(limit, Range))
    if epoch >= most:
        raise TrainyardError(
            "A run has at most {most} epochs, so it cannot continue after epoch {epoch}. Fork an earlier one.",
            most=most,
            epoch=epoch,
        )
    if child.training.epochs <= epoch:
        raise TrainyardError(
            "A fork at epoch {epoch} continues with epoch {next_epoch}, but the run would end after "
            "epoch {epochs}. Set epochs to {next_epoch} or more.",
            epoch=epoch,
            next_epoch=epoch + 1,
            epochs=child.training.epochs,
        )


def _check_fits(fits: str, model: str) -> None:
    if fits != DESCENT:
        raise TrainyardError(
            "A run of {model!r} cannot be forked: its trees are grown one after the other, and it resumes or repeats in "
            "seconds. Start a new run with other values.",
            model=model,
        )


def changeable_fields(spec: RunSpec) -> dict[str, list[str]]:
    """Return the fields that a fork may change, by section of a form."""
    return {
        section: [name for name in type(part).model_fields if name not in _fixed_fields(section, type(part))]
        for section, part in spec.sections().items()
    }


def _fixed_fields(section: str, part: type[Spec]) -> Iterator[str]:
    """Return the fields of a part that a fork cannot change: all of a dataset, and those that decide a network's shape."""
    if section in ("task", "dataset", "model"):
        yield from (field.name for field in part.fields() if section == "dataset" or not field.forkable)


def check_kept(parent: Run, epoch: int) -> None:
    """Raise `TrainyardError` with the reason where `epoch` of a run cannot be forked."""
    if parent.study_id is not None:
        raise TrainyardError(
            "Run {parent} is a trial of study {study}, and trials do not keep epochs. Start a run "
            "with its values and fork that one.",
            parent=parent.id,
            study=parent.study_id,
        )
    _check_fits(parent.fits, (parent.spec.get("model") or {}).get("name", ""))
    kept = kept_epochs(parent.id)
    if epoch in kept:
        return
    if kept:
        listed = ", ".join(map(str, kept))
        raise TrainyardError(
            "Epoch {epoch} of run {parent} was not kept. These were: {listed}.",
            epoch=epoch,
            parent=parent.id,
            listed=listed,
        )
    if parent.state is RunState.CANCELED:
        raise TrainyardError("Run {parent} was canceled and nothing was kept.", parent=parent.id)
    if not settings().kept_epochs:
        raise TrainyardError("No epochs are kept: TRAINYARD_KEPT_EPOCHS is 0. Set it to 1 or more, and train again.")
    if not parent.state.final:
        raise TrainyardError(
            "Run {parent} is {state} and has not kept an epoch yet. Wait until it has, then fork it.",
            parent=parent.id,
            state=word(parent.state),
        )
    if parent.epoch <= (parent.parent_epoch or 0):
        raise TrainyardError(
            "Run {parent} has not completed an epoch, so there is nothing to fork. Start a new run.", parent=parent.id
        )
    raise TrainyardError(
        "No epoch of run {parent} is kept any more: kept epochs are deleted first when runs are over "
        "TRAINYARD_DISK_BUDGET_MB. Start a run with its values, or raise the budget.",
        parent=parent.id,
    )
