"""Fixed validation examples whose answers change as the network learns: live, and to be replayed afterwards."""

import streamlit as st

from engine import service
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.preparation.prepare import prepare
from engine.probes import Answers, Probes
from engine.runs import Run
from engine.settings import settings
from ui import lab
from ui.language import _, language, plural
from ui.plain import plain_text
from ui.predictions import renderer_for
from ui.predictions.base import Renderer
from ui.runs.feeds import Feed
from ui.theme import theme_name
from ui.widgets.live_plot import Chart, live_plots
from ui.widgets.tiles import Look, Tile, draw_tiles, look_of
from ui.words import title_of


def draw_probes(feed: Feed, run: Run) -> None:
    """The examples with the newest answers; once the run has ended, with those of an epoch that is chosen."""
    probes = feed.probes
    if probes is None or not probes.epochs:
        return
    looks = _looks(probes, run)
    if looks is None:
        return
    st.subheader(
        _("What it is learning"),
        help=_(
            "Some validation examples, never trained on, with the network's answers after each epoch. Watch them turn from wrong "
            "to right."
        ),
    )
    answers = probes.epochs[-1] if run.live else _replayed(probes, run)
    draw_tiles(
        tiles(probes, answers, looks, title_of(run, "dataset")),
        key=f"probes-{run.id}",
        label=_("Answers to {count} validation examples after epoch {epoch}").format(
            count=len(looks), epoch=answers.epoch
        ),
    )
    st.caption(summary(answers))
    if not run.live:  # while it trains, the map stands among the curves
        chart = map_chart(feed, run, answers)
        if chart:
            live_plots([chart], key=f"map-{run.id}")


def map_chart(feed: Feed, run: Run, answers: Answers | None = None) -> Chart | None:
    """Return the map of the answers of an epoch, by default the newest; None where there is none."""
    probes = feed.probes
    if probes is None or probes.probed.map is None or not probes.epochs:
        return None
    known, answers = probes.probed.map, answers or probes.epochs[-1]
    info, theme = _info(settings().url, run.id, probes.probed.dataset_hash, run), theme_name()
    renderer = renderer_for(answers.kind, title_of(run, "dataset"))
    if info is None or not answers.heights or type(renderer).map is Renderer.map:
        return None
    key = ("map", theme, language(), str(answers.epoch))
    spec = feed.figure(key, [], lambda: renderer.map(known, answers.heights, info, theme) or {})
    label = _("Predictions of run {run} for inputs around the validation examples, after epoch {epoch}").format(
        run=run.id, epoch=answers.epoch
    )
    return Chart("map", spec, label, 380, "half", answers.epoch)


def tiles(probes: Probes, answers: Answers, looks: list[Look], dataset: str) -> list[Tile]:
    """Return a tile for each example with its answer."""
    renderer = renderer_for(answers.kind, dataset)
    found = []
    for position, (look, values) in enumerate(zip(looks, answers.values, strict=True)):
        truth = probes.probed.truths[position]
        answer, verdict = renderer.probe(values, truth)
        words = _("True: {truth}").format(truth=plain_text(renderer.called(truth))) if truth else ""
        picture = renderer.probe_picture(values, look.image)
        found.append(Tile(picture, look.text, answer, words, verdict, renderer.probe_sound(values)))
    return found


def summary(answers: Answers) -> str:
    """Return how many answers of an epoch are right, where right and wrong is what answers can be."""
    told = answers.scores.get("accuracy") or answers.scores.get("exact_match") or ()
    scores = [score for score in told if score is not None]
    if not scores:
        return _("After epoch {epoch}").format(epoch=answers.epoch)
    return plural(
        "After epoch {epoch}: {right} of {count} example right",
        "After epoch {epoch}: {right} of {count} examples right",
        len(scores),
    ).format(epoch=answers.epoch, right=round(sum(scores)), count=len(scores))


def _replayed(probes: Probes, run: Run) -> Answers:
    """A slider over the epochs; at first the best one, whose weights the saved model has."""
    epochs = [answers.epoch for answers in probes.epochs]
    if len(epochs) < 2:
        return probes.epochs[-1]
    best = int(run.best.get("epoch") or epochs[-1])
    chosen = st.select_slider(
        _("Epoch"),
        epochs,
        value=min(epochs, key=lambda epoch: abs(epoch - best)),
        key=f"probes-epoch-{run.id}",
        help=_("Drag it to the left to see what the network answered earlier. It begins at the best epoch."),
    )
    return probes.epochs[epochs.index(chosen)]


def _looks(probes: Probes, run: Run) -> list[Look] | None:
    """How each example looks, or None once the dataset is not here as it was. Prepared once, not at each tick."""
    try:
        if not service.datasets.shown_with(lab.actor(), run):
            return None
    except TrainyardError:  # the page says elsewhere what is wrong with the dataset
        return None
    return _drawn(settings().url, run.id, probes.probed.dataset_hash, tuple(probes.probed.positions), run)


@st.cache_resource(max_entries=256, show_spinner=False)
def _info(url: str, run_id: int, dataset_hash: str, _run: Run) -> DataInfo | None:
    """What the network of a run was built for, read once for all viewers."""
    return service.artifacts.files(lab.actor(), _run).read_info()


@st.cache_data(max_entries=256, show_spinner=False)
def _drawn(url: str, run_id: int, dataset_hash: str, positions: tuple[int, ...], _run: Run) -> list[Look] | None:
    """Drawn once for all viewers."""
    try:
        dataset = _run.parsed().dataset
        prepared = prepare(dataset) if dataset.available() else None
    except TrainyardError:  # the page says elsewhere what is wrong with the dataset
        return None
    if prepared is None or prepared.content_hash != dataset_hash:
        return None
    return [look_of(prepared.face(position)) for position in positions]
