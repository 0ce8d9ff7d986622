"""Inputs unlike the training data: how often the default network of a set says so, rightly and by mistake.

Each set is trained as `engine train` does it. Then its test split (false alarms) and inputs of other kinds go through the saved model as
predictions do. `python -m bench unlike` measures all sets; `python -m bench.unlike --sets fashion --seeds 0 1` some.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from bench.children import empty_home, run_json
from engine.data_info import DataInfo
from engine.datasets.base import datasets
from engine.preparation.prepare import prepare
from engine.runs import RunSpec

SETS = ("fashion", "mnist", "tweets", "phrase-languages", "penguins", "titanic", "spoken-digits", "diabetes")
SEEDS = (0, 1, 2)
COUNT = 300
"""Number of inputs of each kind."""
_CANVAS, _PEN = 280, 20  # of the demo page, in pixels


def measure(sets: Sequence[str] = SETS, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """Return for each set the mean share that is flagged: of its test split, and of each kind of other inputs."""
    found = {}
    with empty_home() as environment:
        for name in sets:
            each = [
                run_json("-m", "bench.unlike", "--one", "--sets", name, "--seeds", str(seed), environment=environment)
                for seed in seeds
            ]
            found[name] = {key: _mean([one[key] for one in each]) for key in each[0]}
            print(name, found[name], file=sys.stderr, flush=True)
    return found


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), 3) if known else None


def train(name: str, seed: int) -> dict[str, float | None]:
    """Train the default of one set, and return what is flagged, and what it costs for one input and at evaluation."""
    from engine.serving.loaded import LoadedModels
    from engine.store import open_store
    from engine.training.fit import train_run

    spec = RunSpec.build({"task": datasets[name].tasks[0], "dataset": name, "seed": seed})
    store = open_store()
    run = store.runs.create(spec, slot="bench")
    train_run(store, run)
    result = store.runs.get(run.id).result
    store.close()
    model = LoadedModels().get(run.id)
    known, look = model.signature.reliability, model.look
    kinds = {
        "test": prepare(spec.dataset).arrays("test")[0],
        **dict(others(name, spec.task.modality, model.signature.info)),
    }
    found: dict[str, float | None] = {key: value for key, value in result.items() if key in _SHOWN}
    if look is None or known.reference is None:
        return found | dict.fromkeys(kinds)
    for kind, inputs in kinds.items():
        parts = np.array_split(inputs, max(1, len(inputs) // 100))
        as_far = np.concatenate([known.reference.as_far(look(part)[1]) for part in parts])
        found[kind] = float((as_far <= known.reference.most(known.flagged)).mean())
    seen = look(kinds["test"][:1])[1]
    began = time.perf_counter()
    for _ in range(200):
        known.reference.as_far(seen)
    return found | {"milliseconds_for_one": 5 * (time.perf_counter() - began)}


_SHOWN = ("test_accuracy", "test_rmse", "whole_seconds")


def others(name: str, modality: str, info: DataInfo) -> Iterator[tuple[str, np.ndarray]]:
    """Yield inputs that are none of the set, by kind."""
    rng = np.random.default_rng(0)
    test = prepare(datasets[name]()).arrays("test")[0]
    match modality:
        case "image":
            yield from _pictures(name, test, info, rng)
        case "text":
            yield from _texts(name, test, rng)
        case "table":
            yield from _rows(test, rng)
        case "audio":
            yield "noise", rng.normal(0, 3000, (100, *test.shape[1:])).astype(test.dtype)
            yield "silence", np.zeros((2, *test.shape[1:]), test.dtype)
            yield "backwards", test[:COUNT, ::-1]


def _pictures(
    name: str, test: np.ndarray, info: DataInfo, rng: np.random.Generator
) -> Iterator[tuple[str, np.ndarray]]:
    """Drawings: digits, pictures with outlines, strokes of the pen, outlines of the set's own things; noise; one colour."""
    for other in ("mnist", "emoji", "stamps"):
        if other != name:
            inputs = prepare(datasets[other]()).arrays("test")[0][:COUNT]
            yield other, np.stack([_fitted(Image.fromarray(one.squeeze()), info) for one in inputs])
    ink, ground = ("white", "black") if datasets[name].ink == "white-on-black" else ("black", "white")
    yield "strokes", np.stack([_fitted(_strokes(rng, ink, ground), info) for _ in range(COUNT)])
    if name == "fashion":
        yield "outlines", np.stack([_outline(one) for one in test[:COUNT]])
    yield "noise", rng.integers(0, 256, (COUNT, *info.shape)).astype(np.uint8)
    yield "blank", np.stack([np.full(info.shape, value, np.uint8) for value in (0, 64, 128, 192, 255)])


def _fitted(image: Image.Image, info: DataInfo) -> np.ndarray:
    height, width, channels = info.shape
    pixels = np.asarray(image.convert("L" if channels == 1 else "RGB").resize((width, height)))
    return pixels.reshape(info.shape)


def _strokes(rng: np.random.Generator, ink: str, ground: str) -> Image.Image:
    """Draw one to four smooth strokes of the demo's pen on its canvas."""
    image = Image.new("RGB", (_CANVAS, _CANVAS), ground)
    draw, steps = ImageDraw.Draw(image), np.linspace(0, 1, 60)[:, None]
    for _ in range(rng.integers(1, 5)):
        a, b, c, d = rng.uniform(_PEN, _CANVAS - _PEN, (4, 1, 2))
        curve = (1 - steps) ** 3 * a + 3 * (1 - steps) ** 2 * steps * b + 3 * (1 - steps) * steps**2 * c + steps**3 * d
        for x, y in curve:
            draw.ellipse([x - _PEN / 2, y - _PEN / 2, x + _PEN / 2, y + _PEN / 2], fill=ink)
    return image


def _outline(picture: np.ndarray) -> np.ndarray:
    """Return the outline of a thing on a black ground, as somebody would draw it: (height, width, 1) uint8."""
    from scipy.ndimage import binary_dilation, binary_erosion

    inside = picture[..., 0] > 40
    return (255 * (binary_dilation(inside) & ~binary_erosion(inside))[..., None]).astype(np.uint8)


def _texts(name: str, test: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Words of random letters, numbers, another language, texts of another set."""
    letters = list("abcdefghijklmnopqrstuvwxyz")
    words = [
        [("".join(rng.choice(letters, rng.integers(2, 9)))) for _ in range(rng.integers(5, 20))] for _ in range(COUNT)
    ]
    yield "random_words", np.array([" ".join(each) for each in words], object)
    yield "numbers", np.array([" ".join(map(str, rng.integers(0, 10_000, 10))) for _ in range(COUNT)], object)
    if name != "phrase-languages":
        other = prepare(datasets["phrase-languages"]())
        where, labels = other.indices("test"), np.array(other.info.labels)
        inputs, languages = np.asarray(other.inputs[where]), labels[other.targets[where]]
        for language in sorted(set(languages))[:6]:
            yield str(language), inputs[languages == language][:COUNT]
    else:
        yield "tweets", prepare(datasets["tweets"]()).arrays("test")[0][:COUNT]


def _rows(test: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Rows of which all numbers, or one, are so many standard deviations from the mean."""
    numbers = test["numbers"]
    mean, deviation = np.nanmean(numbers, axis=0), np.nanstd(numbers, axis=0)
    for far in (3, 5, 10):
        rows = test.copy()
        rows["numbers"] = mean + far * deviation * rng.choice([-1, 1], numbers.shape)
        yield f"all_{far}_deviations", rows
        rows = test.copy()
        column = rng.integers(numbers.shape[1], size=len(rows))
        rows["numbers"][np.arange(len(rows)), column] = (mean + far * deviation)[column]
        yield f"one_{far}_deviations", rows


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--one", action="store_true", help="train here: one set and one seed")
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(train(chosen.sets[0], chosen.seeds[0])))
    else:
        print(json.dumps(measure(chosen.sets, chosen.seeds), indent=2))


if __name__ == "__main__":
    _main()
