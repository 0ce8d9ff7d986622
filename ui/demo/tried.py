"""A run on the demo page: its network is asked in the name of the person who looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import service
from engine.access import Action
from engine.data_info import DataInfo
from engine.galleries import Enrolled
from engine.modalities.seen import Seen
from engine.runs import Run
from engine.serving.answers import Mattered, PredictResult
from engine.serving.opened import Opened
from ui import lab
from ui.modalities import File
from ui.rights import may
from ui.words import title_of

if TYPE_CHECKING:
    from engine.serving.client import Stream


@dataclass(frozen=True)
class RunGallery:
    """See `Gallery`."""

    run: Run

    def place(self) -> Path:
        """The folder in which the pictures are kept."""
        return service.galleries.place(lab.actor(), self.run)

    def enrolled(self) -> list[Enrolled]:
        """All pictures, by name."""
        return service.galleries.list_all(lab.actor(), self.run)

    def enrol(self, name: str, picture: bytes) -> None:
        """Keep a picture."""
        service.galleries.enrol(lab.actor(), self.run, name, picture)

    def forget(self, name: str) -> None:
        """Delete all pictures of a name."""
        service.galleries.forget(lab.actor(), self.run, name)


@dataclass(frozen=True)
class TriedRun:
    """See `Tried`."""

    run: Run

    @property
    def key(self) -> str:
        """The number of the run."""
        return str(self.run.id)

    @property
    def dataset(self) -> str:
        """That of the run's spec."""
        return title_of(self.run, "dataset")

    @property
    def place(self) -> str:
        """The only one."""
        return ""

    @property
    def trains(self) -> bool:
        """Whether the run is live."""
        return self.run.live

    @property
    def keeps(self) -> bool:
        """No: who may see the run changes, and few ask."""
        return False

    def info(self) -> DataInfo | None:
        """The signature of the model."""
        return service.artifacts.files(lab.actor(), self.run).read_info()

    def shows_examples(self) -> bool:
        """Whether this person may see examples with the run."""
        return service.datasets.shown_with(lab.actor(), self.run)

    def predict(self, files: list[File], parameters: dict[str, Any], *, examples: bool = False) -> list[PredictResult]:
        """Answers to files."""
        ask = partial(lab.predictor().predict, parameters=parameters)
        return service.predictions.predict(lab.actor(), ask, self.run, files)

    def stream(self, file: File, parameters: dict[str, Any]) -> "Stream[list[PredictResult]]":
        """The answer to a file, as it comes."""
        ask = partial(lab.predictor().stream, parameters=parameters)
        return service.predictions.predict(lab.actor(), ask, self.run, [file])

    def occlude(self, file: File, parameters: dict[str, Any]) -> Mattered:
        """What mattered for the answer to a file."""
        return service.predictions.occlude(lab.actor(), lab.predictor(), self.run, file, parameters)

    def seen(self, file: File) -> list[Seen]:
        """What the network gets of a file."""
        return service.predictions.seen(lab.actor(), lab.predictor(), self.run, [file])

    def gallery(self) -> "RunGallery | None":
        """That of the run, for who may change it."""
        return RunGallery(self.run) if may(Action.CHANGE, self.run) else None

    def opened(self, files: Sequence[File], pixels: int) -> list[Opened]:
        """What is seen or heard of each file."""
        return service.predictions.opened(lab.actor(), lab.predictor(), self.run, [*files], pixels)
