"""Similarity of pictures: what the threshold does."""

from collections.abc import Iterator

from engine.reporting.kinds import Kind, Values, kinds
from engine.reporting.parts import Part, Table
from engine.sentences import Sentence


@kinds.register("similarity")
class Similarity(Kind):
    """Pairs of pictures with their distances."""

    def parts(self, evaluated: Values) -> Iterator[Part]:
        """Yield the threshold, where it comes from, and what it does on this split."""
        known = evaluated.get("calibrated")
        if not known or known["accepted"] is None or known["falsely"] is None:
            return
        cells = [
            (f"{known['threshold']:.3f}", f"{known['accepted']:.1%}", f"{known['falsely']:.1%}"),
        ]
        head = (Sentence("Threshold"), Sentence("Same pairs accepted"), Sentence("Different pairs accepted"))
        yield Table(head, cells, title=Sentence("Threshold found on the validation split"))

    def answer(self, values: Values) -> str:
        """Return the distance, and the answer where there is one."""
        same, distance = values.get("same"), f"{float(values['distance']):.3f}"
        if same is None:
            return Sentence("Distance {distance}", distance=distance)
        if same:
            return Sentence("The same (distance {distance})", distance=distance)
        return Sentence("Different (distance {distance})", distance=distance)
