"""The part of the Train page about the network: the pipeline, its layers and parameters, and augmented examples.

What needs Keras comes from the predictor. While that is warming up a placeholder stands here; the page never waits.
"""

from typing import TYPE_CHECKING, Any

import streamlit as st

from engine import service
from engine.models.base import DESCENT
from engine.runs import PARTS, RunSpec
from ui import lab
from ui.charts.strips import pipeline
from ui.language import _
from ui.theme import theme_name
from ui.train.form import Form
from ui.train.layers import layers_table
from ui.words import part_title

if TYPE_CHECKING:
    from engine.cost import NetworkFacts
    from engine.serving.client import NetworkPicture

Values = tuple[tuple[str, Any], ...]
"""Flat names and values, as `RunSpec.build` takes them, in a form that can be a key."""
COUNTED = ("momentum", "versions")
"""Fields of optimizer and augmentation that change how much memory training takes."""
TICK_SECONDS = 1.0
_PREVIEW_PIXELS = 64
_PREVIEWS = 4  # examples, each with its variants


def picture_of(form: Form) -> "NetworkPicture | None":
    """Return layers and figures of the network; None while the predictor cannot tell, or with a sentence against it."""
    with lab.guarded():
        if lab.predictor().ready():
            return describe(relevant(form, ("task", "dataset", "model"), also=("optimizer", *COUNTED)))
    return None


def draw_network(spec: RunSpec, picture: "NetworkPicture | None", available: bool) -> None:
    """Draw the way from data to evaluation, parameters and layers; a placeholder while they are not known."""
    draw_pipeline(spec, picture)
    if not available:
        st.caption(_("The network diagram appears when the data is on this machine."))
    elif picture is None:
        st.skeleton(height=160)
    else:
        _draw_picture(picture)


def _draw_picture(picture: "NetworkPicture") -> None:
    if not picture.layers:
        st.caption(_("Trees are grown from the data: how many there are, and how deep, is known when it has trained."))
        return
    with st.container(horizontal=True):  # they wrap where there is no room for all three
        st.metric(_("Parameters"), _count(picture.parameters), width="content", help=f"{picture.parameters:,}")
        st.metric(
            _("Trainable parameters"),
            _count(picture.trainable_parameters),
            width="content",
            help=f"{picture.trainable_parameters:,}",
        )
        st.metric(
            _("Operations"),
            flops_text(picture.facts.flops + picture.facts.frozen_flops),
            width="content",
            help=_(
                "Multiplications and additions for one example, from input to output. A training step does about three times as many, "
                "for each example of its batch."
            ),
        )
    st.html(layers_table(picture.boxes, theme_name()))


def _count(number: int) -> str:
    """A number that fits into a third of a column."""
    return f"{number:,}" if number < 1_000_000 else f"{number / 1e6:.2f} M"


def flops_text(flops: float) -> str:
    """`8.6 MFLOP`: three digits and a unit that suits them."""
    steps = ((1e12, "TFLOP"), (1e9, "GFLOP"), (1e6, "MFLOP"), (1e3, "kFLOP"), (1, "FLOP"))
    size, unit = next((step for step in steps if flops >= step[0]), steps[-1])
    return f"{flops / size:.3g} {unit}"


def facts_of(spec: RunSpec) -> "NetworkFacts":
    """Return what the cost of a run depends on; counted once, whatever its learning rate."""
    parts = (spec.task, spec.dataset, spec.model)
    fields = {f.name for part in parts for f in part.fields()} | {*PARTS, *COUNTED} - {"schedule"}
    return describe(tuple(sorted((name, value) for name, value in spec.flat().items() if name in fields))).facts


def relevant(form: Form, sections: tuple[str, ...], also: tuple[str, ...] = ()) -> Values:
    """The values that a picture depends on, as a key: the learning rate draws no new network."""
    fields = {f.name for s in sections if s in form.parts for f in form.parts[s].fields()} | set(also)
    return tuple((name, value) for name, value in sorted(form.values.items()) if name in sections or name in fields)


@st.cache_resource(max_entries=200, show_spinner=False)
def describe(values: Values) -> "NetworkPicture":
    """The picture of a network, asked once for all viewers."""
    return service.predictions.describe(lab.actor(), lab.predictor(), dict(values))


def draw_pipeline(spec: RunSpec, picture: "NetworkPicture | None") -> None:
    """Data, preprocessing, augmentation, network, output and evaluation, from left to right."""
    size = [_("{count} parameters").format(count=f"{picture.parameters:,}")] if picture and picture.layers else []
    sections = spec.sections()
    steps = [name for name in ("optimizer", "schedule") if name in sections]
    augmentation = spec.augmentation
    stages = [
        (_("Data"), [part_title(spec.dataset)]),
        *([(_("Augmentation"), [_("in training only")])] if augmentation and augmentation.active() else []),
        (_("Preprocessing"), [_("part of the model")]),
        (_("Network") if spec.model.fits == DESCENT else _("Model"), [_(spec.model.title), *size]),
        (_("Output"), [_(spec.task.title)]),
        *([(_("Training"), [_(sections[name].title) for name in steps])] if steps else []),
        (_("Evaluation"), [_("once, on the test split")]),
    ]
    st.html(pipeline(stages, theme_name()))


def draw_preview(form: Form) -> None:
    """Some training examples and what augmentation makes of them."""
    changes = form.spec().augmentation
    if not (changes and changes.active()):
        st.caption(_("Nothing is augmented yet. Turn on a change on the left."))
        return
    with lab.guarded():
        if not lab.predictor().ready():
            st.caption(_("TensorFlow is loading; open this again in a few seconds."))
            return
        for original, variants in preview(relevant(form, ("task", "dataset", "augmentation"))):
            words = [_("Example"), *[_("Changed version")] * len(variants)]
            st.image([original, *variants], width=_PREVIEW_PIXELS, alt=words)


@st.cache_resource(max_entries=32, show_spinner=False)
def preview(values: Values) -> list[tuple[bytes, list[bytes]]]:
    """Examples with augmented variants as PNGs, asked once for all viewers."""
    return service.predictions.preview(lab.actor(), lab.predictor(), dict(values), count=_PREVIEWS)
