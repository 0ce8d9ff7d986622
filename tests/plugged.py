"""A plug-in of the tests, known here and in every process that is started; afterwards nobody knows of it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine import metrics
from engine.augmentations.base import augmentations
from engine.datasets.base import datasets
from engine.modalities.base import modalities
from engine.models.base import models
from engine.settings import settings
from engine.tasks.base import tasks
from ui.modalities.base import modalities as shown_modalities
from ui.modalities.base import modality
from ui.predictions.base import renderer_for, renderers


@contextmanager
def plugged(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register what the module `name` brings, for as long as the block lasts."""
    for registry in (modalities, tasks, datasets, models, augmentations):
        monkeypatch.setattr(registry, "_entries", {name: registry[name] for name in registry})
        monkeypatch.setattr(registry, "_loaded", False)
    modality("image")  # a module registers once: what is first imported within the block would be lost behind it
    renderer_for("classes")
    for shown in (renderers, shown_modalities):
        monkeypatch.setattr(shown, "entries", dict(shown.entries))
    monkeypatch.setattr(metrics, "_declared", dict(metrics._declared))
    monkeypatch.setenv("TRAINYARD_PLUGINS", name)
    settings.cache_clear()
    yield
    for module_name in [module_name for module_name in sys.modules if module_name.startswith(name)]:
        del sys.modules[module_name]
    settings.cache_clear()
