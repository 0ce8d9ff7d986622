"""Saved models in memory, and what they say. Usable without the process around it."""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.serving.answers import PredictResult
from engine.serving.asked import Asked, Files
from engine.serving.sources import LoadedModel, Source, find_source, load
from engine.serving.turns import attempt
from engine.settings import settings

logger = logging.getLogger(__name__)


class LoadedModels:
    """The most recently used models, at most `max_loaded_models`. For one thread at a time."""

    def __init__(self) -> None:
        self._models: OrderedDict[int, tuple[Source, LoadedModel]] = OrderedDict()

    def __iter__(self) -> Iterator[int]:
        """Ids of the runs whose models are in memory, the least recently used first."""
        return iter(self._models)

    def predict(self, run_id: int, files: list[tuple[str, bytes]]) -> list[PredictResult]:
        """What the model of run `run_id` says about each of `files` (name, content).

        Raises `TrainyardError` when the run has no usable model or there are too many files; what is wrong with
        one file stands in its result. With no files it only loads the model, so that the first answer comes soon.
        """
        (answer,) = self.answer(run_id, [Files(files)])
        if isinstance(answer, Exception):
            raise answer
        found: list[PredictResult] = answer
        return found

    def answer(self, run_id: int, asked: Sequence[Asked]) -> list[Any]:
        """For each request its answer, or the exception that belongs to it alone.

        Raises `TrainyardError` when the run has no usable model.
        """
        return answer_together(self.get(run_id), asked)

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


def answer_together(model: LoadedModel, asked: Sequence[Asked]) -> list[Any]:
    """For each request its answer or its exception: what all of them give goes through the network as one batch."""
    batches = [attempt(partial(request.inputs, model.meaning)) for request in asked]
    usable = [np.empty((0, 0)) if isinstance(batch, Exception | None) else batch for batch in batches]
    outputs = attempt(lambda: _outputs(model, usable))
    if isinstance(outputs, Exception):
        if len(asked) == 1:
            return [outputs]
        logger.warning("A batch of %s requests failed; each is tried alone.", len(asked), exc_info=outputs)
        return [answer_together(model, [request])[0] for request in asked]
    return [
        batch if isinstance(batch, Exception) else attempt(partial(request.answer, found, model.meaning))
        for request, batch, found in zip(asked, batches, outputs, strict=True)
    ]


def _outputs(model: LoadedModel, batches: list[np.ndarray]) -> list[np.ndarray]:
    """Outputs (examples, outputs) of each batch; no call of the network has more than `max_batch` examples."""
    full = [batch for batch in batches if len(batch)]
    if not full:
        return [np.empty((0, 0)) for _ in batches]
    joined = np.concatenate(full) if len(full) > 1 else full[0]
    step = settings().max_batch
    parts = [model.call(joined[start : start + step]) for start in range(0, len(joined), step)]
    outputs = np.concatenate(parts) if len(parts) > 1 else parts[0]
    return np.split(outputs, np.cumsum([len(batch) for batch in batches])[:-1])
