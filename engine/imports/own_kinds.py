"""The kinds of sets that can be imported: each modality may bring one."""

from engine.errors import unknown_name
from engine.modalities.base import Modality, modalities
from engine.modalities.own import OwnKind


def own_kinds() -> dict[str, OwnKind]:
    """Return all kinds by name, in the order of their modalities."""
    return {modality.own.name: modality.own for modality in modalities.values() if modality.own}


def own_kind(name: str) -> OwnKind:
    """Return the kind of this name."""
    kinds = own_kinds()
    if name not in kinds:
        raise unknown_name("kind", name, kinds)
    return kinds[name]


def modality_of(kind: str) -> Modality:
    """Return the modality that brings a kind."""
    return next(one for one in modalities.values() if one.own == own_kind(kind))


def kind_of_rows() -> OwnKind:
    """Return the kind that a table is taken for where nothing says otherwise."""
    return next(kind for kind in own_kinds().values() if kind.rows)


def kind_of_cells() -> OwnKind:
    """Return the kind that a column of long texts is taken for."""
    return next(kind for kind in own_kinds().values() if kind.rewrite_cell)


def kind_of_dataset(name: str) -> OwnKind | None:
    """Return the kind whose sets a dataset reads, or None for one that is not of imported sets."""
    return next((kind for kind in own_kinds().values() if kind.dataset == name), None)


def kinds_by_ending() -> dict[str, OwnKind]:
    """Return the kind of files by the endings of their names."""
    return {ending: kind for kind in own_kinds().values() for ending in kind.endings}
