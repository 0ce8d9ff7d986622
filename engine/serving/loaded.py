"""Saved models in memory, and what they say about files. Usable without the process around it."""

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.artifacts import Artifacts, artifacts_of
from engine.errors import TrainyardError
from engine.serving.answers import PredictResult
from engine.serving.decoded import Decoded
from engine.serving.decoding import decode
from engine.settings import settings
from engine.store import open_store
from engine.tasks.base import DataInfo, Task, tasks
from engine.training.tensors import as_tensors

logger = logging.getLogger(__name__)
_Version = tuple[int, int, int]


@dataclass(frozen=True)
class LoadedModel:
    """One run's saved model, compiled for batches of any length."""

    version: _Version
    task: Task
    info: DataInfo
    call: Callable[[np.ndarray], np.ndarray]
    """Inputs (batch, ...) -> outputs (batch, outputs)."""

    def predict(self, files: list[tuple[str, bytes]]) -> list[PredictResult]:
        """A result for each input of each file, in order: what can be decoded goes through the network as one batch."""
        decoded = [self._decode(name, data) for name, data in files]
        batches = [found.inputs for found in decoded if len(found.inputs)]
        outputs = self.call(np.concatenate(batches)) if batches else np.empty((0, 0))
        predictions = iter(self.task.predictions(outputs, self.info))
        results = []
        for found in decoded:
            for position, name in enumerate(found.names):
                error = found.errors.get(position, "")
                results.append(PredictResult(name, None if error else next(predictions), error))
        return results

    def _decode(self, name: str, data: bytes) -> Decoded:
        try:
            return decode(self.task.modality, data, name, self.info)
        except TrainyardError as error:
            return Decoded((name,), np.empty(0), {0: str(error)})


class LoadedModels:
    """The most recently used models, at most `max_loaded_models`. For one thread at a time."""

    def __init__(self) -> None:
        self._models: OrderedDict[int, LoadedModel] = OrderedDict()

    def __iter__(self) -> Iterator[int]:
        """Ids of the runs whose models are in memory, the least recently used first."""
        return iter(self._models)

    def predict(self, run_id: int, files: list[tuple[str, bytes]]) -> list[PredictResult]:
        """What the model of run `run_id` says about each of `files` (name, content).

        Raises `TrainyardError` when the run has no usable model or there are too many files; what is wrong with
        one file stands in its result. With no files it only loads the model, so that the first answer comes soon.
        """
        limit = settings().max_predictions
        if len(files) > limit:
            raise TrainyardError(
                f"{len(files)} files are too many for one request; it may hold {limit} "
                "(TRAINYARD_MAX_PREDICTIONS). Send them in portions."
            )
        return self.get(run_id).predict(files)

    def get(self, run_id: int) -> LoadedModel:
        """The model of a run, loaded if it is not in memory or if its file has changed since."""
        files = artifacts_of(run_id)
        found = self._models.get(run_id)
        if found is None or found.version != _version(files, run_id):
            self._models.pop(run_id, None)
            while len(self._models) >= settings().max_loaded_models:
                dropped, _ = self._models.popitem(last=False)
                logger.info("Dropped the model of run %s: others were used more recently.", dropped)
            self._models[run_id] = found = load_model(run_id)
        self._models.move_to_end(run_id)
        return found


def load_model(run_id: int) -> LoadedModel:
    """Read the saved model of a run and what its outputs mean."""
    files = artifacts_of(run_id)
    version = _version(files, run_id)
    try:
        described = json.loads(files.info.read_text(encoding="utf-8"))
        task = described["task"]
        info = DataInfo.from_dict(described)
        name = task.pop("name")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainyardError(
            f"The file {files.info.name!r} of run {run_id} is missing or broken, so nobody knows what the outputs of "
            "its model mean. Resume or repeat the run."
        ) from error
    return LoadedModel(version, tasks[name].parse(task), info, _compiled(files, run_id, info))


def _compiled(files: Artifacts, run_id: int, info: DataInfo) -> Callable[[np.ndarray], np.ndarray]:
    import keras
    import tensorflow as tf

    try:
        model = keras.saving.load_model(files.model, compile=False, safe_mode=True)
    except Exception as error:  # on broken files Keras, zip and HDF5 raise nearly anything
        logger.warning("Cannot load the model of run %s", run_id, exc_info=True)
        raise TrainyardError(
            f"The saved model of run {run_id} cannot be read ({type(error).__name__}). Resume or repeat the run."
        ) from error
    # Traced now, once for batches of all lengths: calling the model itself costs milliseconds of Python each time.
    signature = _signature(model, info)
    traced = tf.function(lambda inputs: model(inputs, training=False), [signature])
    traced.get_concrete_function()

    def call(batch: np.ndarray) -> np.ndarray:
        tensors = as_tensors(batch)
        return np.asarray(traced(tensors if isinstance(tensors, dict) else tf.cast(tensors, signature.dtype)))

    return call


def _signature(model: Any, info: DataInfo) -> Any:
    """What the model is traced for: batches of any length."""
    import tensorflow as tf

    if not info.columns:
        return tf.TensorSpec([None, *info.shape], model.inputs[0].dtype)
    fields = {"numbers": ("number", tf.float32), "categories": ("category", tf.string)}
    counts = {field: (len(info.named(kind)), dtype) for field, (kind, dtype) in fields.items()}  # type: ignore[arg-type]
    return {field: tf.TensorSpec([None, count], dtype) for field, (count, dtype) in counts.items() if count}


def _version(files: Artifacts, run_id: int) -> _Version:
    """What changes when the model is written anew: training replaces the file as a whole."""
    try:
        found = files.model.stat()
    except FileNotFoundError:
        raise _no_model(run_id) from None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _no_model(run_id: int) -> TrainyardError:
    try:
        state = open_store().get_run(run_id).state
    except TrainyardError as error:
        return error
    if state.live:
        return TrainyardError(f"Run {run_id} is {state}: it has a model once it has completed or was stopped.")
    return TrainyardError(f"Run {run_id} is {state} and has no saved model. Choose another run, or repeat it.")
