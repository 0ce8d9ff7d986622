"""Datasets of a few dozen examples, one for each modality: networks of every kind train on them in a second."""

from typing import Any, ClassVar

import numpy as np

from engine.catalogue import ItemColumn
from engine.data_info import SAMPLE_RATE_HZ, Column
from engine.datasets.base import Examples, UnsplitDataset
from engine.datasets.sources.choices import Choices, ChoicesDataset
from engine.datasets.sources.pictures import PictureDataset
from engine.datasets.sources.watched import Machine, WatchedDataset
from engine.datasets.sources.windows import SeriesDataset
from engine.modalities.table.rows import make_rows
from engine.models.base import DESCENT, models
from engine.speech.written import written
from engine.tasks.base import tasks
from engine.timeline import Timeline

COUNT = 120
_WORDS = (("awful", "Übel", "never again"), ("lovely", "schön", "a delight"))


class Tiny(UnsplitDataset):
    """Base of the tiny datasets."""

    source: ClassVar[str] = "Made here"
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = "It is made up."
    labels: ClassVar[tuple[str, ...]] = ("low", "high")

    def fingerprint(self) -> str:
        """They never change."""
        return f"{type(self).__name__} {self.labels}"

    def load(self) -> Examples:
        """`COUNT` examples, as many of each class."""
        rng = np.random.default_rng(0)
        targets = rng.permutation(np.arange(COUNT) % len(self.labels))
        return Examples(self.inputs(targets, rng), targets, self.labels, **self.more())

    def inputs(self, targets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(examples, ...) that tell their targets."""
        raise NotImplementedError

    def more(self) -> dict[str, Any]:
        """Further facts about them."""
        return {}


class TinyImages(Tiny):
    """Dark and bright pictures."""

    def inputs(self, targets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(examples, 8, 8, 1) uint8."""
        return (rng.integers(0, 120, (len(targets), 8, 8, 1)) + 60 * (targets[:, None, None, None] % 2)).astype(
            np.uint8
        )


class TinyScenes(Tiny):
    """Up to two rectangles in noise, red or blue."""

    tasks: ClassVar[tuple[str, ...]] = ("object-detection",)

    def load(self) -> Examples:
        """(32, 32, 3) uint8, with boxes; some have none."""
        rng = np.random.default_rng(0)
        pictures, boxes = rng.integers(0, 60, (COUNT, 32, 32, 3)).astype(np.uint8), []
        for picture in pictures:
            there = []
            for left in np.array([1, 17])[rng.random(2) < 0.6].tolist():
                index, top = int(rng.integers(2)), int(rng.integers(0, 16))
                wide, high = rng.integers(8, 15, 2).tolist()
                picture[top : top + high, left : left + wide, 2 * index] = 255
                there.append([left, top, left + wide, top + high, index])
            boxes.append(np.array(there, np.float32).reshape(-1, 5))
        return Examples(pictures, boxes, ("red", "blue"))


class TinyPictures(PictureDataset, TinyImages):
    """The same, to be made."""

    tasks: ClassVar[tuple[str, ...]] = PictureDataset.tasks


class TinyTwins(Tiny):
    """Two noisy pictures of each of some patterns."""

    tasks: ClassVar[tuple[str, ...]] = ("image-similarity",)

    def load(self) -> Examples:
        """`COUNT` pairs (2, 16, 16, 1) uint8, each of its own pattern."""
        rng = np.random.default_rng(0)
        patterns = np.kron(rng.integers(0, 200, (COUNT, 1, 4, 4, 1)), np.ones((1, 1, 4, 4, 1)))
        pairs = (patterns + rng.integers(0, 55, (COUNT, 2, 16, 16, 1))).astype(np.uint8)
        numbers = np.arange(COUNT)
        targets = np.stack([numbers, numbers, numbers + COUNT], axis=1)
        return Examples(pairs, targets, tuple(f"pattern {number}" for number in numbers))


class TinyTexts(Tiny):
    """Two moods, with capitals outside of ASCII, and of different lengths."""

    tasks: ClassVar[tuple[str, ...]] = ("text-classification",)

    def inputs(self, targets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(examples,) strings."""
        made = np.empty(len(targets), object)
        made[:] = [
            " ".join([f"Number {rng.integers(9)}", *rng.choice(_WORDS[target], rng.integers(0, 6))])
            for target in targets
        ]
        return made


class TinyChinese(TinyTexts):
    """Two moods without spaces."""

    def inputs(self, targets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(examples,) strings."""
        made = np.empty(len(targets), object)
        made[:] = [
            "".join(rng.choice(list("很好喜欢" if target else "糟糕难看"), rng.integers(2, 9))) for target in targets
        ]
        return made


class TinySounds(Tiny):
    """Low and high tones."""

    tasks: ClassVar[tuple[str, ...]] = ("audio-classification",)

    def inputs(self, targets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(examples, samples) int16."""
        time = np.arange(SAMPLE_RATE_HZ // 4) / SAMPLE_RATE_HZ
        hertz = np.where(targets, 2_000, 300)[:, None] * rng.uniform(0.9, 1.1, (len(targets), 1))
        waves = 0.4 * np.sin(2 * np.pi * hertz * time) + rng.normal(0, 0.05, (len(targets), len(time)))
        return (waves * 30_000).clip(-32_767, 32_767).astype(np.int16)


class TinyTable(Tiny):
    """Two numbers with gaps and two categories."""

    tasks: ClassVar[tuple[str, ...]] = ("tabular-classification",)

    def inputs(self, targets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(examples,) rows."""
        numbers = rng.normal(size=(len(targets), 2)) + targets[:, None]
        numbers[rng.random(len(targets)) < 0.3, 1] = np.nan
        return make_rows(numbers, rng.choice(["red", 'bl"ue\\', "", "绿"], (len(targets), 2)).astype(object))

    def more(self) -> dict[str, Any]:
        """The columns."""
        return {
            "columns": (
                Column("width", "number"),
                Column("height", "number"),
                Column("colour", "category", ("red", "绿")),
                Column('"""\nimport os', "category", ("red",)),
            )
        }


class TinyValues(TinyTable):
    """The same, with a number to be told."""

    tasks: ClassVar[tuple[str, ...]] = ("tabular-regression",)

    def load(self) -> Examples:
        """Values far from zero."""
        found = super().load()
        values = 1_000 + 50 * np.nan_to_num(found.inputs["numbers"][:, 0]).astype(np.float64)
        return Examples(found.inputs, values, (), target="price", **self.more())


class TinyPrices(TinyValues):
    """A few of them a hundred times the others."""

    def load(self) -> Examples:
        """Between some thousands and some hundred thousands."""
        found = super().load()
        return Examples(found.inputs, np.exp(11 + (found.targets - 1_000) / 100), (), target="price", **self.more())


class TinyLines(Tiny):
    """Lines of a few letters, to be written."""

    tasks: ClassVar[tuple[str, ...]] = ("text-generation",)
    suggested: ClassVar[dict[str, Any]] = {"context_length": 8, "tokenization": "characters"}

    def load(self) -> Examples:
        """Up to twelve letters, without targets; equal ones stay in one split."""
        rng = np.random.default_rng(0)
        texts = np.array(["".join(rng.choice(list("abc"), rng.integers(1, 13))) for _ in range(COUNT)], object)
        return Examples(texts, None, groups=np.unique(texts, return_inverse=True)[1])


class TinyPairs(Tiny):
    """Letters, to be written backwards in capitals."""

    tasks: ClassVar[tuple[str, ...]] = ("text2text-generation", "summarization")
    suggested: ClassVar[dict[str, Any]] = {
        "context_length": 12, "source_tokenization": "characters", "target_tokenization": "characters",
    }  # fmt: skip

    def load(self) -> Examples:
        """Up to eight letters; equal ones stay in one split."""
        rng = np.random.default_rng(0)
        texts = np.array(["".join(rng.choice(list("abc"), rng.integers(1, 9))) for _ in range(COUNT)], object)
        return Examples(texts, [text[::-1].upper() for text in texts], groups=np.unique(texts, return_inverse=True)[1])


class TinySeries(SeriesDataset):
    """A wave of two channels and a mark that is known beforehand."""

    source: ClassVar[str] = "Made here"
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = "It is made up."
    suggested: ClassVar[dict[str, Any]] = {"window": 12, "horizon": 4}

    def fingerprint(self) -> str:
        """They never change."""
        return "1"

    def load(self) -> Examples:
        """Windows of a hundred and more steps."""
        steps = np.arange(COUNT + 20)
        noise = np.random.default_rng(0).normal(0, 0.1, (len(steps), 2))
        marks = (steps % 6 == 0)[:, None]
        values = 1_000 + np.stack([np.sin(steps / 2), np.cos(steps / 2)], axis=1) + noise + marks
        line = Timeline(self.window, self.horizon, 12, "day", ("value", "measured", "mark"), hidden=2)
        return self.cut([np.concatenate([values, marks], axis=1)], line, "value")


class TinyChoices(ChoicesDataset):
    """People who like things of one of two kinds, and choose them in any order."""

    source: ClassVar[str] = "Made here"
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = "It is made up."
    suggested: ClassVar[dict[str, Any]] = {"history": 8}

    def fingerprint(self) -> str:
        """They never change."""
        return "1"

    def load(self) -> Examples:
        """Some dozens of people, each with six choices; the last item is new."""
        rng = np.random.default_rng(0)
        people = np.repeat(np.arange(COUNT // 3), 6)
        items = np.concatenate([2 * rng.permutation(10)[:6] + person % 2 for person in range(COUNT // 3)]) + 1
        times = rng.permutation(len(people)).astype(float)
        items[times == times.max()] = 21
        columns = [
            ItemColumn("kind", "category", tuple(("even", "odd")[item % 2] for item in range(21))),
            ItemColumn("price", "number", (None, *(float(item) for item in range(20)))),
        ]
        return self.examples_of(Choices.of(people, items, times), [f"thing {item}" for item in range(1, 22)], columns)


class TinyMachines(WatchedDataset):
    """Three machines, one of whose sensors rises before each failure."""

    source: ClassVar[str] = "Made here"
    licence: ClassVar[str] = "CC0-1.0"
    limits: ClassVar[str] = "It is made up."
    suggested: ClassVar[dict[str, Any]] = {"window": 6, "horizon": 4}

    def fingerprint(self) -> str:
        """They never change."""
        return "1"

    def machines(self) -> list[Machine]:
        """Every twenty-fifth hour something breaks, for two hours."""
        hours, rng = np.arange(400), np.random.default_rng(0)
        found = []
        for shift in (0, 7, 11):
            since = (hours + shift) % 25
            sensors = np.stack([since / 25 + rng.normal(0, 0.05, 400), rng.normal(size=400)], axis=1)
            found.append((sensors, since < 2))
        return found

    def load(self) -> Examples:
        """The first sensor, to be told."""
        line = Timeline(self.window, self.horizon, 25, "hour", ("wear", "noise"), hidden=2)
        return self.cut([sensors for sensors, _down in self.machines()], line, "wear")

    def watched(self) -> Examples:
        """Whether something breaks."""
        line = Timeline(self.window, self.horizon, 25, "hour", ("wear", "noise"))
        return self.cut_watched(self.machines(), line)


class TinySpeech(Tiny):
    """One to three tones in a row, low or high, each with its word."""

    tasks: ClassVar[tuple[str, ...]] = ("automatic-speech-recognition",)

    def load(self) -> Examples:
        """Recordings of different length, with transcripts in which something is to be made plain."""
        rng = np.random.default_rng(0)
        said = [rng.integers(0, 2, rng.integers(1, 4)).tolist() for _ in range(COUNT)]
        clips = np.empty(COUNT, object)
        clips[:] = [np.concatenate([_tone(word, rng) for word in words]) for words in said]
        texts = [" ".join(("Low,", "high")[word] for word in words) for words in said]
        return Examples(clips, written(texts))


class TinyVoices(Tiny):
    """Two words in six voices: a tone that rises or falls, higher or lower."""

    tasks: ClassVar[tuple[str, ...]] = ("text-to-speech",)

    def load(self) -> Examples:
        """Rows of text and voice, and sounds of half a second."""
        rng = np.random.default_rng(0)
        words, voices = np.arange(COUNT) % 2, rng.integers(0, 6, COUNT)
        time = np.arange(SAMPLE_RATE_HZ // 2) / SAMPLE_RATE_HZ
        hertz = 400 * (1 + voices[:, None] / 4) * (1 + np.where(words, 1, -1)[:, None] * time)
        waves = 0.4 * np.sin(2 * np.pi * np.cumsum(hertz, axis=1) / SAMPLE_RATE_HZ)
        waves[:, : SAMPLE_RATE_HZ // 10] = 0
        texts = [("down", "up")[word] for word in words]
        rows = make_rows(None, np.array(list(zip(texts, [f"v{voice}" for voice in voices], strict=True)), object))
        columns = (
            Column("text", "category", ("down", "up")),
            Column("voice", "category", tuple(f"v{i}" for i in range(6))),
        )
        return Examples(rows, (waves * 30_000).astype(np.int16), columns=columns)


def _tone(word: int, rng: np.random.Generator) -> np.ndarray:
    """A fifth of a second, and a pause."""
    time = np.arange(SAMPLE_RATE_HZ // 5) / SAMPLE_RATE_HZ
    wave = 0.4 * np.sin(2 * np.pi * (300, 2_000)[word] * rng.uniform(0.9, 1.1) * time)
    wave = np.concatenate([wave, np.zeros(rng.integers(800, 3_200))])
    return ((wave + rng.normal(0, 0.02, len(wave))) * 30_000).astype(np.int16)


NETWORKS = [name for name in models if models[name].fits == DESCENT]
"""The models that have layers, an optimizer and weights; boosted trees have none."""


def small_set(model: str) -> str:
    """Return an embedded dataset that `model` can be trained on in little time."""
    task = next(name for name in tasks if tasks[name].accepts(models[model]))
    return _SMALL[task]


_SMALL = {
    "image-classification": "digits",
    "object-detection": "stamp-scenes",
    "image-similarity": "emoji-styles",
    "text-classification": "movie-snippets",
    "audio-classification": "spoken-digits",
    "tabular-classification": "iris",
    "text-generation": "tang-poems",
    "text2text-generation": "number-words",
    "summarization": "docstrings",
    "time-series-forecasting": "co2",
    "recommendation": "bookshop",
    "predictive-maintenance": "machine-sensors",
    "automatic-speech-recognition": "digit-strings",
    "text-to-speech": "digit-voices",
    "image-generation": "digits",
}
TINY = {
    "tiny-images": TinyImages,
    "tiny-scenes": TinyScenes,
    "tiny-pictures": TinyPictures,
    "tiny-twins": TinyTwins,
    "tiny-texts": TinyTexts,
    "tiny-chinese": TinyChinese,
    "tiny-lines": TinyLines,
    "tiny-pairs": TinyPairs,
    "tiny-sounds": TinySounds,
    "tiny-speech": TinySpeech,
    "tiny-voices": TinyVoices,
    "tiny-table": TinyTable,
    "tiny-series": TinySeries,
    "tiny-choices": TinyChoices,
    "tiny-machines": TinyMachines,
    "tiny-values": TinyValues,
    "tiny-prices": TinyPrices,
}
