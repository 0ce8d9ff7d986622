"""A class out of several: the confusion matrix, and the figures of each class."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.reporting.kinds import Kind, Values, kinds
from engine.reporting.parts import Matrix, Part, Table
from engine.sentences import Sentence

MOST_CLASSES = 30
"""Most classes whose confusion matrix is readable; of more, the pairs that are confused most."""
_PAIRS = 20


@kinds.register("classes")
class Classes(Kind):
    """A label with its probability."""

    def parts(self, evaluated: Values) -> Iterator[Part]:
        """Yield the confusion matrix, and precision, recall and F1 of each class."""
        labels, counts = evaluated.get("labels", ()), evaluated.get("confusion_matrix", ())
        if 0 < len(counts) <= MOST_CLASSES:
            yield Matrix(Sentence("Confusion matrix"), labels, counts)
        elif len(counts):
            yield _pairs(labels, np.asarray(counts))
        if rows := evaluated.get("per_class"):
            yield _per_class(rows)

    def answer(self, values: Values) -> str:
        """Return the label, and how sure the network is."""
        return Sentence("{label}, {share:.1%} confident", label=values["label"], share=values["probability"])


def _pairs(labels: list[str], counts: np.ndarray) -> Table:
    wrong = counts * (1 - np.eye(len(counts), dtype=int))
    order = np.argsort(-wrong.ravel(), kind="stable")[:_PAIRS]
    pairs = [divmod(int(place), len(counts)) for place in order if wrong.ravel()[place]]
    head = (Sentence("True class"), Sentence("Predicted class"), Sentence("Examples"))
    rows = [(labels[true], labels[predicted], f"{wrong[true, predicted]:,}") for true, predicted in pairs]
    return Table(head, rows, title=Sentence("Most frequent confusions"))


def _per_class(rows: list[dict[str, Any]]) -> Table:
    head = (Sentence("Class"), Sentence("Precision"), Sentence("Recall"), Sentence("F1"), Sentence("Examples"))
    cells = [
        (str(row["label"]), *(f"{row[name]:.1%}" for name in ("precision", "recall", "f1")), f"{row['support']:,}")
        for row in rows
    ]
    return Table(head, cells, title=Sentence("Per class"), folded=len(rows) > MOST_CLASSES)
