"""A study as the store has it at one moment, and its state."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.access import Visibility
from engine.studies.spec import StudySpec


class StudyState(StrEnum):
    """The state of a study. The last three are final; a stopped one may be resumed."""

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
    visibility: Visibility = Visibility.PRIVATE
    """Who else may look at it and its trials."""
    note: str = ""
    """Plain text of several lines."""
    tags: tuple[str, ...] = ()
    message: str = ""
    """A sentence that says why it ended or what to do; empty while all is well."""
    enqueued: tuple[dict[str, Any], ...] = ()
    """Enqueued values that no trial has yet."""
    boosted: tuple[int, ...] = ()
    """Numbers of the trials that train to their end even if the pruner would end them."""
    spent_seconds: float = 0.0
    """Time spent searching, pauses excluded."""
    created_at: datetime | None = None
    ended_at: datetime | None = None
    unreadable: str = ""
    """Why its spec cannot be read; empty except for studies that another version has written."""

    @property
    def live(self) -> bool:
        """Whether it may still begin trials."""
        return self.state.live
