"""Recommendations: for whom they are good, beside the best possible."""

from collections.abc import Iterator

from engine.reporting.kinds import Kind, Values, kinds
from engine.reporting.parts import Part, Table
from engine.sentences import Sentence


@kinds.register("recommended")
class Recommended(Kind):
    """Items that somebody may choose next."""

    def parts(self, evaluated: Values) -> Iterator[Part]:
        """Yield recall by how much people had chosen before."""
        groups = evaluated.get("by_activity") or []
        if not groups:
            return
        known = all("best" in group for group in groups)
        head = [Sentence("Earlier choices"), Sentence("People"), Sentence("Recall@10")]
        rows = [
            (
                f"{group['from']}–{group['to']}" if group["to"] is not None else f"{group['from']}+",
                f"{group['count']:,}",
                f"{group['recall10']:.1%}",
                *([f"{group['best']:.1%}"] if known else []),
            )
            for group in groups
        ]
        yield Table(
            (*head, *([Sentence("Best possible")] if known else [])), rows, title=Sentence("Recall by earlier choices")
        )
