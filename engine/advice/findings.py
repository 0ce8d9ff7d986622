"""What rules give: findings about an ended run, suggestions for the next, and the headline over both. All data."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from engine.sentences import Sentence

Severity = Literal["good", "note", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One sentence about a run, and the heading of `docs/formulas.md` where its rule is explained."""

    kind: str
    severity: Severity
    sentence: Sentence
    anchor: str


@dataclass(frozen=True)
class Suggestion:
    """Something to try next. A `fork` goes on from that epoch of the run, `resume` with the run itself."""

    kind: str
    label: Sentence
    why: Sentence
    values: dict[str, Any] = field(default_factory=dict)
    """What differs from the run, as `RunSpec.build` takes it."""
    fork: int = 0
    resume: bool = False
    seeds: int = 0
    """How many runs with other seeds to queue."""
    more_data: bool = False
    anchor: str = "what-to-try-next"


@dataclass(frozen=True)
class Headline:
    """What became of a run: a title, findings in the order of their weight, and at most three suggestions."""

    title: Sentence
    severity: Severity
    findings: tuple[Finding, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON; sentences are their English text."""
        return asdict(self)
