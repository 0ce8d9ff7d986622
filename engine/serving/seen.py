"""What the network of a run gets of people's files: decoded as for a prediction, prepared as in its training."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from engine.artifacts import artifacts_of
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.seen import Seen
from engine.models.boosted_trees import BoostedTrees
from engine.preparation.prepare import prepare
from engine.runs import Run, RunSpec
from engine.serving.decoding import decode
from engine.settings import settings
from engine.store import open_store


def show_prepared(run_id: int, files: Sequence[tuple[str, bytes]]) -> list[Seen]:
    """Return what becomes of each of `files` (name, content), which hold one input each.

    Raises `TrainyardError` for a file that cannot be used, and where what the preprocessing learned is gone with its
    dataset. A task with a graph of its own is shown what its model's `preprocess` makes of its stored input.
    """
    spec, info, call = _preparation(run_id, settings().runs_path)
    inputs = [decode(spec.task.modality, data, name, info).single(name) for name, data in files]
    return spec.model.seen(call(np.concatenate(inputs)), info) if inputs else []


@lru_cache(maxsize=8)
def _preparation(run_id: int, _runs: Path) -> tuple[RunSpec, DataInfo, Callable[[np.ndarray], np.ndarray]]:
    """Build the part of a run's network in front of everything that is trained: it never changes for a run of these `_runs`."""
    import keras
    import tensorflow as tf

    from engine.training.tensors import as_tensors

    run = open_store().runs.get(run_id)
    spec = run.parsed()
    info = _info(run, spec)
    if isinstance(spec.model, BoostedTrees):
        return spec, info, partial(spec.model.matrix, info=info)
    raw, inputs = spec.task.inputs(info)
    model = keras.Model(raw, spec.model.preprocess(inputs, info))

    def call(batch: np.ndarray) -> np.ndarray:
        return np.asarray(model(tf.nest.map_structure(tf.convert_to_tensor, as_tensors(batch)), training=False))

    return spec, info, call


def _info(run: Run, spec: RunSpec) -> DataInfo:
    """Return the facts that the network was built from, with what it learned of its training split."""
    from engine.training.features import learn

    known = artifacts_of(run.id).read_info()
    if known is not None and not spec.model.learns(known):
        return known
    data = prepare(spec.dataset)
    if data.content_hash != run.environment.get("dataset_hash"):
        raise TrainyardError("The dataset has changed since run {run} was trained.", run=run.id)
    return learn(spec, data)
