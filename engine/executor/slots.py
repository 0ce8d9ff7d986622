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
    """Return one slot per GPU, or one on a machine without; `TRAINYARD_SLOTS` overrides this, GPUs first.

    With `TRAINYARD_GPUS_PER_SLOT` each has that many of them.
    """
    return _make_slots(find_devices(), settings().slots, os.cpu_count() or 1, settings().gpus_per_slot)


def _make_slots(devices: tuple[Device, ...], wanted: int, cores: int, together: int = 1) -> list[Slot]:
    gpus = [d.name.split(":")[1] for d in devices if d.kind == "gpu"]
    groups = [gpus[first : first + together] for first in range(0, len(gpus), together)]
    count = wanted or max(1, len(groups))
    threads = {"TF_NUM_INTRAOP_THREADS": str(max(1, cores // count))}
    slots = [
        Slot(
            _name(group), ("auto", "gpu", "cpu", f"gpu:{group[0]}"), {"CUDA_VISIBLE_DEVICES": ",".join(group)} | threads
        )
        for group in groups[:count]
    ]
    # without a GPU a run that asks for one is started all the same: its worker reports in a sentence what is missing
    allowed = ("auto", "cpu") if gpus else None
    more = range(count - len(slots))
    return slots + [Slot(f"cpu-{i}", allowed, {"CUDA_VISIBLE_DEVICES": "-1"} | threads) for i in more]


def _name(group: list[str]) -> str:
    return f"gpu:{group[0]}" if len(group) == 1 else f"gpu:{group[0]}-{group[-1]}"
