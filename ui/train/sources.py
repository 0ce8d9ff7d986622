"""Sources of the values of fields that only this machine knows."""

from collections.abc import Callable
from typing import Any

from engine import service
from engine.access import Action, reach
from engine.settings import settings
from ui import lab


def _devices() -> list[str]:
    from engine.devices import find_devices

    return ["auto", *(device.name for device in find_devices())]


def _gpus() -> list[int]:
    from engine.devices import find_devices

    found = sum(device.kind == "gpu" for device in find_devices())
    return [*range(1, max(1, min(found, settings().gpus_per_slot)) + 1)]


def _machines() -> list[int]:
    """As many as the executor has; where there is none, as many as the one of this machine would have."""
    lease = service.executors.get(lab.actor())
    found = settings().local_machines if lease is None else int(lease.info.get("machines", 1))
    return [*range(1, min(16, max(1, found)) + 1)]


_SOURCES: dict[str, Callable[[], list[Any]]] = {"devices": _devices, "gpus": _gpus, "machines": _machines}


def refuses(source: str, value: str) -> bool:
    """Return whether a source hides a value: what is suggested for a set of somebody else would tell of it."""
    return (
        source not in _SOURCES
        and value != ""
        and not reach(lab.actor(), Action.LOOK).everything
        and value not in values_of(source)
    )


def values_of(source: str) -> list[Any]:
    """Return the values of a field whose `Options` name this source: of devices, or of a kind of imported sets."""
    if source in _SOURCES:
        return _SOURCES[source]()
    return ["", *(own.reference for own in service.datasets.list_own(lab.actor(), source))]
