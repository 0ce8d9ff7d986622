"""Predictions with a run's model, and what the predictor tells of networks that are not trained yet."""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from engine.access import Action, Actor, check
from engine.runs import Run
from engine.service.data import spec_for
from engine.service.spending import OCCLUDED, cost_of, spend_openings, spend_predictions

if TYPE_CHECKING:
    from engine.modalities.seen import Seen
    from engine.serving.answers import Mattered
    from engine.serving.client import NetworkPicture, Predictor, Stream
    from engine.serving.opened import Opened, Unfolded

T = TypeVar("T")
logger = logging.getLogger(__name__)
File = tuple[str, bytes]
"""Name and content."""


def predict(actor: Actor, answer: Callable[[int, list[File]], T], run: Run, files: list[File]) -> T:
    """Return what `answer` does of the files: the predictor's `predict` or `stream`, or those of models in this process."""
    _ask(actor, run, len(files))
    return answer(run.id, files)


def occlude(
    actor: Actor, predictor: "Predictor", run: Run, file: File, parameters: dict[str, Any] | None = None
) -> "Mattered":
    """Return the prediction for a file with one input, and what it loses where a part of the input is hidden."""
    _ask(actor, run, OCCLUDED)
    return predictor.occlude(run.id, file, parameters)


def predict_instances(actor: Actor, predictor: "Predictor", run: Run, body: bytes, *, raw: bool = False) -> bytes:
    """Return the answers to the instances of a JSON body, as JSON."""
    _ask(actor, run, cost_of(body))
    return predictor.predict_instances(run.id, body, raw=raw)


def stream_instances(
    actor: Actor, predictor: "Predictor", run: Run, body: bytes, *, raw: bool = False
) -> "Stream[bytes]":
    """Return the same as it comes."""
    _ask(actor, run, cost_of(body))
    return predictor.stream_instances(run.id, body, raw=raw)


def describe(actor: Actor, predictor: "Predictor", values: dict[str, Any]) -> "NetworkPicture":
    """Return the picture of the network that a run with these values would train."""
    check(actor, Action.CREATE, "runs")
    spec_for(actor, values)
    return predictor.describe(values)


def seen(actor: Actor, predictor: "Predictor", run: Run, files: list[File]) -> "list[Seen]":
    """Return what a run's network gets of each file once it is prepared."""
    _ask(actor, run, len(files))
    return predictor.seen(run.id, files)


def opened(actor: Actor, predictor: "Predictor", run: Run, files: list[File], pixels: int) -> "list[Opened]":
    """Return what is seen or heard of files that are given to a run's network. It counts as no prediction, and each as opened."""
    check(actor, Action.USE, run)
    spend_openings(actor, len(files))
    return predictor.opened(run.parsed().task.modality, files, pixels)


def unfolded(
    actor: Actor,
    predictor: "Predictor",
    run: Run,
    file: File,
    columns: Sequence[str],
    first: int = 0,
    spent_bytes: int = 0,
) -> "Unfolded":
    """Return a portion of the single inputs of a file that is given to a run's network: see `Predictor.unfolded`."""
    check(actor, Action.USE, run)
    spend_openings(actor, 1)
    return predictor.unfolded(run.parsed().task.modality, file, columns, first, spent_bytes)


def recorded(actor: Actor, predictor: "Predictor", modality: str, files: list[File], pixels: int) -> "list[Opened]":
    """Return what is seen or heard of files that are recorded for a dataset."""
    check(actor, Action.CREATE, "datasets")
    spend_openings(actor, len(files))
    return predictor.opened(modality, files, pixels)


def preview(
    actor: Actor, predictor: "Predictor", values: dict[str, Any], count: int
) -> list[tuple[bytes, list[bytes]]]:
    """Return training examples as PNGs, each with what augmentation makes of it."""
    check(actor, Action.CREATE, "runs")
    spec_for(actor, values)
    return predictor.preview(values, count=count)


def _ask(actor: Actor, run: Run, cost: float) -> None:
    """Raise unless the actor may use the run, and has predictions left."""
    check(actor, Action.USE, run)
    spend_predictions(actor, str(run.id), cost)
    logger.info("Run %s is asked for predictions.", run.id, extra={"run": run.id, "user": actor.name})
