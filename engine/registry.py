"""Names to classes or objects: entries are found by importing the folder (or the file) that holds them, then the plug-ins."""

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from engine.errors import TrainyardError, unknown_name
from engine.plugins import import_plugins
from engine.spec import Spec

E = TypeVar("E")
T = TypeVar("T", bound=Spec)

_LOADING = threading.RLock()
"""One lock for all registries: entries of one may ask another while they are imported."""


class Named(Protocol):
    """The attributes that a registry gives its entries."""

    name: ClassVar[str]
    title: ClassVar[str]


N = TypeVar("N", bound=Named)


class Entries(Generic[E]):
    """A mapping from a stable name to an entry, filled by importing one module, or every module of one package.

    The order of `order` comes first (what a beginner should meet first), the rest follows by name.
    """

    def __init__(self, kind: str, package: str, order: tuple[str, ...] = (), *, nested: bool = True) -> None:
        """`nested`: also search packages inside the package, where entries or parts of them may be."""
        self.kind, self.package, self.order, self.nested = kind, package, order, nested
        self._entries: dict[str, E] = {}
        self._sorted: tuple[dict[str, E], list[str]] = {}, []
        """The names in order, and the dictionary that they were sorted for."""
        self._loaded = self._loading = False

    def _add(self, name: str, title: str, cls: type[Named], entry: E) -> None:
        known: Any = self._entries.get(name)
        if known is not None and known.__module__ != cls.__module__:
            raise TrainyardError(
                "{kind} {name!r} is already registered by {module}.",
                kind=self.kind,
                name=name,
                module=known.__module__,
            )
        cls.name, cls.title = name, title or name
        self._entries[name] = entry
        self._sorted = {}, []

    def unregister(self, name: str) -> None:
        """Remove an entry: for tests and for experiments in a notebook."""
        self._entries.pop(name, None)
        self._sorted = {}, []

    def __getitem__(self, name: str) -> E:
        self._load()
        if name not in self._entries:
            raise unknown_name(self.kind, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._load()
        entries, names = self._sorted
        if entries is not self._entries:
            names = sorted(self._entries, key=self._rank)
            self._sorted = self._entries, names
        return iter(names)

    def values(self) -> list[E]:
        """Return the entries, in the order of iteration."""
        return [self[name] for name in self]

    def _rank(self, name: str) -> tuple[int, str]:
        return (self.order.index(name) if name in self.order else len(self.order), name)

    def _load(self) -> None:
        if self._loaded:
            return
        with _LOADING:  # no other thread may see half of the entries; modules being imported may
            if self._loading:
                return
            self._loading = True
            try:
                package = importlib.import_module(self.package)
                find = pkgutil.walk_packages if self.nested else pkgutil.iter_modules
                for module in find(getattr(package, "__path__", []), f"{self.package}."):
                    importlib.import_module(module.name)
                import_plugins()
                self._loaded = True
            finally:
                self._loading = False


class Registry(Entries[type[T]]):
    """Names to classes of settings: each use makes an object with its own values."""

    def register(self, name: str, title: str = "") -> Callable[[type[T]], type[T]]:
        """Class decorator: give the class its stable `name` and the `title` people read."""

        def decorator(cls: type[T]) -> type[T]:
            self._add(name, title, cls, cls)
            return cls

        return decorator


class Objects(Entries[N]):
    """Names to objects: one of each class, made where the class is registered."""

    def register(self, name: str, title: str = "") -> Callable[[type[N]], type[N]]:
        """Class decorator: give the class its stable `name` and the `title` people read, and make its object."""

        def decorator(cls: type[N]) -> type[N]:
            self._add(name, title, cls, cls())
            return cls

        return decorator
