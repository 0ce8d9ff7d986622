"""What the evaluation tells about single answers: learned from the validation split, measured on the test split."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.artifacts import Artifacts
from engine.reliability.distance import Reference
from engine.reliability.intervals import fewest, radius
from engine.reliability.stored import Reliability, write_reliability
from engine.sentences import Sentence, to_json
from engine.settings import settings
from engine.tasks.base import Task
from engine.training.fitted import Fitted


class Evidence:
    """What evaluating one split leaves: representations of some random examples, and the errors of all."""

    def __init__(self, examples: int) -> None:
        count = min(examples, settings().compared_examples)
        self._chosen = np.sort(np.random.default_rng(0).choice(examples, count, replace=False))
        self._parts: list[np.ndarray] = []
        self._classes: list[np.ndarray] = []
        self.nonconformity: np.ndarray | None = None
        """(examples,), where answers have an interval."""

    def add(self, start: int, classes: np.ndarray, representations: np.ndarray | None) -> None:
        """Keep the chosen ones of a portion that begins at `start`: representations (examples, units), and `classes` (examples,)."""
        if representations is not None:
            first, last = np.searchsorted(self._chosen, [start, start + len(classes)])
            chosen = self._chosen[first:last] - start
            self._parts.append(representations[chosen])
            self._classes.append(classes[chosen])

    def classes(self) -> np.ndarray:
        """Return the class of each of the chosen examples; all the same where there are no classes."""
        return np.concatenate(self._classes)

    def representations(self) -> np.ndarray | None:
        """Return those of the chosen examples (chosen, units), or None where there are none."""
        return np.concatenate(self._parts) if sum(map(len, self._parts)) == len(self._chosen) else None


def keep_reliability(
    files: Artifacts,
    network: Fitted,
    task: Task,
    evidence: Mapping[str, Evidence],
    typical: Any = None,
    calibrated: Any = None,
    *,
    compares: bool = True,
) -> dict[str, dict[str, Any]]:
    """Write what belongs to the saved model, with what is `typical` of inputs and what was `calibrated`.

    `compares`: whether inputs can be compared with the validation split, since it is like all others. Return by split what its
    evaluation says about it."""
    validation = evidence.get("validation")
    if validation is None:
        return {}
    level, share = settings().interval_level, settings().unlike_share
    seen = validation.representations() if share and compares else None
    reference = None if seen is None else Reference.of(seen, validation.classes())
    scores = validation.nonconformity
    found = Reliability(
        layer=network.compared,
        reference=reference,
        flagged=share,
        radius=None if scores is None else radius(scores, level),
        level=level,
        typical=typical,
        calibrated=calibrated,
    )
    write_reliability(files.reliability, found)
    return {split: _remarks(found, part, validation) for split, part in evidence.items() if split != "validation"}


def _remarks(found: Reliability, part: Evidence, validation: Evidence) -> dict[str, Any]:
    """Return the false alarms and the coverage on a split that nothing was learned from."""
    remarks: dict[str, Any] = {}
    seen = part.representations()
    if found.reference is not None and seen is not None:
        flagged = found.reference.as_far(seen) <= found.reference.most(found.flagged)
        remarks["unlike"] = {"flagged": int(flagged.sum()), "of": len(flagged)}
    if part.nonconformity is not None and validation.nonconformity is not None:
        scores = part.nonconformity
        if found.radius is None:
            reason = Sentence(
                "There are no intervals: the validation split has {count} examples, and an interval of {level:.0%} takes at "
                "least {fewest}.",
                count=len(validation.nonconformity),
                level=found.level,
                fewest=fewest(found.level),
            )
            remarks["interval"] = {"problem": to_json(reason)}
        else:
            within = int((scores <= found.radius).sum())
            remarks["interval"] = {"level": found.level, "within": within, "of": len(scores)}
    return remarks
