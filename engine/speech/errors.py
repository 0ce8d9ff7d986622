"""Errors of transcripts, as edits: what was left out, put in, or taken for something else."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple


class Errors(NamedTuple):
    """Edits that lead from what was said to what was understood."""

    wrong: int
    of: int
    """Length of what was said."""

    @property
    def rate(self) -> float:
        """Edits for each unit that was said; of nothing, whether anything was understood."""
        return self.wrong / self.of if self.of else float(min(self.wrong, 1))


def errors(said: Sequence[str], heard: Sequence[str]) -> Errors:
    """Count the least edits between two sequences, of characters or words (Levenshtein distance)."""
    from rapidfuzz.distance import Levenshtein

    return Errors(Levenshtein.distance(said, heard), len(said))


def overall(counted: Sequence[Errors]) -> float:
    """The error rate of all together: edits over units, as jiwer and all papers have it."""
    wrong, of = sum(one.wrong for one in counted), sum(one.of for one in counted)
    return wrong / of if of else float(min(wrong, 1))


def edits(said: Sequence[str], heard: Sequence[str]) -> list[tuple[str, list[str], list[str]]]:
    """Return what leads from one to the other, in order: `equal`, `replace`, `delete` or `insert`, the old part and the new one."""
    from rapidfuzz.distance import Levenshtein

    return [
        (step.tag, list(said[step.src_start : step.src_end]), list(heard[step.dest_start : step.dest_end]))
        for step in Levenshtein.opcodes(said, heard)
    ]


def confused(pairs: Iterable[tuple[str, str]], most: int) -> list[tuple[str, str, int]]:
    """Return the commonest words that were taken for others, with how often; "" stands for none."""
    counts: Counter[tuple[str, str]] = Counter()
    for said, heard in pairs:
        for kind, old, new in edits(said.split(), heard.split()):
            if kind != "equal":
                counts.update(zip_longest(old, new, fillvalue=""))
    return [(old, new, count) for (old, new), count in counts.most_common(most)]
