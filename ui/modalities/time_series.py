"""Series: uploaded or pasted, or taken from the test split; drawn as lines."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import numpy as np
import streamlit as st

from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.modalities.base import modalities
from engine.modalities.time_series.looks import sparkline
from engine.preparation.prepare import PreparedDataset
from engine.preparation.varied import varied
from engine.timeline import Timeline
from ui.charts.forecasts import series_figure, step_words, visible_figure
from ui.class_names import described
from ui.language import N_, _
from ui.modalities.base import Cells, Effect, File, Tried, Way, register
from ui.modalities.ways import choose_example, held_out, upload
from ui.plain import plain_label
from ui.sentences import said
from ui.theme import theme_name
from ui.widgets.live_plot import still_plot

EXAMPLES = 4
"""Number of examples of the test split that are offered."""
_MOST_CHARACTERS = 100_000
_DRAWN = 4


class Series:
    """See `Modality`."""

    measures: ClassVar[Mapping[str, str]] = {}

    def size(self, info: DataInfo) -> str:
        """Return the steps of the past and of the future."""
        if (line := info.timeline) is None:
            return ""
        if line.watched:
            return _("{window} steps, {channels} channels").format(window=line.window, channels=len(line.names))
        return _("{window} steps → {horizon} steps").format(window=line.window, horizon=line.horizon)

    def look(self, prepared: PreparedDataset) -> None:
        """Draw some windows of the training split one after the other, and which cells a network may see."""
        line, where = prepared.info.timeline, prepared.indices("train")
        if line is None or not len(where):
            return
        if line.watched:
            self.examples(prepared, varied(prepared, "train", _DRAWN).tolist(), None)
            return
        apart = where[:: max(1, len(where) // _DRAWN)][:_DRAWN]
        lines = {
            _("example {number}").format(number=i + 1): _past(prepared, int(position))
            for i, position in enumerate(apart)
        }
        figure = series_figure(lines, step_words(line.step), prepared.info.target, theme_name())
        still_plot(figure, f"look-{prepared.path.name}", _("Some windows of the training split"), 300)
        st.caption(
            _("What a network sees of an example: filled cells. All others lie in the future and cannot be known.")
        )
        figure = visible_figure(line.visible(), line.names, line.window, line.step, theme_name())
        still_plot(figure, f"visible-{prepared.path.name}", _("Cells that a network sees"), 120 + 28 * len(line.names))

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """An example, values that are pasted, or files."""
        return WAYS

    def show(self, tried: Tried, file: File) -> None:
        """Of a machine all sensors; otherwise nothing: the answer begins with the past."""
        info = tried.info()
        if info is None or info.timeline is None or not info.timeline.watched:
            return
        with suppress(TrainyardError):  # the answer says what is wrong
            [window] = modalities[info.modality].decode(file[1], file[0], info).inputs
            _draw_sensors(window, info.timeline, f"given-{tried.key}", _("What was given"))

    def mattered(self, given: np.ndarray | None, name: str, effects: Sequence[Effect]) -> str:
        """Nothing: no parts of series are hidden."""
        return ""

    def cells(self, tried: Tried, files: Sequence[File]) -> Cells:
        """Nothing beside the names."""
        return {}, {}

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str] | None) -> None:
        """A line each, the past and what followed; of machines all sensors."""
        line = prepared.info.timeline
        if line is None:
            return
        captions = captions or [described(prepared, int(position)) for position in positions]
        for position, caption in zip(positions, captions, strict=True):
            st.caption(plain_label(caption))
            if line.watched:
                window = np.asarray(prepared.inputs[np.array([position])])[0]
                _draw_sensors(window, line, f"example-{prepared.path.name}-{position}", plain_label(caption))
                continue
            past, future = _past(prepared, int(position)), _future(prepared, int(position))
            drawn = {_("Past"): past, _("True values"): future}
            figure = series_figure(drawn, step_words(line.step), prepared.info.target, theme_name())
            still_plot(figure, f"example-{prepared.path.name}-{position}", plain_label(caption), 240)


def _past(prepared: PreparedDataset, position: int) -> tuple[Sequence[float], Sequence[float]]:
    line = prepared.info.timeline
    assert line is not None
    values = np.asarray(prepared.inputs[np.array([position])])[0, : line.window, 0]
    return list(range(1 - line.window, 1)), values.tolist()


def _future(prepared: PreparedDataset, position: int) -> tuple[Sequence[float], Sequence[float]]:
    values = np.asarray(prepared.targets[position])[:-1]
    return list(range(1, len(values) + 1)), values.tolist()


def _draw_sensors(window: np.ndarray, line: Timeline, key: str, words: str) -> None:
    """Draw each channel of a window (steps, channels) between its least and its largest value."""
    low, high = window.min(axis=0), window.max(axis=0)
    scaled = (window - low) / np.where(high > low, high - low, 1)
    places = list(range(1 - len(window), 1))
    lines = {name: (places, column.tolist()) for name, column in zip(line.names, scaled.T, strict=True)}
    figure = series_figure(lines, step_words(line.step), _("from least to largest"), theme_name())
    still_plot(figure, key, words, 260)


register("time-series", Series())


# -- ways to give a series ---------------------------------------------------------------------------------------------


def write_input(tried: Tried, dataset: Dataset) -> list[File]:
    """A box for values."""
    _expected(tried)
    text = st.text_area(
        _("Values"),
        height=160,
        max_chars=_MOST_CHARACTERS,
        key=f"series-{tried.key}",
        placeholder="315.4\n316.1\n…",
        help=_(
            "Numbers below each other or between commas, the latest last; or a table with a row of names. Ctrl+Enter predicts."
        ),
    )
    return [(_("your series"), text.encode())] if text.strip() else []


def upload_input(tried: Tried, dataset: Dataset) -> list[File]:
    """One or several tables."""
    _expected(tried)
    return upload(
        _("Series"),
        ("csv", "tsv", "txt", "json", "parquet"),
        f"upload-{tried.key}",
        _("Tables with one row a step, the latest last; up to {count} files. They are not stored."),
        _("{given} files were given; the first {most} are used, the most at once."),
    )


def example_input(tried: Tried, dataset: Dataset) -> list[File]:
    """Examples of the test split."""
    chosen = choose_example(tried, dataset, _held_out, _draw)
    return [(name, content) for name, content in chosen]


def _held_out(dataset: Dataset) -> list[tuple[str, bytes]]:
    return held_out(dataset, EXAMPLES, _written)


def _written(prepared: PreparedDataset, position: int) -> bytes:
    """Return the example as JSON, in the form that people give: what nobody can know is null."""
    line = prepared.info.timeline
    assert line is not None
    grid = np.asarray(prepared.inputs[np.array([position])])[0].astype(object)
    grid[~line.visible()] = None
    rows = grid[: line.window] if line.hidden == len(line.names) else grid
    return json.dumps(rows.tolist()).encode()


def _draw(name: str, content: bytes) -> None:
    values = np.array([row[0] for row in json.loads(content) if row[0] is not None])
    st.image(sparkline(values), alt=_("Past"), width="stretch")


def _expected(tried: Tried) -> None:
    """Say what the network takes."""
    if (info := tried.info()) is not None:
        st.caption(_("Expected: {what}.").format(what=said(modalities[info.modality].expected(info))))


WAYS: dict[str, Any] = {
    "example": Way(
        N_("Example"),
        ":material/show_chart:",
        example_input,
        examples=True,
        shown=True,
        contents=lambda dataset: [content for _name, content in _held_out(dataset)],
    ),
    "write": Way(N_("Paste"), ":material/edit:", write_input, made=True),
    "upload": Way(N_("Upload"), ":material/upload:", upload_input),
}
"""Ways to give a series, in the order of display."""
