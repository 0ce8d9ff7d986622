"""Saved models in memory, and what they say. Usable without the process around it."""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.serving.answers import PredictResult
from engine.serving.outputs import Outputs, Signature
from engine.serving.requests import Files, Request
from engine.serving.sources import LoadedModel, Source, find_source, load
from engine.serving.turns import attempt
from engine.settings import settings
from engine.targets import joined_rows
from engine.tasks.base import Answering

logger = logging.getLogger(__name__)


class LoadedModels:
    """The most recently used models, at most `max_loaded_models`. For one thread at a time."""

    def __init__(self) -> None:
        self._models: OrderedDict[int, tuple[Source, LoadedModel]] = OrderedDict()

    def __iter__(self) -> Iterator[int]:
        """Ids of the runs whose models are in memory, the least recently used first."""
        return iter(self._models)

    def predict(
        self, run_id: int, files: list[tuple[str, bytes]], *, parameters: Mapping[str, Any] | None = None
    ) -> list[PredictResult]:
        """Return the predictions of the model of run `run_id` for each of `files` (name, content).

        Raises `TrainyardError` when the run has no usable model or there are too many files; what is wrong with
        one file stands in its result. With no files it only loads the model, so that the first answer comes soon.
        """
        (answer,) = self.answer(run_id, [Files(files, parameters=dict(parameters or {}))])
        if isinstance(answer, Exception):
            raise answer
        found: list[PredictResult] = answer
        return found

    def answer(self, run_id: int, requests: Sequence[Request]) -> list[Any]:
        """For each request its answer, or the exception that belongs to it alone.

        Raises `TrainyardError` when the run has no usable model.
        """
        return answer_together(self.get(run_id), requests)

    def stream(self, run_id: int, request: Request) -> Iterator[Any]:
        """Yield the answer to a request as far as it has come; the last is the whole. Several inputs come in one piece.

        Raises `TrainyardError` as `answer` does, and for what is wrong with the request.
        """
        return stream_answer(self.get(run_id), request)

    def stream_files(
        self, run_id: int, files: list[tuple[str, bytes]], *, parameters: Mapping[str, Any] | None = None
    ) -> Iterator[list[PredictResult]]:
        """Yield what `predict` returns as far as it has come."""
        return self.stream(run_id, Files(files, parameters=dict(parameters or {})))

    def signature(self, run_id: int) -> Signature | None:
        """Return the signature of the model in memory, as last used; None where there is none. Safe from any thread."""
        found = self._models.get(run_id)
        return found[1].signature if found else None

    def get(self, run_id: int) -> LoadedModel:
        """The model of a run, loaded if it is not in memory or if its file has changed since."""
        source = find_source(run_id)
        known, model = self._models.pop(run_id, (None, None))
        if model is None or known != source:
            while len(self._models) >= settings().max_loaded_models:
                dropped, _ = self._models.popitem(last=False)
                logger.info("Dropped the model of run %s: others were used more recently.", dropped)
            model = load(source, model)
        self._models[run_id] = (source, model)
        return model


def answer_together(model: LoadedModel, requests: Sequence[Request]) -> list[Any]:
    """For each request its answer or its exception: what all of them give goes through the network as one batch."""
    batches = [attempt(partial(_wanted, request, model)) for request in requests]
    # requests that are answered in the same way go through the network together
    alike: dict[Answering, dict[int, np.ndarray]] = {}
    for place, batch in enumerate(batches):
        if not isinstance(batch, Exception):
            alike.setdefault(batch[1], {})[place] = batch[0]
    outputs: dict[int, Any] = {}
    for options, some in alike.items():
        outputs |= zip(some, _answers(model, list(some.values()), options), strict=True)
    found = [outputs.get(place, batch) for place, batch in enumerate(batches)]
    return [
        one if isinstance(one, Exception) else attempt(partial(request.answer, one, model.signature))
        for one, request in zip(found, requests, strict=True)
    ]


def stream_answer(model: LoadedModel, request: Request) -> Iterator[Any]:
    """Yield what a request is answered with so far, step by step where it has one input and the task can stream."""
    batch, options = _wanted(request, model)
    signature = model.signature
    if len(batch) == 1 and signature.task.streams:
        for outputs in signature.task.stream(model.call, batch, signature.info, options):
            yield request.answer(Outputs(outputs), signature)
    else:
        yield request.answer(_outputs(model, [batch], options)[0], signature)


def _wanted(request: Request, model: LoadedModel) -> tuple[np.ndarray, Answering]:
    """The inputs of a request, none as an empty array, and how it is to be answered."""
    batch = request.inputs(model.signature)
    return np.empty((0, 0)) if batch is None else batch, request.options(model.signature)


def _answers(model: LoadedModel, batches: list[np.ndarray], options: Answering) -> "list[Outputs | Exception]":
    """For each batch its outputs, or the exception that belongs to it alone."""
    found = attempt(partial(_outputs, model, batches, options))
    if not isinstance(found, Exception):
        return list(found)
    if len(batches) == 1:
        return [found]
    logger.warning("A batch of %s requests failed; each is tried alone.", len(batches), exc_info=found)
    return [_answers(model, [batch], options)[0] for batch in batches]


def _outputs(model: LoadedModel, batches: list[np.ndarray], options: Answering) -> list[Outputs]:
    """Outputs of each batch; no call of the network has more than `max_batch` examples."""
    full = [batch for batch in batches if len(batch)]
    if not full:
        return [Outputs(np.empty((0, 0))) for _ in batches]
    together = np.concatenate(full) if len(full) > 1 else full[0]
    step = settings().max_batch
    parts = [_passed(model, together[start : start + step], options) for start in range(0, len(together), step)]
    rows = joined_rows([part.rows for part in parts])
    counts = [part.as_far for part in parts if part.as_far is not None]
    as_far = np.concatenate(counts) if len(counts) == len(parts) else None
    if len(batches) == 1:
        return [Outputs(rows, as_far)]
    ends = np.cumsum([len(batch) for batch in batches])
    cuts = [slice(end - len(batch), end) for batch, end in zip(batches, ends, strict=True)]
    return [Outputs(rows[cut], None if as_far is None else as_far[cut]) for cut in cuts]


def _passed(model: LoadedModel, inputs: np.ndarray, options: Answering) -> Outputs:
    """Outputs for one batch, and how far out its inputs lie by what the network made of them on the way."""
    task, info, reference = model.signature.task, model.signature.info, model.signature.reliability.reference
    look, seen = model.look, list[np.ndarray]()
    if look is None or reference is None:
        return Outputs(task.answer(model.call, inputs, info, options))

    def call(inputs: np.ndarray, extra: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
        outputs, representation = look(inputs)
        seen.append(representation)
        return outputs

    rows = task.answer(call, inputs, info, options)
    return Outputs(rows, reference.as_far(seen[0]) if seen and len(seen[0]) == len(inputs) else None)
