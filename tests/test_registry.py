"""Registries: filled by importing, with stable names, and helpful about names that do not exist."""

import importlib
import re
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.augmentations.base import augmentations
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.models.base import Model, models
from engine.optimizers import optimizers
from engine.registry import Registry
from engine.schedules import schedules
from engine.spec import Spec
from engine.tasks.base import tasks

REGISTRIES = (tasks, datasets, models, optimizers, schedules, augmentations)


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[Spec]]:
    """A registry over a package on disk with one file an entry."""
    package = tmp_path / "zoo_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "base.py").write_text(
        textwrap.dedent("""
        from engine.registry import Registry
        animals = Registry("animal", package="zoo_of_a_test", order=("zebra",))
        """)
    )
    for name in ("ant", "bee", "zebra"):
        (package / f"{name}.py").write_text(
            textwrap.dedent(f"""
            from engine.spec import Spec
            from zoo_of_a_test.base import animals
            @animals.register("{name}", "The {name}")
            class Animal(Spec):
                "An animal."
            """)
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("zoo_of_a_test.base").animals
    for name in [name for name in sys.modules if name.startswith("zoo_of_a_test")]:
        del sys.modules[name]


def test_a_new_file_is_a_new_entry(zoo: Registry[Spec]) -> None:
    assert list(zoo) == ["zebra", "ant", "bee"], "the given order first, then by name"
    assert (zoo["bee"].name, zoo["bee"].title) == ("bee", "The bee")


def test_who_asks_while_entries_are_found_waits_for_all_of_them(zoo: Registry[Spec], tmp_path: Path) -> None:
    (tmp_path / "zoo_of_a_test" / "cat.py").write_text("import time\ntime.sleep(0.2)\n")
    with ThreadPoolExecutor(4) as visitors:
        seen = list(visitors.map(lambda _: list(zoo), range(4)))
    assert seen == [["zebra", "ant", "bee"]] * 4


def test_an_unknown_name_suggests_near_ones() -> None:
    with pytest.raises(TrainyardError, match=r"^No model named 'mpl'\. Did you mean 'mlp'"):
        models["mpl"]


def test_a_name_like_no_other_lists_what_there_is() -> None:
    with pytest.raises(TrainyardError, match=r"^No optimizer named 'xyzzy'. Available: adam, adamw, rmsprop, sgd\.$"):
        optimizers["xyzzy"]


def test_two_files_cannot_claim_one_name() -> None:
    with pytest.raises(TrainyardError, match=r"model 'mlp' is already registered by engine\.models\.mlp"):
        models.register("mlp")(type("Impostor", (Model,), {"__doc__": "An impostor.", "__module__": __name__}))


def test_a_class_can_be_registered_again_by_its_own_file() -> None:
    known = models["mlp"]
    assert models.register("mlp", known.title)(known) is known


def test_an_entry_can_be_forgotten() -> None:
    models.register("of-a-test")(type("OfATest", (Model,), {"__doc__": "Of a test."}))
    assert "of-a-test" in models
    models.unregister("of-a-test")
    assert "of-a-test" not in models


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.kind)
def test_every_entry_has_a_name_for_urls_and_a_title_for_people(registry: Registry[Spec]) -> None:
    for name in registry:
        entry = registry[name]
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert entry.name == name
        assert entry.title[:1].isupper() or entry.title[:1].isdigit()


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.kind)
def test_the_order_names_only_entries_that_exist(registry: Registry[Spec]) -> None:
    assert set(registry.order) <= set(registry)
