"""Where the values of a field come from that only the machine knows."""

from collections.abc import Callable

from engine import service
from engine.imports.sets import Kind
from ui import lab


def _devices() -> list[str]:
    from engine.devices import find_devices

    return ["auto", *(device.name for device in find_devices())]


def _sets(kind: Kind) -> list[str]:
    return ["", *(own.reference for own in service.datasets.list_own(lab.actor(), kind))]


SOURCES: dict[str, Callable[[], list[str]]] = {
    "devices": _devices,
    "folders": lambda: _sets("images"),
    "clips": lambda: _sets("clips"),
    "texts": lambda: _sets("texts"),
    "tables": lambda: _sets("table"),
}
"""Where the values of a field come from that only the machine knows, by the name in its `Options`."""
