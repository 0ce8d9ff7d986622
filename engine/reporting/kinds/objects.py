"""Objects in a picture: average precision of each class, and what was taken for what."""

from collections.abc import Iterator

from engine.reporting.kinds import Kind, Values, kinds
from engine.reporting.kinds.classes import MOST_CLASSES
from engine.reporting.parts import Matrix, Part, Table
from engine.sentences import Sentence
from engine.tasks.object_detection import counted


@kinds.register("objects")
class Objects(Kind):
    """Boxes with their classes."""

    def parts(self, evaluated: Values) -> Iterator[Part]:
        """Yield average precision of each class, and the confusions of classes with each other and with nothing."""
        if rows := evaluated.get("per_class"):
            cells = [(str(row["label"]), f"{row['ap50']:.1%}", f"{row['ap']:.1%}", f"{row['boxes']:,}") for row in rows]
            head = (Sentence("Class"), Sentence("AP@.5"), Sentence("AP@[.5:.95]"), Sentence("Boxes"))
            yield Table(head, cells, title=Sentence("Per class"), folded=len(rows) > MOST_CLASSES)
        counts = evaluated.get("taken_for", ())
        if 0 < len(counts) <= MOST_CLASSES:
            labels = [*map(str, evaluated["labels"]), "–"]
            yield Matrix(Sentence("What was taken for what"), labels, counts)

    def answer(self, values: Values) -> str:
        """Return how many of which classes."""
        return counted([str(one["label"]) for one in values["objects"]]) or Sentence("Nothing was found.")
