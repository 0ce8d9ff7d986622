"""The runs that need an imported dataset, and deleting it when none does any more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.datasets.base import Dataset
from engine.datasets.stored.base import OwnDataset
from engine.errors import TrainyardError
from engine.imports.own_kinds import own_kind
from engine.imports.sets import OwnSet, describe_set, there_is
from engine.imports.versions import delete_set
from engine.runs import Run, RunState
from engine.sentences import COMMA, Sentence, counted, joined

if TYPE_CHECKING:
    from engine.store import Store

_EVERYTHING = 100_000
_NAMED = 10  # runs that a sentence names


@dataclass(frozen=True)
class Uses:
    """Ids of the runs that were trained on a set, newest first."""

    reference: str
    live: tuple[int, ...] = ()
    """Queued, running or paused."""
    ended: tuple[int, ...] = ()
    others_live: int = 0
    """Number of runs that whoever asks may not look at."""

    @property
    def in_use(self) -> bool:
        """Whether a run needs it that has not ended."""
        return bool(self.live or self.others_live)

    def refusal(self) -> Sentence:
        """Return why it cannot be deleted."""
        if not self.live:
            return counted(
                "The dataset {reference!r} is in use by {count} run of another person, queued, running or paused. Wait for its end.",
                "The dataset {reference!r} is in use by {count} runs of other people, queued, running or paused. Wait for their end.",
                count=self.others_live,
                reference=self.reference,
            )
        return counted(
            "The dataset {reference!r} is in use by run {runs}, queued, running or paused. Stop it first, or wait.",
            "The dataset {reference!r} is in use by runs {runs}, queued, running or paused. Stop them first, or wait.",
            count=len(self.live),
            reference=self.reference,
            runs=_listed(self.live),
        )

    def warning(self) -> Sentence:
        """Return what is lost with it."""
        return counted(
            "Run {runs} used the dataset {reference!r}. Without it, the run cannot be resumed or "
            "show examples; its model stays.",
            "Runs {runs} used the dataset {reference!r}. Without it, they cannot be resumed or show "
            "examples; their models stay.",
            count=len(self.ended),
            reference=self.reference,
            runs=_listed(self.ended),
        )


def _listed(ids: tuple[int, ...]) -> Sentence:
    named, more = joined(map(str, ids[:_NAMED]), COMMA), len(ids) - _NAMED
    return Sentence("{named} and {more} more", named=named, more=more) if more > 0 else named


def set_of(dataset: Dataset) -> OwnSet | None:
    """Return the imported set that a dataset reads; None where it reads none, or the set is not there."""
    if not isinstance(dataset, OwnDataset) or not there_is(dataset.reference, dataset.kind):
        return None
    return dataset.own()


def uses_of(store: "Store", reference: str, seen: Callable[[Run], bool] = lambda _run: True) -> Uses:
    """Return the runs that name this set; those that are not `seen` are counted. Raise `TrainyardError` for a set that does
    not exist."""
    kind = own_kind(describe_set(reference).kind)
    found = [
        run
        for run in store.runs.list(dataset=kind.dataset, limit=_EVERYTHING)
        if run.spec["dataset"].get(kind.field) == reference
    ]
    return Uses(
        reference,
        tuple(run.id for run in found if not run.state.final and seen(run)),
        tuple(run.id for run in found if run.state.final and run.state is not RunState.CANCELED and seen(run)),
        sum(not run.state.final and not seen(run) for run in found),
    )


def delete_own_data(store: "Store", reference: str, uses: Uses | None = None) -> None:
    """Delete a set and everything prepared from it. Raise `TrainyardError` while a run that has not ended uses it."""
    uses = uses or uses_of(store, reference)
    if uses.in_use:
        raise TrainyardError(uses.refusal())
    delete_set(reference)
