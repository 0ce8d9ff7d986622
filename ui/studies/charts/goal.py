"""Data that all charts of a study share: the varied fields, their names, and the objective shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.search.trials import Trial
from engine.studies import Domain
from ui.theme import THEMES, Theme, ThemeName

MOST_TRIALS = 1_000
"""Most trials that one chart shows; of more, the best and some at equal distances."""


@dataclass(frozen=True)
class Goal:
    """Data that all charts of a study share: the varied fields, their names, and the objective shown."""

    space: Mapping[str, Domain]
    labels: Mapping[str, str]
    titles: tuple[str, ...]
    """Names of the objectives."""
    maximize: tuple[bool, ...]
    formats: tuple[str, ...]
    """Plotly formats of their values."""
    theme: ThemeName
    objective: int = 0

    @property
    def look(self) -> Theme:
        """The colours."""
        return THEMES[self.theme]

    @property
    def title(self) -> str:
        """Return the name of the objective."""
        return self.titles[self.objective]

    @property
    def more(self) -> bool:
        """Whether more of it is better."""
        return self.maximize[self.objective]

    @property
    def format(self) -> str:
        """Return the Plotly format of its values."""
        return self.formats[self.objective]

    def value(self, trial: Trial) -> float | None:
        """Return the result of the trial."""
        return trial.values[self.objective]


def sample(trials: Sequence[Trial], goal: Goal, most: int = MOST_TRIALS) -> list[Trial]:
    """At most `most` trials: the best by the objective, and the rest at equal distances."""
    if len(trials) <= most:
        return list(trials)
    kept = {trials[round(i * (len(trials) - 1) / (most - 2))].number for i in range(most - 1)}
    evaluated = [trial for trial in trials if goal.value(trial) is not None]
    if evaluated:
        kept.add((max if goal.more else min)(evaluated, key=lambda trial: goal.value(trial) or 0.0).number)
    return [trial for trial in trials if trial.number in kept]
