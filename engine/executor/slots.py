"""Slots: how many runs train at once, and on which devices."""

import os
from dataclasses import dataclass, field

from engine.devices import Device, find_devices
from engine.settings import settings


@dataclass(frozen=True)
class Slot:
    """A place for one worker. `environment` narrows the worker to its device before TensorFlow is imported."""

    name: str
    devices: tuple[str, ...] | None
    """The devices that a run trained here may ask for; None: any."""
    environment: dict[str, str] = field(default_factory=dict)


def make_slots() -> list[Slot]:
    """Return one slot per GPU, or one on a machine without; `TRAINYARD_SLOTS` overrides this, GPUs first."""
    return _make_slots(find_devices(), settings().slots, os.cpu_count() or 1)


def _make_slots(devices: tuple[Device, ...], wanted: int, cores: int) -> list[Slot]:
    gpus = [d for d in devices if d.kind == "gpu"]
    count = wanted or max(1, len(gpus))
    threads = {"TF_NUM_INTRAOP_THREADS": str(max(1, cores // count))}
    slots = [
        Slot(gpu.name, ("auto", "gpu", "cpu", gpu.name), {"CUDA_VISIBLE_DEVICES": gpu.name.split(":")[1]} | threads)
        for gpu in gpus[:count]
    ]
    # without a GPU a run that asks for one is started all the same: its worker reports in a sentence what is missing
    allowed = ("auto", "cpu") if gpus else None
    more = range(count - len(slots))
    return slots + [Slot(f"cpu-{i}", allowed, {"CUDA_VISIBLE_DEVICES": "-1"} | threads) for i in more]
