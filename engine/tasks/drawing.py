"""How pictures are made of a class: from noise along a flow, or at a place of a latent space."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Protocol

import numpy as np

from engine.data_info import DECLARED, DataInfo
from engine.errors import TrainyardError
from engine.pictures.flow import NONE, PICTURE, TIME, VELOCITY, followed
from engine.pictures.latent import LATENT, between, by_effect, decoded, encoded, grid, loss_parts
from engine.spec import ADVANCED, Range
from engine.tasks.base import Answering, Call

_MOMENTS, _JUDGED_STEPS = 10, 10
_PORTION = 256


class Drawing(Answering):
    """How pictures are made."""

    count: Annotated[int, Range(1, 16)] = 8
    """Pictures of the class."""
    guidance: Annotated[float, Range(1.0, 6.0, step=0.25)] = 2.0
    """How much the class matters: 1 as the network says; higher makes pictures more typical, and more alike."""
    steps: Annotated[int, Range(2, 100, log=True)] = 15
    """Steps from noise to picture. More are more exact, and take longer."""
    seed: Annotated[int, Range(0, 1_000_000)] = 1
    """The same number makes the same pictures again, of each class from the same noise; 0 makes others each time."""
    view: Literal["pictures", "interpolation", "map"] = "pictures"
    """pictures: each at a place of its own. interpolation: on the way from the pictures of another seed to those of this one. map: a part
    of the latent space, with a picture at each place of a grid."""
    spread: Annotated[float, Range(0.0, 2.0, step=0.05), ADVANCED] = 1.0
    """How far from the middle of the latent space places are drawn: at 0 all pictures are the typical one, above 1 they are unusual."""
    other_seed: Annotated[int, Range(0, 1_000_000), ADVANCED] = 2
    """Of an interpolation: the seed of the pictures at its beginning."""
    across: Annotated[int, Range(1, 128, log=True), ADVANCED] = 1
    """Of a map: the latent number that grows from left to right. 1 is the one that changes pictures most."""
    down: Annotated[int, Range(1, 128, log=True), ADVANCED] = 2
    """Of a map: the latent number that grows from bottom to top, counted alike."""


class Way(Protocol):
    """How networks of one kind make pictures. Classes are numbers (examples,), pictures lie between -1 and 1."""

    parts: ClassVar[tuple[str, ...]]
    """Names of the metrics that the loss is the sum of; empty where it is one number."""

    def answer(
        self, call: Call, numbers: np.ndarray, options: Drawing, shape: tuple[int, ...]
    ) -> tuple[list[np.ndarray], int]:
        """Return moments (examples, pictures, *shape), the last one whole, and the columns of a map, 0 where it is none."""

    def make(self, call: Call, numbers: np.ndarray, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return a picture of each class (examples, *shape)."""

    def losses(self, call: Call, numbers: np.ndarray, pictures: np.ndarray) -> np.ndarray:
        """Return the loss of each picture, and after it its parts: (examples, 1 + parts)."""

    def again(self, call: Call, numbers: np.ndarray, pictures: np.ndarray) -> np.ndarray | None:
        """Return what the network makes of pictures again (examples, ...); None where it does not look at any."""


class Flow:
    """Noise is followed to a picture."""

    parts: ClassVar[tuple[str, ...]] = ()

    def answer(
        self, call: Call, numbers: np.ndarray, options: Drawing, shape: tuple[int, ...]
    ) -> tuple[list[np.ndarray], int]:
        """Some moments from noise to picture."""
        rng = np.random.default_rng(options.seed or None)
        noise = rng.normal(size=(options.count, *shape)).astype(np.float32)
        every = np.tile(noise, (len(numbers), *(1 for _ in shape)))
        shown = set(np.linspace(0, options.steps, _MOMENTS).round().astype(int).tolist())
        way = followed(call, np.repeat(numbers, options.count), every, options.steps, options.guidance)
        return [x.reshape(len(numbers), options.count, *shape) for step, x in enumerate(way) if step in shown], 0

    def make(self, call: Call, numbers: np.ndarray, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """From noise of its own each, guided as the demo does it."""
        noise, guidance = rng.normal(size=(len(numbers), *shape)), Drawing().guidance
        *_way, made = followed(call, numbers, noise, _JUDGED_STEPS, guidance)
        return made

    def losses(self, call: Call, numbers: np.ndarray, pictures: np.ndarray) -> np.ndarray:
        """The mean squared error of the velocity of each picture, at a time of its own."""
        rng, found = np.random.default_rng(2), [np.zeros(0)]
        for start in range(0, len(pictures), _PORTION):
            some = pictures[start : start + _PORTION]
            noise = rng.normal(size=some.shape).astype(np.float32)
            time = (1 / (1 + np.exp(-rng.normal(size=(len(some), 1))))).astype(np.float32)
            share = time[:, :, None, None]
            seen = (1 - share) * noise + share * some
            told = call(numbers[start : start + _PORTION, None], {PICTURE: seen, TIME: time})[VELOCITY]
            found.append(np.square(np.asarray(told) - (some - noise)).mean(axis=(1, 2, 3)))
        return np.concatenate(found)[:, None]

    def again(self, call: Call, numbers: np.ndarray, pictures: np.ndarray) -> np.ndarray | None:
        """Nothing: it begins with noise."""
        return None


class Latent:
    """A place is decoded."""

    parts: ClassVar[tuple[str, ...]] = ("reconstruction", "divergence")

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions

    def answer(
        self, call: Call, numbers: np.ndarray, options: Drawing, shape: tuple[int, ...]
    ) -> tuple[list[np.ndarray], int]:
        """Pictures at places that a seed draws, on the way between those of two seeds, or on a grid."""
        columns = 0
        if options.view == "map":
            places, columns = grid(self.dimensions, *self._directions(call, numbers, options, shape))
            moments = [places]
        elif options.view == "interpolation":
            moments = between(
                self._drawn(options.other_seed, options), self._drawn(options.seed, options), _MOMENTS + 1
            )
        else:
            moments = [self._drawn(options.seed, options)]
        return [self._everywhere(call, numbers, places, shape) for places in moments], columns

    def _drawn(self, seed: int, options: Drawing) -> np.ndarray:
        """(count, dimensions)."""
        rng = np.random.default_rng(seed or None)
        return options.spread * rng.normal(size=(options.count, self.dimensions))

    def _everywhere(self, call: Call, numbers: np.ndarray, places: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Every class at every one of `places`: (classes, places, *shape)."""
        every = np.tile(places, (len(numbers), 1))
        made = decoded(call, np.repeat(numbers, len(places)), every, shape)
        return made.reshape(len(numbers), len(places), *shape)

    def _directions(self, call: Call, numbers: np.ndarray, options: Drawing, shape: tuple[int, ...]) -> tuple[int, int]:
        """The dimensions that a map shows; of several classes those of the first."""
        wanted = (options.across, options.down)
        if max(wanted) > self.dimensions or len(set(wanted)) == 1:
            raise TrainyardError(
                "A map needs two different numbers of the {latent} that stand for a picture; across is {across} and down is {down}. "
                "Choose others.",
                latent=self.dimensions,
                across=options.across,
                down=options.down,
            )
        order = [0, 1]  # both fit on the map anyway
        if self.dimensions > 2:
            order = by_effect(call, int(numbers[0]) if len(numbers) else NONE, self.dimensions, shape)
        return order[options.across - 1], order[options.down - 1]

    def make(self, call: Call, numbers: np.ndarray, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """At a place of its own each."""
        return decoded(call, numbers, rng.normal(size=(len(numbers), self.dimensions)), shape)

    def losses(self, call: Call, numbers: np.ndarray, pictures: np.ndarray) -> np.ndarray:
        """The negative ELBO, with one drawn place for each picture."""
        parts = loss_parts(call, numbers, pictures, self.dimensions, np.random.default_rng(2))
        return np.concatenate([parts.sum(axis=1, keepdims=True), parts], axis=1)

    def again(self, call: Call, numbers: np.ndarray, pictures: np.ndarray) -> np.ndarray | None:
        """At the middle of the places of each picture."""
        mean, _spread = encoded(call, numbers, pictures, self.dimensions)
        return decoded(call, numbers, mean, pictures.shape[1:])


def way_of(info: DataInfo) -> Way:
    """Return how the network makes pictures that `info` is of: its model has declared it."""
    declared: Mapping[str, Any] = info.learned.get(DECLARED, {})
    return Latent(int(declared[LATENT])) if LATENT in declared else Flow()


def in_bytes(pictures: "np.ndarray | Sequence[np.ndarray]") -> np.ndarray:
    """-1 to 1 -> uint8."""
    found: np.ndarray = np.clip(np.rint((np.asarray(pictures) + 1) * 127.5), 0, 255).astype(np.uint8)
    return found
