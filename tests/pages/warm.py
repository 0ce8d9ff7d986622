"""A predictor that answers at once, and runs that have finished, for pages that show their results."""

from typing import ClassVar

from engine.cost import NetworkFacts
from engine.errors import TrainyardError
from engine.modalities.seen import Seen
from engine.runs import RunSpec, RunState
from engine.serving import opening
from engine.serving.client import Layer, NetworkPicture
from engine.serving.opened import Opened, Unfolded, read_opened, read_unfolded
from engine.serving.wire import pack
from engine.store import Store


class Blind:
    """A part of predictors that show `sees` as what a network gets of each file: nothing, unless a test says so."""

    sees: ClassVar[list[Seen]] = []

    def seen(self, run_id: int, files: list[tuple[str, bytes]]) -> list[Seen]:
        """Return the same for any file."""
        return self.sees

    def opened(self, modality: str, files: list[tuple[str, bytes]], pixels: int) -> list[Opened]:
        """What the predictor returns, in this process."""
        head = {"modality": modality, "names": [name for name, _data in files], "pixels": pixels}
        return read_opened(opening.open_files(pack(head, [data for _name, data in files])))

    def unfolded(
        self, modality: str, file: tuple[str, bytes], columns: list[str], first: int = 0, spent_bytes: int = 0
    ) -> Unfolded:
        """The same of the inputs of one file."""
        head = {"modality": modality, "name": file[0], "columns": columns, "first": first, "spent": spent_bytes}
        return read_unfolded(opening.unfold_file(pack(head, [file[1]])), first)


class WarmPredictor:
    """Knows one network, and has a sentence against it when `error` is set."""

    def __init__(self, error: str = "") -> None:
        self.error = error
        self.asked: list[dict[str, object]] = []

    def ready(self) -> bool:
        """Always."""
        return True

    def describe(self, values: dict[str, object]) -> NetworkPicture:
        """Two layers."""
        self.asked.append(values)
        if self.error:
            raise TrainyardError(self.error)
        layers = (Layer("image", "InputLayer", (None, None, 1), 0, False, "image"),
                  Layer("scores", "Dense", (10,), 1290, True, "scores"))  # fmt: skip
        return NetworkPicture(layers, NetworkFacts(1290, 1290, 2, 2_600_000, 0, 20, 10, 9_000, 7_056_000))


def finish(store: Store, accuracy: float | None = None, **values: object) -> None:
    """Record a run that trained 500 examples a second, with two seconds beside; `accuracy` on the test split."""
    run = store.runs.create(RunSpec.build(values), slot="test")
    store.attempts.begin(run, worker={}, environment={"device": "cpu", "flops": 2_600_000}, total_steps=1)
    result = {"epochs": 10, "examples_per_second": 3_000.0, "num_train_examples": 9_000, "whole_seconds": 32.0}
    result |= {} if accuracy is None else {"test_accuracy": accuracy}
    store.attempts.end(run, RunState.COMPLETED, "", result)
