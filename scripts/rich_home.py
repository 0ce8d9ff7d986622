"""A home as after some days of work: real runs of each modality, own data, a fork, a study; for `look.py`."""

import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from engine.access import default_owner
from engine.imports.labelled import Labelled, Said
from engine.naming import Naming
from engine.runs import RunSpec, RunState
from engine.store import Store
from engine.studies import Search, StudySpec
from tests.e2e.dashboard import ROOT, Dashboard
from tests.study_seeding import SPACE, VALUES

DIGITS: dict[str, Any] = {"dataset": "digits", "model": "mlp", "epochs": 12, "patience": 0}
TRAINED: dict[str, dict[str, Any]] = {
    "digits": DIGITS,
    "smaller": DIGITS | {"units": 16},
    "text": {"dataset": "movie-snippets", "model": "bag-of-embeddings", "epochs": 4},
    "sound": {"dataset": "spoken-digits", "model": "audio-cnn", "epochs": 4},
    "table": {"dataset": "penguins", "epochs": 15},
    "value": {"dataset": "diabetes", "epochs": 15},
    "poems": {"dataset": "tang-poems", "epochs": 6},
    "scenes": {"dataset": "stamp-scenes", "epochs": 8},
    "alike": {"dataset": "emoji-styles", "task": "image-similarity", "epochs": 8},
    "clothes": {"dataset": "fashion", "task": "image-generation", "epochs": 4},
    "months": {"dataset": "co2"},
    "failed": {"dataset": "diabetes", "optimizer": "sgd", "learning_rate": 1.0, "epochs": 15},
}
"""Runs that end by themselves, by the words under which stations ask for them."""
LONG: dict[str, Any] = {"dataset": "mnist", "model": "cnn", "epochs": 300, "patience": 0}
SHAPES = ("circle", "square", "triangle")
PATIENCE_SECONDS = 1_200


def fill(dashboard: Dashboard) -> dict[str, int]:
    """Train, import and search until the home is full. Return the numbers of runs and studies by their words."""
    store = dashboard.store()
    made = {word: store.runs.create(RunSpec.build(values), "ada").id for word, values in TRAINED.items()}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "trees.csv").write_text(table(), encoding="utf-8")
        (Path(folder) / "shapes.zip").write_bytes(pictures())
        command(dashboard, "import", f"{folder}/trees.csv", "--title", "Trees of the park")
        command(dashboard, "import", f"{folder}/shapes.zip", "--title", "Shapes, drawn by hand")
    made["own"] = command(dashboard, "submit", "--dataset", "my-table", "--table", "trees", "--epochs", "10")["run"]
    made["stopped"] = store.runs.create(RunSpec.build(LONG), "grace").id
    wait(lambda: store.runs.get(made["stopped"]).epoch >= 6)
    store.runs.request_end(made["stopped"], RunState.STOPPED, by="grace")
    naming = Naming("First network", "The network of the first lesson.", ("course", "baseline"))
    store.runs.rename(made["digits"], naming)
    idle(store)
    made["fork"] = command(dashboard, "fork", str(made["digits"]), "--epoch", "12", "--queue", "--epochs", "16")["run"]
    spec = StudySpec.build(VALUES, SPACE, ("quality",), Search(trials=10))
    command(dashboard, "demo", "publish", str(made["digits"]), "digits", "--examples")
    made["boxes"] = labelling(store)
    made["study"] = store.studies.create(spec, Naming("Small networks"), "ada").id
    wait(lambda: not store.studies.get(made["study"]).live)
    return made


def labelling(store: Store) -> int:
    """Begin to draw boxes in three pictures; return its number."""
    made = store.labellings.create(default_owner(), "Shapes on paper", "boxed-pictures", [*SHAPES], "", most=9)
    said = (Said(boxes=((17.0, 20.0, 79.0, 82.0),), classes=(1,)), Said(), Said())
    drawn = [BytesIO() for _ in said]
    for file, name in zip(drawn, ("square", "circle", "triangle"), strict=True):
        draw_shape(name, np.random.default_rng(3)).resize((320, 320)).save(file, "png")
    store.labellings.add(
        made, [Labelled(0, f"{n}.png", f.getvalue(), s) for n, (f, s) in enumerate(zip(drawn, said, strict=True), 1)]
    )
    return made


def begin(dashboard: Dashboard) -> dict[str, int]:
    """Begin what is to be seen while it goes on: a run, one that waits, and a study."""
    store = dashboard.store()
    made = {word: store.runs.create(RunSpec.build(LONG), "ada").id for word in ("live", "waiting")}
    wait(lambda: store.runs.get(made["live"]).epoch >= 5)
    return made


def end(dashboard: Dashboard, made: dict[str, int]) -> None:
    """End what `begin` began."""
    store = dashboard.store()
    for run in made.values():
        store.runs.request_end(run, RunState.CANCELED)
    idle(store)


def idle(store: Store) -> None:
    """Wait until nothing trains or waits."""
    wait(lambda: not store.runs.list(states=[RunState.QUEUED, RunState.RUNNING]))


def wait(done: Callable[[], bool]) -> None:
    """Wait for something that the executor does."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > until:
            raise SystemExit(f"The home was not filled within {PATIENCE_SECONDS} seconds.")
        time.sleep(0.3)


def command(dashboard: Dashboard, *words: str) -> dict[str, Any]:
    """Run a command of the program on the home, and return its answer."""
    done = subprocess.run(
        [sys.executable, "-m", "engine", *words, "--json"],
        cwd=ROOT,
        env=os.environ | {"TRAINYARD_HOME": str(dashboard.home)},
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stderr}")
    answer = json.loads(done.stdout)
    return dict(answer[0] if isinstance(answer, list) else answer)


def table() -> str:
    """Return a table as a person may bring it: a row number, two measurements, a word, a target, gaps."""
    rows = [
        f"{number},{40 + 7 * number % 23},{'' if number % 9 == 4 else 7 * number % 31 / 2},{('oak', 'ash', 'elm')[number % 3]},"
        f"{('healthy', 'sick')[7 * number % 23 > 11]}"
        for number in range(1, 121)
    ]
    return "\n".join(["row,height,girth,tree,state", *rows])


def pictures() -> bytes:
    """Return a zip with a folder for each of three shapes."""
    rng, packed = np.random.default_rng(0), BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, name in enumerate(SHAPES * 20):
            drawn = BytesIO()
            draw_shape(name, rng).save(drawn, "png")
            archive.writestr(f"{name}/{number}.png", drawn.getvalue())
    return packed.getvalue()


def draw_shape(name: str, rng: np.random.Generator) -> Image.Image:
    """Draw one shape somewhere on a light ground."""
    picture = Image.new("RGB", (96, 96), tuple(rng.integers(200, 256, 3)))
    x, y, r = (*rng.integers(36, 60, 2), rng.integers(18, 34))
    colour = tuple(rng.integers(0, 150, 3))
    draw = ImageDraw.Draw(picture)
    if name == "circle":
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    else:
        draw.regular_polygon((int(x), int(y), int(r)), 4 if name == "square" else 3, int(rng.integers(90)), fill=colour)
    return picture
