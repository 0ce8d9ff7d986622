"""A study as the store knows it at one moment, and where it stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.studies.spec import StudySpec


class StudyState(StrEnum):
    """Where a study stands. The last three are final; a stopped one may be resumed."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def live(self) -> bool:
        """Whether it may still begin trials."""
        return self in (StudyState.RUNNING, StudyState.PAUSED)


@dataclass(frozen=True)
class Study:
    """One search from request to result, as the store knows it at one moment."""

    id: int
    name: str
    state: StudyState
    spec: StudySpec
    owner: str = ""
    message: str = ""
    """One sentence that says why it ended or what to do; empty while all is well."""
    enqueued: tuple[dict[str, Any], ...] = ()
    """Values that somebody wants to be tried next, and that no trial has yet."""
    boosted: tuple[int, ...] = ()
    """Numbers of the trials that train to their end whatever the pruner says."""
    spent_seconds: float = 0.0
    """How long it has been searching: pauses do not count."""
    created_at: datetime | None = None
    ended_at: datetime | None = None
    unreadable: str = ""
    """Why what it searches is not known; empty for all studies but those that another version has written."""

    @property
    def live(self) -> bool:
        """Whether it may still begin trials."""
        return self.state.live
