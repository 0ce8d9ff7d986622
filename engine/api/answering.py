"""What answers under a name: a run, or a version of a published demo."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from engine import service
from engine.access import Actor
from engine.runs import Run
from engine.service.spending import cost_of
from engine.serving.client import Predictor, Stream

T = TypeVar("T")
File = tuple[str, bytes]


class Answering(Protocol):
    """A model under a name. Each request asks the service layer whether it may."""

    def instances(self, predictor: Predictor, body: bytes, *, raw: bool) -> bytes:
        """Return the answers to the instances of a JSON body."""

    def stream_instances(self, predictor: Predictor, body: bytes, *, raw: bool) -> Stream[bytes]:
        """Return the same as it comes."""

    def files(self, answer: Callable[[int, list[File]], T], files: list[File]) -> T:
        """Return what `answer` makes of the run and the files."""


@dataclass(frozen=True)
class OfRun:
    """A run that answers."""

    actor: Actor
    run: Run

    def instances(self, predictor: Predictor, body: bytes, *, raw: bool) -> bytes:
        """See `Answering`."""
        return service.predictions.predict_instances(self.actor, predictor, self.run, body, raw=raw)

    def stream_instances(self, predictor: Predictor, body: bytes, *, raw: bool) -> Stream[bytes]:
        """See `Answering`."""
        return service.predictions.stream_instances(self.actor, predictor, self.run, body, raw=raw)

    def files(self, answer: Callable[[int, list[File]], T], files: list[File]) -> T:
        """See `Answering`."""
        return service.predictions.predict(self.actor, answer, self.run, files)


@dataclass(frozen=True)
class OfDemo:
    """A version of a published demo that answers."""

    actor: Actor
    name: str
    number: int

    def instances(self, predictor: Predictor, body: bytes, *, raw: bool) -> bytes:
        """See `Answering`."""
        return self._ask(partial(predictor.predict_instances, body=body, raw=raw), cost_of(body))

    def stream_instances(self, predictor: Predictor, body: bytes, *, raw: bool) -> Stream[bytes]:
        """See `Answering`."""
        return self._ask(partial(predictor.stream_instances, body=body, raw=raw), cost_of(body))

    def files(self, answer: Callable[[int, list[File]], T], files: list[File]) -> T:
        """See `Answering`."""
        return self._ask(lambda run_id: answer(run_id, files), len(files))

    def _ask(self, answer: Callable[[int], T], cost: float) -> T:
        return service.demos.ask(self.actor, self.name, self.number, answer, cost)
