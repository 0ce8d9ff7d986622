"""What will be trained and what it will take, in one line beside the button that starts a run or a study.

The figures come with the picture of the network; until then the line says so, and the page does not wait.
"""

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.cost import Cost, Curve, Duration, Memory, NetworkFacts
from engine.cost.duration import IDENTICAL, OTHER
from engine.imports.titles import dataset_title
from engine.runs import RunSpec
from ui import lab
from ui.language import N_, _, plural
from ui.plain import plain_label
from ui.sentences import said
from ui.train.budget import draw_budget, draw_left
from ui.train.network import TICK_SECONDS, facts_of, flops_text
from ui.words import metric_text, metric_word, rough_text

if TYPE_CHECKING:
    from engine.serving.client import NetworkPicture

_PARTS = {
    "base": N_("TensorFlow"),
    "weights": N_("weights"),
    "gradients": N_("gradients"),
    "optimizer": N_("optimizer"),
    "batch": N_("activations of a batch"),
    "data": N_("data"),
}

_WIDE = 1.5
"""The factor between an estimate and its upper end above which the range is shown instead."""

Line = tuple[str, str]
"""A figure in words, and what is to be known about it."""


def draw_cost(spec: RunSpec, picture: "NetworkPicture | None", warned: "st.delta_generator.DeltaGenerator") -> None:
    """What is trained, time, memory, parameters and operations in one line; in `warned`, whether memory will not suffice."""
    what = what_is_trained(spec)
    with lab.guarded():
        if picture is not None:
            cost = service.costs.estimate(lab.actor(), spec, picture.facts)
            lines = _time(cost.duration), _memory(cost), *_size(cost.facts), *_reached(cost)
            _draw("cost", *lines, what=what)
            draw_budget(spec, cost)
            with warned:
                _warn(cost.warning())
        elif lab.predictor().ready():  # there is a sentence against the network
            st.caption(what)
        else:
            st.fragment(_wait_for_cost, run_every=TICK_SECONDS)(what)


def what_is_trained(spec: RunSpec) -> str:
    """Return network, data and length of a run as one phrase in Markdown."""
    epochs = spec.training.epochs
    words = (
        plural("{model} on {data}, up to {count} epoch", "{model} on {data}, up to {count} epochs", epochs)
        if 0 < spec.training.patience < epochs
        else plural("{model} on {data}, {count} epoch", "{model} on {data}, {count} epochs", epochs)
    )
    data = plain_label(dataset_title(spec.dataset.to_dict()))
    return f"**{words.format(model=spec.model.name, data=data, count=epochs)}**"


def _wait_for_cost(what: str) -> None:
    with lab.guarded():
        if lab.predictor().ready():
            st.rerun()  # the whole page: the diagram comes too, and the timer ends
        st.caption(f"{what} · " + _("TensorFlow is loading; time and memory appear in a few seconds."))


def draw_study_cost(
    spec: RunSpec, largest: Sequence[RunSpec], trials: int, parallel: int, budget_seconds: float = 0.0
) -> None:
    """Time and memory of a study of `trials` runs like `spec`, of which `parallel` train at once.

    `largest` are the runs with the largest values that are searched, one a model: memory must suffice for them too. None begins after
    `budget_seconds`; 0 for no such limit. While the predictor is loading, a line says so.
    """
    with lab.guarded():
        if not lab.predictor().ready():
            st.fragment(_wait, run_every=TICK_SECONDS)()
            return
        cost = service.costs.estimate(lab.actor(), spec, facts_of(spec), trial=True)
        time = _study_time(cost.duration, trials, parallel, budget_seconds)
        _draw("study-cost", time, _memory(cost, parallel), *_size(cost.facts))
        draw_left()
        warning = cost.warning() or cost.together_warning(parallel)
        _warn(warning)
        for one in largest:
            if not warning and one != spec:
                most = service.costs.estimate(lab.actor(), one, facts_of(one), trial=True)
                warning = most.warning() or most.together_warning(parallel)
                _warn(warning, _("With the largest values of the search space:"))


def _wait() -> None:
    with lab.guarded():
        if lab.predictor().ready():
            st.rerun()
        st.caption(_("TensorFlow is loading; the cost of the study appears in a few seconds."))


def _draw(key: str, *lines: Line, what: str = "") -> None:
    """All in one line, which stays low where it is sticky; the help has a paragraph for each figure."""
    with st.container(key=key):
        st.caption(
            " · ".join(filter(None, [what, *(text for text, _about in lines)])),
            help="\n".join(f"- **{text}**: {about}" for text, about in lines),
        )


def _size(facts: NetworkFacts) -> tuple[Line, ...]:
    if not facts.parameters:  # trees have no size before they are grown
        return ()
    trained = _("Weights of the network; {count} of them are trainable.")
    return (
        (
            _("{count} parameters").format(count=f"{facts.parameters:,}"),
            trained.format(count=f"{facts.trainable_parameters:,}"),
        ),
        (
            _("{operations} per example").format(operations=flops_text(facts.flops + facts.frozen_flops)),
            _(
                "Floating-point operations for one example, from input to output. Training takes "
                "about three times as many, in every epoch."
            ),
        ),
    )


def _reached(cost: Cost) -> tuple[Line, ...]:
    """What about as many examples have given, and in its help all that was measured."""
    if not cost.reached:
        return ()
    wanted = cost.facts.train_examples
    curve, nearest = min(
        ((curve, point) for curve in cost.reached for point in curve.points),
        key=lambda found: abs(math.log(found[1].examples / max(1, wanted))),
    )
    words = (
        _("{metric} {value} with {count} examples so far")
        if curve.same
        else _("{metric} {value} with {count} examples of other data")
    )
    shown = words.format(
        metric=metric_word(curve.metric), value=metric_text(curve.metric, nearest.score), count=f"{nearest.examples:,}"
    )
    about = _(
        "What this network has reached on the test split, by the number of training examples; the form has {count}."
    )
    return ((shown, " ".join([about.format(count=f"{wanted:,}"), *map(_curve, cost.reached)])),)


def _curve(curve: Curve) -> str:
    points = " · ".join(
        f"{one.examples:,}: {metric_text(curve.metric, one.score)}"
        + (plural(" ({count} run here)", " ({count} runs here)", one.runs).format(count=one.runs) if one.runs else "")
        for one in curve.points
    )
    return f"{plain_label(curve.dataset)}: {points}."


def _memory(cost: Cost, times: int = 1) -> Line:
    shares = [(_(_PARTS[field.name]), getattr(cost.memory, field.name)) for field in fields(Memory)]
    mark = "" if cost.fits else ":material/memory: "
    return (
        mark + _("about {size} of memory").format(size=_bytes(times * cost.memory.total)),
        _("{parts}. Free now: {free}. An estimate, mostly within a third of the actual use.").format(
            parts=" · ".join(f"{name} {_bytes(size)}" for name, size in shares), free=_bytes(cost.room.free_bytes)
        ),
    )


def _time(duration: Duration | None) -> Line:
    """One figure where the range around it is narrow, otherwise the range; with early stopping, its upper end."""
    if duration is None:
        return _unknown()
    low, middle, high = map(rough_text, (duration.low, duration.seconds, duration.high))
    narrow = low == high or duration.high <= _WIDE * duration.seconds
    if duration.early:
        words = _("up to about {time}, {source}") if narrow else _("up to {high}, {source}")
    else:
        words = _("about {time}, {source}") if narrow else _("{low} to {high}, {source}")
    stops = _("Early stopping may end it sooner.") + " " if duration.early else ""
    return (
        words.format(time=middle, low=low, high=high, source=_source(duration)),
        _range(duration.low, duration.high) + stops + _("Waiting in the queue is not included."),
    )


def _study_time(duration: Duration | None, trials: int, parallel: int, budget_seconds: float) -> Line:
    if duration is None:
        return _unknown()
    times = -(-trials // max(1, parallel))

    def whole(one: float) -> float:
        return min(times * one, budget_seconds + one) if budget_seconds else times * one

    return (
        _("Up to about {time} for {trials} trials, {source}").format(
            time=rough_text(whole(duration.seconds)), trials=f"{trials:,}", source=_source(duration)
        ),
        _range(whole(duration.low), whole(duration.high))
        + _(
            "Trials × time of one trial with the values of the form, divided by the number that "
            "train at once if there are enough slots. Pruning and early stopping shorten it; other "
            "values may take more or less time."
        ),
    )


def _unknown() -> Line:
    return (
        _("time unknown until a first run"),
        _("Once a run has finished on this machine, the time of similar runs is estimated from it."),
    )


def _source(duration: Duration) -> str:
    """Return the source of the estimate, which tells how reliable it is."""
    count = duration.runs
    if duration.likeness == IDENTICAL:
        return plural("from {count} identical run", "from {count} identical runs", count).format(count=count)
    if duration.likeness == OTHER:
        words = plural("a rough estimate from {count} other run", "a rough estimate from {count} other runs", count)
        return words.format(count=count)
    return plural("from {count} similar run", "from {count} similar runs", count).format(count=count)


def _range(low: float, high: float) -> str:
    return _("Probably {low} to {high}.").format(low=rough_text(low), high=rough_text(high)) + " "


def _warn(sentence: str, before: str = "") -> None:
    if sentence:
        st.warning(f"{before} {said(sentence)}".strip(), icon=":material/memory:")


def _bytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"
