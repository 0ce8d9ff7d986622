"""Base of the datasets of imported sets: a field names the set, and the set knows the rest."""

from collections import Counter
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from engine.advice.defaults import Facts
from engine.datasets.base import Examples, UnsplitDataset
from engine.errors import TrainyardError
from engine.imports.collected import Stored, mean_size_bytes, read_stored
from engine.imports.own_kinds import own_kind
from engine.imports.sets import REFERENCE, OwnSet, find_set, gone, list_sets, there_is
from engine.imports.splits import fixed_splits, joined_groups
from engine.sentences import Sentence
from engine.settings import settings

REFERENCE_OR_NONE = Field(pattern=rf"^({REFERENCE.pattern})?$")
"""Marks the field of an imported dataset that names the set; empty while none is chosen."""


class OwnDataset(UnsplitDataset):
    """A dataset whose examples somebody imported."""

    kind: ClassVar[str]
    """Kind of sets it takes: the name of an `OwnKind`, which names this dataset and its field in turn."""
    source: ClassVar[str] = "Imported on this machine"
    embedded: ClassVar[bool] = True

    @property
    def reference(self) -> str:
        """Name and version of the chosen set."""
        return str(getattr(self, own_kind(self.kind).field))

    def own(self) -> OwnSet:
        """The chosen set. Raises `TrainyardError` with what there is when it is none."""
        return find_set(self.reference, self.kind)

    def facts(self, modality: str, task: str) -> Facts | None:
        """Split as recorded at import; the share of the test split is not known more closely."""
        if not self.available():
            return None
        own = self.own()
        learned = own.num_examples * (1 - self.test_fraction)
        validation = round(learned * (1 / self.folds if self.folds > 1 else self.validation_fraction))
        return Facts(modality, round(learned) - validation, validation, mean_size_bytes(own))

    @classmethod
    def ready(cls) -> bool:
        """Whether any set of this kind has been imported."""
        return bool(list_sets(cls.kind))

    def available(self) -> bool:
        """Whether the chosen set is still there."""
        return there_is(self.reference, self.kind)

    def missing(self) -> Sentence:
        """Choose or import."""
        return gone(self.reference, list_sets(self.kind))

    def load(self) -> Examples:
        """All examples. Equal ones stay in one split."""
        stored = read_stored(self.reference, self.kind)
        return Examples(self.inputs(stored), **self.arranged(stored))

    def inputs(self, stored: Stored) -> np.ndarray:
        """Return the inputs (examples, ...) of all stored examples. Here: as many float32 numbers in each."""
        numbers = [np.frombuffer(stored.bytes_of(index), "<f4") for index in range(len(stored))]
        expected = Counter(map(len, numbers)).most_common(1)[0][0]
        for name, found in zip(stored.names, numbers, strict=True):
            if len(found) != expected:
                raise TrainyardError(
                    "{name!r} in the dataset {reference!r} has {found:,} numbers; most others have "
                    "{expected:,}. Import it again with the same number in each file.",
                    name=str(name),
                    reference=self.reference,
                    found=len(found),
                    expected=expected,
                )
        return np.stack(numbers)

    def arranged(self, stored: Stored) -> dict[str, Any]:
        """Return targets, labels, groups and splits as `Examples` takes them: equal examples stay in one split."""
        groups = joined_groups(stored.groups(), stored.more.get("group"))
        validation, test = fixed_splits(stored.more.get("split"), groups, self.own(), stored.targets)
        return {
            "targets": stored.targets,
            "labels": self.own().labels,
            "groups": groups,
            "validation": validation,
            "test": test,
        }

    def fingerprint(self) -> str:
        """Hash of the stored examples, taken at import."""
        return self.own().fingerprint


def check_size(reference: str, size_bytes: int, at: str, remedy: str) -> None:
    """Raise `TrainyardError` when arrays of this size are over the limit."""
    if size_bytes > settings().max_dataset_mb * 1_000_000:
        raise TrainyardError(
            "The dataset {reference!r} takes {size_mb:,} MB {at}, more than {max_dataset_mb:,} MB "
            "(TRAINYARD_MAX_DATASET_MB). Choose {remedy}.",
            reference=reference,
            size_mb=size_bytes // 1_000_000,
            at=at,
            max_dataset_mb=settings().max_dataset_mb,
            remedy=remedy,
        )
