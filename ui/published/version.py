"""A version of a published demo: its network is asked by the demo's name, and nothing else of the run is reached."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from engine import service
from engine.data_info import DataInfo
from engine.modalities.seen import Seen
from engine.service.spending import OCCLUDED
from engine.serving.answers import Mattered, PredictResult
from engine.serving.opened import Opened
from engine.settings import settings
from ui import lab
from ui.modalities import File

if TYPE_CHECKING:
    from engine.serving.client import Stream

_KEPT_ANSWERS = 512  # to examples, over all demos


@dataclass(frozen=True)
class TriedVersion:
    """See `Tried`."""

    demo: str
    number: int
    made_at: float
    dataset: str
    place: str = ""

    @property
    def key(self) -> str:
        """Name and number."""
        return f"{self.demo}-{self.number}"

    @property
    def trains(self) -> bool:
        """Never: what is published has ended."""
        return False

    @property
    def keeps(self) -> bool:
        """Yes: in memory."""
        return True

    def info(self) -> DataInfo | None:
        """The signature of the model."""
        return service.demos.info(lab.actor(), self.demo, self.number)

    def shows_examples(self) -> bool:
        """Whether its owner shows examples with it."""
        return service.demos.shows_examples(lab.actor(), self.demo, self.number)

    def predict(self, files: list[File], parameters: dict[str, Any], *, examples: bool = False) -> list[PredictResult]:
        """Answers to files. Those to examples are kept in memory, those to what people give are not."""
        if not examples:
            return self._ask(files, parameters)
        self.shows_examples()  # raises for one that was closed meanwhile
        return [self._kept(file, parameters) for file in files]

    def stream(self, file: File, parameters: dict[str, Any]) -> "Stream[list[PredictResult]]":
        """The answer to a file, as it comes."""
        ask = partial(lab.predictor().stream, files=[file], parameters=parameters)
        return service.demos.ask(lab.actor(), self.demo, self.number, ask)

    def occlude(self, file: File, parameters: dict[str, Any]) -> Mattered:
        """What mattered for the answer to a file."""
        ask = partial(lab.predictor().occlude, file=file, parameters=parameters)
        return service.demos.ask(lab.actor(), self.demo, self.number, ask, OCCLUDED)

    def seen(self, file: File) -> list[Seen]:
        """What the network gets of a file."""
        return service.demos.ask(lab.actor(), self.demo, self.number, partial(lab.predictor().seen, files=[file]))

    def gallery(self) -> None:
        """None: whoever uses a published demo enrols nobody."""

    def opened(self, files: Sequence[File], pixels: int) -> list[Opened]:
        """What is seen or heard of each file."""
        return service.demos.opened(lab.actor(), lab.predictor(), self.demo, self.number, [*files], pixels)

    def _ask(self, files: list[File], parameters: dict[str, Any], cost: float | None = None) -> list[PredictResult]:
        ask = partial(lab.predictor().predict, files=files, parameters=parameters)
        return service.demos.ask(lab.actor(), self.demo, self.number, ask, len(files) if cost is None else cost)

    def _kept(self, file: File, parameters: dict[str, Any]) -> PredictResult:
        name, data = file
        digest = hashlib.sha256(data).hexdigest()
        found = _answer(settings().url, self, digest, repr(sorted(parameters.items())), data, parameters)
        return PredictResult.from_dict(found | {"name": name})


@st.cache_data(max_entries=_KEPT_ANSWERS, show_spinner=False, hash_funcs={TriedVersion: repr})
def _answer(
    url: str,
    tried: TriedVersion,
    digest: str,
    parameters: str,
    _data: bytes,
    _parameters: dict[str, Any],
) -> dict[str, Any]:
    """Ask once for all visitors: who is the first to see an example pays nothing for it, unless they change settings."""
    return tried._ask([("example", _data)], _parameters, None if _parameters else 0)[0].to_dict()
