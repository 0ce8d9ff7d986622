"""Estimate of the memory of a training, part by part, and of the free memory."""

from dataclasses import dataclass, fields

import psutil

from engine.cost.facts import NetworkFacts
from engine.devices import Device, find_devices, gpu_usage
from engine.runs import RunSpec
from engine.settings import settings

BASE_BYTES = 850_000_000
"""The memory of a worker for the smallest training, as measured on Linux without a GPU (bench/cost.py)."""
GPU_BASE_BYTES = 500_000_000
"""The GPU memory that CUDA and its libraries take."""
_FLOAT_BYTES = 4
_EVALUATED = 512  # examples evaluated at a time, as in `engine.training.pipeline`
_EVALUATED_BYTES = 64_000_000
_COPIES = 2  # of the inputs: as they were read, and as a tensor


@dataclass(frozen=True)
class Memory:
    """Bytes by purpose."""

    base: int
    """TensorFlow itself."""
    weights: int
    gradients: int
    optimizer: int
    """The state that the optimizer keeps for each weight."""
    batch: int
    """Outputs of all layers for one batch, which the backward pass needs, or for one evaluation batch."""
    data: int
    """Inputs of training and validation."""

    @property
    def total(self) -> int:
        """All of them together."""
        return sum(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class Room:
    """Memory that a run may take: `where` is "machine", "gpu" or "limit" (TRAINYARD_WORKER_MEMORY_MB)."""

    where: str
    free_bytes: int
    shared_bytes: int = 0
    """Free memory for all runs on the processor together; 0 on a GPU, which has one run."""


def estimate_memory(spec: RunSpec, facts: NetworkFacts, *, gpu: bool) -> Memory:
    """Return roughly what a training takes at its peak, in 32 bits."""
    trained = facts.trainable_parameters * _FLOAT_BYTES
    batch = min(spec.training.batch_size, facts.train_examples)
    evaluated = min(_EVALUATED, _EVALUATED_BYTES // max(1, facts.widest_numbers * _FLOAT_BYTES), facts.train_examples)
    resident = facts.data_bytes if facts.data_bytes <= settings().max_resident_mb * 1_000_000 else 0
    return Memory(
        base=GPU_BASE_BYTES if gpu else BASE_BYTES,
        weights=facts.parameters * _FLOAT_BYTES,
        gradients=trained,
        optimizer=round(facts.optimizer_slots * trained),
        batch=_FLOAT_BYTES * max(batch * facts.kept_numbers, evaluated * 2 * facts.widest_numbers),
        data=resident * (1 if gpu else _COPIES),
    )


def find_room(device: str) -> Room:
    """Return what is free where a run that asks for `device` would train. A limit of the installation counts if it is lower."""
    gpu = find_gpu(device)
    if gpu is not None:
        return Room("gpu", gpu.memory_bytes - int(gpu_usage(gpu.name).get("gpu_memory_bytes", 0)))
    free = int(psutil.virtual_memory().available)
    limit = settings().worker_memory_mb * 1_000_000
    if limit and limit + BASE_BYTES < free:
        return Room("limit", limit + BASE_BYTES, free)
    return Room("machine", free, free)


def find_gpu(device: str) -> Device | None:
    """Return the GPU on which a run that asks for `device` would train; None: it would train on the CPU."""
    gpus = [found for found in find_devices() if found.kind == "gpu"] if device != "cpu" else []
    return next((found for found in gpus if found.name == device), gpus[0] if gpus else None)
