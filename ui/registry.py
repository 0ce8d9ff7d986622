"""How things of the engine are shown: objects by the name of what they show, found in a package of ui and in plug-ins."""

import importlib
import pkgutil
from typing import Generic, TypeVar

from engine.plugins import import_plugins

T = TypeVar("T")


class Shown(Generic[T]):
    """Names to objects, filled when a name is asked for that is not known yet."""

    def __init__(self, package: str) -> None:
        """`package`: its modules register what they show."""
        self.package = package
        self.entries: dict[str, T] = {}

    def register(self, name: str, how: T) -> None:
        """Say how something of this name is shown."""
        self.entries[name] = how

    def find(self, name: str) -> T | None:
        """Return how something of this name is shown; None where nobody has said so."""
        if name not in self.entries:
            for module in pkgutil.iter_modules(importlib.import_module(self.package).__path__):
                importlib.import_module(f"{self.package}.{module.name}")
            import_plugins("ui")
        return self.entries.get(name)

    def all(self) -> dict[str, T]:
        """Return everything that is shown, by name."""
        self.find("")
        return dict(self.entries)
