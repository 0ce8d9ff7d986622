"""Tiny prepared data of each modality, held in memory in the formats that datasets use."""

from pathlib import Path

import numpy as np

from engine.data_info import DataInfo
from engine.preparation.prepare import PreparedDataset, Split

LABELS = ("low", "high")


class InMemory(PreparedDataset):
    """Stands where `prepare` would have put files: only what is cached beside the data is on disk."""

    def __init__(
        self, path: Path, modality: str, inputs: np.ndarray, targets: np.ndarray, labels: tuple[str, ...] = LABELS
    ) -> None:
        """Of the examples three fifths are for training, and a fifth each for validation and test."""
        super().__init__(path)
        path.mkdir(parents=True, exist_ok=True)
        self.__dict__ |= {
            "inputs": inputs,
            "targets": targets,
            "labels": labels,
            "kind_of_input": modality,
            "asked": [],
        }

    @property
    def info(self) -> DataInfo:
        """As the meta file would tell."""
        return DataInfo(self.inputs.shape[1:], self.__dict__["labels"], modality=self.__dict__["kind_of_input"])

    def indices(self, split: Split) -> np.ndarray:
        """Every fifth example, from another start for each held-out split."""
        self.__dict__["asked"].append(split)
        rest = np.arange(len(self.inputs)) % 5
        return np.flatnonzero({"train": rest < 3, "validation": rest == 3, "test": rest == 4}[split])


def classes(count: int) -> np.ndarray:
    """Targets of two classes, in no order that the splits follow."""
    return np.random.default_rng(0).integers(0, 2, count)


def images(path: Path, count: int = 100, side: int = 8) -> InMemory:
    """Dark and bright pictures."""
    targets = classes(count)
    noise = np.random.default_rng(1).integers(0, 120, (count, side, side, 3))
    return InMemory(path, "image", (noise + 100 * targets[:, None, None, None]).astype(np.uint8), targets)


def texts(path: Path, count: int = 100) -> InMemory:
    """Two moods in two languages, one of which has no spaces."""
    words = {0: ("bad", "awful", "糟糕"), 1: ("good", "lovely", "很好")}
    rng, targets = np.random.default_rng(1), classes(count)
    made = np.empty(count, object)
    made[:] = [f"It is {words[int(t)][rng.integers(3)]}, number {rng.integers(50)}." for t in targets]
    return InMemory(path, "text", made, targets)


def sounds(path: Path, count: int = 60, seconds: float = 0.3) -> InMemory:
    """Low and high tones of any loudness."""
    rng, targets = np.random.default_rng(1), classes(count)
    time = np.arange(int(seconds * 16_000)) / 16_000
    hertz = np.where(targets == 1, 2_000, 300)[:, None] * rng.uniform(0.9, 1.1, (count, 1))
    waves = np.sin(2 * np.pi * hertz * time) * rng.uniform(0.1, 0.9, (count, 1)) + rng.normal(
        0, 0.01, (count, len(time))
    )
    return InMemory(path, "audio", (waves * 30_000).astype(np.int16), targets)


def tables(path: Path, count: int = 200, regression: bool = False, curved: bool = False) -> InMemory:
    """Two numbers, one of them often missing, and two categories; the target follows the first number and category."""
    rng = np.random.default_rng(1)
    rows = np.empty(count, dtype=[("numbers", np.float32, (2,)), ("categories", object, (2,))])
    rows["numbers"] = rng.normal(size=(count, 2))
    rows["numbers"][rng.random(count) < 0.3, 1] = np.nan
    rows["categories"] = rng.choice(["red", "blue", ""], (count, 2))
    first = rows["numbers"][:, 0].astype(float)
    value = (10 * first**2 if curved else 3 * first) + 5 * (rows["categories"][:, 0] == "red")
    if regression:
        return InMemory(path, "table", rows, value, ())
    return InMemory(path, "table", rows, (value > np.median(value)).astype(np.int64))
