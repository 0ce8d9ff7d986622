"""The kinds of sets that can be imported: each modality may bring one."""

from engine.errors import unknown_name
from engine.modalities.base import Modality, modalities
from engine.modalities.own import OwnKind


def own_kinds() -> dict[str, OwnKind]:
    """Return all kinds by name, in the order of their modalities."""
    return {kind.name: kind for modality in modalities.values() for kind in _kinds_of(modality)}


def _kinds_of(modality: Modality) -> tuple[OwnKind, ...]:
    return (modality.own, *modality.more_own) if modality.own else modality.more_own


def own_kind(name: str) -> OwnKind:
    """Return the kind of this name."""
    kinds = own_kinds()
    if name not in kinds:
        raise unknown_name("kind", name, kinds)
    return kinds[name]


def modality_of(kind: str) -> Modality:
    """Return the modality that brings a kind."""
    return next(one for one in modalities.values() if own_kind(kind) in _kinds_of(one))


def kind_of_rows() -> OwnKind:
    """Return the kind that a table is taken for where nothing says otherwise."""
    return next(kind for kind in own_kinds().values() if kind.rows)


def kind_of_cells() -> OwnKind:
    """Return the kind that a column of long texts is taken for, beside one of labels."""
    return next(kind for kind in own_kinds().values() if kind.rewrite_cell and not kind.pairs)


def kind_of_pairs() -> OwnKind:
    """Return the kind that two columns of texts are taken for."""
    return next(kind for kind in own_kinds().values() if kind.pairs)


def kind_of_dataset(name: str) -> OwnKind | None:
    """Return the kind whose sets a dataset reads, or None for one that is not of imported sets."""
    return next((kind for kind in own_kinds().values() if kind.dataset == name), None)


def kinds_by_ending() -> dict[str, OwnKind]:
    """Return the kind of files by the endings of their names, as long as no table says more of them."""
    return {
        ending: kind
        for kind in own_kinds().values()
        if not (kind.told or kind.measured or kind.boxed)
        for ending in kind.endings
    }


def told_kinds() -> list[OwnKind]:
    """Return the kinds whose files have transcripts."""
    return [kind for kind in own_kinds().values() if kind.told]


def measured_kind(name: str) -> OwnKind | None:
    """Return the kind that has the files of another with a number each, or None where none has."""
    files = own_kind(name).endings
    return next((kind for kind in own_kinds().values() if kind.measured and kind.endings == files), None)


def boxed_kinds() -> list[OwnKind]:
    """Return the kinds whose files have boxes."""
    return [kind for kind in own_kinds().values() if kind.boxed]


def free_endings() -> tuple[str, ...]:
    """Return the endings of files of which one alone holds many examples that need no labels."""
    return tuple(ending for kind in own_kinds().values() if kind.free_task for ending in kind.endings)
