"""Source of the network of a run: its saved model, or its newest checkpoint while it still trains."""

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.artifacts import TREES, artifacts_of
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.models.base import BOOSTING
from engine.models.boosted_trees import answering
from engine.reliability.stored import Reliability, read_reliability
from engine.runs import RunSpec
from engine.sentences import word
from engine.serving.outputs import Signature
from engine.store import open_store
from engine.tasks.base import Call, tasks
from engine.trees import Trees, read_trees

if TYPE_CHECKING:
    from engine.serving.tracing import Look
    from engine.training.checkpoint import Position

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """Version of a file: it differs once the file is rewritten, since training replaces the file as a whole."""

    run_id: int
    path: Path
    written: int
    size: int
    number: int
    remarked: int = 0
    """When what is known of its reliability was written; 0: never."""

    @property
    def live(self) -> bool:
        """Whether it is a checkpoint."""
        return self.path == artifacts_of(self.run_id).checkpoint


@dataclass(frozen=True)
class LoadedModel:
    """One run's network, traced for batches of any length."""

    signature: Signature
    call: Call
    """Raw inputs (batch, ...), and what the graph takes beside them, -> outputs (batch, ...)."""
    look: "Look | None" = None
    """Raw inputs (batch, ...) -> outputs, and the representation (batch, units) by which inputs are compared."""
    trained: Any = None
    """The network that training writes checkpoints of, where that is what was loaded: newer weights fit into it."""


def find_source(run_id: int) -> Source:
    """Return the newest weights of a run: the saved model, or the checkpoint of a run that has not ended and is further.

    Raise `TrainyardError` if there is neither.
    """
    files = artifacts_of(run_id)
    model, checkpoint = _state(run_id, files.model), _state(run_id, files.checkpoint)
    further = checkpoint is not None and (model is None or checkpoint.written > model.written)
    # the store is asked last: most runs have ended, and their model is the newest file
    if checkpoint is not None and further and not open_store().runs.get(run_id).state.final:
        return checkpoint
    if model is None:
        raise _no_model(run_id)
    return model


def _state(run_id: int, path: Path) -> Source | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    remarks = artifacts_of(run_id).reliability
    remarked = remarks.stat().st_mtime_ns if remarks.is_file() else 0
    return Source(run_id, path, found.st_mtime_ns, found.st_size, found.st_ino, remarked)


def _no_model(run_id: int) -> TrainyardError:
    try:
        state = open_store().runs.get(run_id).state
    except TrainyardError as error:
        return error
    if not state.final:
        return TrainyardError(
            "Run {run} is {state}: it has a model once its first epoch has ended.", run=run_id, state=word(state)
        )
    return TrainyardError(
        "Run {run} is {state} and does not have a saved model. Choose another run, or repeat it.",
        run=run_id,
        state=word(state),
    )


def load(source: Source, before: LoadedModel | None = None) -> LoadedModel:
    """Read a network; where `before`, an earlier state of the same run, is of the same kind, only weights are read."""
    if not source.live:
        return _from_model(source)
    if before is not None and before.trained is not None:
        return replace(before, signature=replace(before.signature, epoch=_read_weights(source, before.trained)))
    return _from_checkpoint(source)


def _from_model(source: Source) -> LoadedModel:
    files = artifacts_of(source.run_id)
    try:
        described = json.loads(files.info.read_text(encoding="utf-8"))
        task = described["task"]
        name = task.pop("name")
        info = replace(DataInfo.from_dict(described), modality=tasks[name].modality)  # older files do not say it
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainyardError(
            "The file {info!r} of run {run} is missing or damaged, so the outputs of its model "
            "cannot be interpreted. Resume or repeat the run.",
            info=files.info.name,
            run=source.run_id,
        ) from error
    known = read_reliability(files.reliability) or Reliability()
    signature = Signature(tasks[name].parse(task), info.calibrated_by(known.calibrated), reliability=known)
    return _from_trees(source, signature) if source.path.name == TREES else _from_network(source, signature)


def _from_network(source: Source, signature: Signature) -> LoadedModel:
    import keras

    from engine.serving.tracing import looking_model, traced_model

    try:
        model = keras.saving.load_model(source.path, compile=False, safe_mode=True)
    except Exception as error:  # on broken files Keras, zip and HDF5 raise nearly anything
        logger.warning("Cannot load the model of run %s", source.run_id, exc_info=True)
        raise _unreadable(source, type(error).__name__) from error
    info, known = signature.info, signature.reliability
    layer = next((layer for layer in model.operations if layer.name == known.layer), None)
    if known.reference is None or layer is None:
        return LoadedModel(signature, traced_model(model, info))
    look = looking_model(keras.Model(model.input, [model.output, layer.output]), info)
    return LoadedModel(signature, lambda inputs, extra=None: look(inputs)[0], look)


def _from_trees(source: Source, signature: Signature) -> LoadedModel:
    """Trees answer without TensorFlow."""
    try:
        trees = read_trees(source.path)
    except TrainyardError as error:
        logger.warning("Cannot load the trees of run %s", source.run_id, exc_info=True)
        raise _unreadable(source, type(error.__cause__).__name__) from error
    return LoadedModel(signature, answering(trees, signature.task, signature.info))


def _unreadable(source: Source, kind: str) -> TrainyardError:
    return TrainyardError(
        "The saved model of run {run} cannot be read ({kind}). Resume or repeat the run.", run=source.run_id, kind=kind
    )


def _from_checkpoint(source: Source) -> LoadedModel:
    """The network built from its spec, as the worker has built it, with the weights of the checkpoint.

    Training need not save a model for that: it writes its checkpoints anyway.
    """
    from engine.preparation.learned import learn
    from engine.preparation.prepare import prepare

    run = open_store().runs.get(source.run_id)
    spec = run.parsed()
    info = learn(spec.model, spec.task, prepare(spec.dataset))
    if spec.model.fits == BOOSTING:
        return _from_growing(source, spec, info)
    from engine.serving.tracing import traced_model
    from engine.training.inheritance import inherit
    from engine.training.network import build_network

    network = build_network(spec, info)
    inherit(run, artifacts_of(run.id), network)  # of a forked run a checkpoint may not hold all
    epoch = _read_weights(source, network.trained)
    return LoadedModel(Signature(spec.task, info, epoch), traced_model(network.saved, info), trained=network.trained)


def _from_growing(source: Source, spec: RunSpec, info: DataInfo) -> LoadedModel:
    """The best trees so far of a run that still trains."""
    from engine.training.checkpoint import read_arrays

    position, arrays = read_arrays(source.path)
    trees = Trees.of_arrays(arrays)
    if "b0" in arrays:
        trees = trees.first(int(arrays["b0"][0]))
    return LoadedModel(Signature(spec.task, info, _best_epoch(position)), answering(trees, spec.task, info))


def _read_weights(source: Source, model: Any) -> int:
    """Put the best weights so far into `model`; the epoch that they are of, 0 before one has ended."""
    from engine.training.checkpoint import load_weights

    return _best_epoch(load_weights(source.path, model))


def _best_epoch(position: "Position") -> int:
    return int(position.callbacks.get("best", {}).get("epochs", {}).get("epoch", 0))
