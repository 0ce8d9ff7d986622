"""Additional modules that bring tasks, datasets and models, named by `TRAINYARD_PLUGINS`."""

import importlib
import importlib.util
import logging

from engine.errors import TrainyardError
from engine.settings import settings

_log = logging.getLogger(__name__)


def import_plugins(part: str = "") -> None:
    """Import each plug-in, or the submodule `part` of those that have it. Raise `TrainyardError` for one that fails.

    A plug-in registers its entries. Its browser part is in its submodule `ui`, which processes
    without pages never import; nothing that pages import may import TensorFlow.
    """
    for name in filter(None, map(str.strip, settings().plugins.split(","))):
        try:
            package = importlib.import_module(name)
            if part and hasattr(package, "__path__") and importlib.util.find_spec(f"{name}.{part}"):
                importlib.import_module(f"{name}.{part}")
        except Exception as error:  # whatever a third-party module raises
            _log.exception("cannot import the plug-in %r", name)
            raise TrainyardError(
                "The plug-in {name!r} cannot be imported ({kind}: {error}). Put its folder on "
                "PYTHONPATH and fix it, or remove it from TRAINYARD_PLUGINS.",
                name=name,
                kind=type(error).__name__,
                error=error,
            ) from error
