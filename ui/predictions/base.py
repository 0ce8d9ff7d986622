"""The renderer of a kind of prediction, and where pages find it. A page asks `renderer_for` and names none."""

import json
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import streamlit as st

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.preparation.prepare import PreparedDataset
from engine.probes import Map
from engine.runs import Run
from engine.tasks.base import Prediction
from ui.charts.figures import Figure
from ui.class_names import class_name, described
from ui.language import _
from ui.modalities import modality_of
from ui.plain import plain_text
from ui.registry import Shown
from ui.theme import ThemeName
from ui.widgets.tiles import Verdict

if TYPE_CHECKING:
    from ui.modalities.base import File, Tried

Values = Mapping[str, Any]
"""Contents of a prediction, as plain JSON."""


class Result(Protocol):
    """Result for one input: a prediction, or the sentence that says why there is none."""

    @property
    def name(self) -> str:
        """Of the file."""

    @property
    def prediction(self) -> Prediction | None:
        """None where there is none."""

    @property
    def error(self) -> str:
        """Empty where there is a prediction."""


@dataclass(frozen=True)
class Download:
    """A file of predictions in a format of their kind."""

    label: str
    name: str
    mime: str
    data: bytes
    words: str
    """Help beside the button."""


class Renderer:
    """Shows predictions of one kind. The defaults show any kind as text; a kind overrides where it knows better."""

    dataset: str = ""
    """Name of the dataset that the network knows, where it is known: what classes are called may depend on it."""
    given: "tuple[Tried, File] | None" = None
    """What was asked about and of whom, where one answer is drawn: what is shown beside it is opened there."""

    def called(self, label: str) -> str:
        """Return what a class is called on the page; any other text stays as it is."""
        return class_name(self.dataset, label)

    def text(self, values: Values) -> str:
        """Return one line: for a cell, a caption, a probe."""
        return json.dumps(dict(values), ensure_ascii=False)

    def scope(self, info: DataInfo) -> None:
        """Draw what a network can answer, for people who look for something to try: nothing by default."""

    def draw(self, values: Values, key: str) -> None:
        """Draw one prediction, large: the result on the demo page."""
        st.text(self.text(values), help=_("The model's prediction."))

    def probe(self, values: Values, truth: str) -> tuple[str, Verdict]:
        """Return one prediction in few words, and whether it is right, where an answer can be that."""
        return self.text(values), ""

    def probe_sound(self, values: Values) -> str:
        """Return the address of what is to be heard of a prediction; empty where that is nothing."""
        return ""

    def probe_picture(self, values: Values, picture: str) -> str:
        """Return the address of the picture of an example with a prediction drawn into it, or in its place: by default as it was given."""
        return picture

    def map(self, known: Map, heights: str, info: DataInfo, theme: ThemeName) -> Figure | None:
        """Return the answers to a plane of inputs as a map, `heights` as the task packed them; None where there is none."""
        return None

    def effect(self, values: Values, loss: float) -> str:
        """Return in few words how a prediction changes by the loss of a hidden part: see `Task.effects`."""
        return f"{-loss:+.3g}"

    def row(self, values: Values) -> dict[str, Any]:
        """Return one prediction as cells of a table: a batch of them."""
        return {"prediction": self.text(values)}

    def shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return these cells as a page shows them; files get them as they are."""
        return dict(row)

    def columns(self) -> dict[str, Any]:
        """Return how the table shows these cells, as `column_config`."""
        return {"prediction": st.column_config.TextColumn(_("Prediction"), help=_("The model's prediction."))}

    def summary(self, results: Sequence[Result]) -> None:
        """Draw what several predictions say together, above their table: nothing by default."""

    def downloads(self, results: Sequence[Result]) -> Sequence[Download]:
        """Return files of several predictions, beside those that all kinds have: none by default."""
        return ()

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """Draw the figures of an evaluation that belong to this kind, below the metrics: nothing by default."""

    def mistakes(self, run: Run, split: str, evaluated: Values) -> None:
        """Draw the examples on which the network did worst: by default those with the worst score."""
        from ui.predictions.mistakes import draw_worst_examples

        draw_worst_examples(run, split)

    def browse(self, prepared: PreparedDataset, positions: Sequence[int]) -> None:
        """Draw examples of a dataset, each with its target."""
        captions = [described(prepared, position) for position in positions]
        modality_of(prepared).examples(prepared, positions, captions)

    def compare(
        self, prepared: PreparedDataset, positions: Sequence[int], answers: Mapping[int, Sequence[Values]]
    ) -> None:
        """Draw examples with what several runs answer, by the numbers of the runs."""
        captions = []
        for place, position in enumerate(positions):
            given = [
                _("run {id}: {answer}").format(id=run, answer=self.text(found[place])) for run, found in answers.items()
            ]
            target = described(prepared, position)
            captions.append(" · ".join([_("true: {target}").format(target=target), *given] if target else given))
        modality_of(prepared).examples(prepared, positions, captions)


renderers: Shown[Renderer] = Shown("ui.predictions")
"""By the kind of prediction."""
register = renderers.register


def renderer_for(kind: str, dataset: str = "") -> Renderer:
    """Return the renderer of a kind for networks that know a dataset. Raises `TrainyardError` for a kind that has none."""
    if (found := renderers.find(kind)) is None:
        raise TrainyardError("There is no way yet to show a prediction of kind {kind!r} in the browser.", kind=kind)
    renderer = copy(found)
    renderer.dataset = dataset
    return renderer


def plain_cells(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return cells of a table whose texts are shown as they were written."""
    return {name: plain_text(value) if isinstance(value, str) else value for name, value in cells.items()}
