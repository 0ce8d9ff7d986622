"""Whether two pictures show the same: the answer, distances of all pairs, the worst ones, a map of the embedding."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from engine.artifacts import Outcomes
from engine.preparation.prepare import PreparedDataset
from engine.runs import Run
from ui.charts.pairs import distances_figure, embedding_figure
from ui.charts.thumbnails import data_url
from ui.language import _
from ui.modalities.image_pair import draw_pairs
from ui.plain import plain_label, plain_text
from ui.predictions.base import Renderer, Result, Values, register
from ui.predictions.mistakes import draw_watch, outcomes_of, prepared_of
from ui.theme import theme_name
from ui.widgets.live_plot import still_plot
from ui.widgets.tiles import Verdict
from ui.words import metric_text

_CHART, _MAP = 300, 480
_EVEN = 0.5


class Similarity(Renderer):
    """Same or not, and how sure."""

    def text(self, values: Values) -> str:
        """The answer and the distance."""
        distance = _("distance {distance:.3f}").format(distance=values["distance"])
        if values.get("same") is None:
            return distance
        return f"{self._answer(values)} ({values['probability']:.0%}, {distance})"

    def _answer(self, values: Values) -> str:
        """The answer: beyond the threshold a pair may still be more likely the same than not, and nothing is said then."""
        if values["same"]:
            return _("The same")
        return _("Not sure") if values["probability"] > _EVEN else _("Different")

    def draw(self, values: Values, key: str) -> None:
        """The answer large, how sure, and what that rests on."""
        same = values.get("same")
        if same is None:
            st.metric(_("Distance"), f"{values['distance']:.3f}", help=_("0: alike. Larger: less alike."))
            st.info(
                _(
                    "Whether they are the same is not known yet: the threshold is found on the validation split when training has ended."
                ),
                icon=":material/hourglass_top:",
            )
            return
        st.metric(
            _("Answer"),
            self._answer(values),
            delta=_("{share:.1%} likely the same").format(share=values["probability"]),
            delta_color="off",
            delta_arrow="off",
            help=_(
                "How likely both show the same, if half of all pairs do. Not sure: more likely the same than not, but too far apart to be "
                "taken for it."
            ),
        )
        words = _(
            "Distance {distance:.3f}; pairs below {threshold:.3f} count as the same. The threshold was found on {same:,} same and "
            "{different:,} different pairs of the validation split: at most {share:.1%} of the different ones are below it."
        )
        st.caption(
            words.format(
                distance=values["distance"],
                threshold=values["threshold"],
                same=values["same_pairs"],
                different=values["different_pairs"],
                share=values["false_accepts"],
            )
        )

    def probe(self, values: Values, truth: str) -> tuple[str, Verdict]:
        """What the nearest picture shows, and whether it is the right one."""
        if (right := values.get("right")) is None:
            return self.text(values), ""
        return plain_text(str(values["nearest"])), "right" if right else "wrong"

    def row(self, values: Values) -> dict[str, Any]:
        """Answer, probability and distance."""
        return {name: values.get(name) for name in ("same", "probability", "distance")}

    def summary(self, results: Sequence[Result]) -> None:
        """The nearest of all pairs, and whether its pictures show the same."""
        known = [one for one in results if one.prediction is not None and one.prediction.values.get("same") is not None]
        if not known:
            return
        nearest = min(known, key=lambda one: float(one.prediction.values["distance"]) if one.prediction else 2.0)
        assert nearest.prediction is not None
        values = nearest.prediction.values
        st.metric(
            _("Nearest") if values["same"] else _("None is near enough; nearest"),
            plain_label(nearest.name),
            delta=_("{share:.1%} likely the same").format(share=values["probability"]),
            delta_color="off",
            delta_arrow="off",
            help=_("The pair with the smallest distance, and how likely both show the same, if half of all pairs do."),
        )

    def columns(self) -> dict[str, Any]:
        """A box, a share and a number."""
        return {
            "same": st.column_config.CheckboxColumn(
                _("The same"), help=_("Whether the distance is below the threshold.")
            ),
            "probability": st.column_config.NumberColumn(
                _("Probability"), format="percent", help=_("How likely both show the same, if half of all pairs do.")
            ),
            "distance": st.column_config.NumberColumn(
                _("Distance"), format="%.3f", help=_("0: alike. Larger: less alike.")
            ),
        }

    def probe_picture(self, values: Values, picture: str) -> str:
        """The nearest picture where it is known, otherwise the pair."""
        made = values.get("picture")
        return (data_url(base64.b64decode(made)) or picture) if made else picture

    # -- evaluations -------------------------------------------------------------------------------------------------

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """The threshold and what it does here, distances of all pairs, and a map."""
        known = evaluated["calibrated"]
        st.subheader(_("Distances of same and of different pairs"))
        pairs = evaluated["pairs"]
        words = _("{same:,} same and {different:,} different pairs of {identities:,} people or things.")
        told = [words.format(**pairs, identities=evaluated["identities"])]
        if between := evaluated.get("tar_between"):
            words = _("TAR at FAR 1 % lies between {low} and {high} with a probability of 95 %.")
            told.append(words.format(low=metric_text("tar", between[0]), high=metric_text("tar", between[1])))
        if known and known["accepted"] is not None and known["falsely"] is not None:
            words = _(
                "Pairs nearer than {threshold:.3f} are taken for the same: found on the validation split, where {share:.0%} of the "
                "{from_different:,} different pairs are nearer. Here it accepts {accepted:.1%} of the same and {falsely:.1%} of the "
                "different pairs."
            )
            told.append(words.format(**known, share=known["false_accepts"]))
        st.caption(" ".join(told))
        still_plot(
            distances_figure(evaluated["distances"], known["threshold"] if known else None, theme_name()),
            f"distances-{run.id}-{split}",
            _("Distances of same and of different pairs"),
            _CHART,
        )
        if found := evaluated.get("map"):
            prepared = prepared_of(run)
            if prepared is None:
                return
            st.subheader(_("Map of the embedding"))
            words = _(
                "The two directions in which embeddings differ most (PCA, {share:.0%} of the variance): what is near here may be far apart "
                "in others. Circles: first pictures. Diamonds: second ones."
            )
            st.caption(words.format(share=sum(found["shares"])))
            still_plot(
                embedding_figure(found, prepared.info.labels, theme_name()),
                f"embedding-{run.id}-{split}",
                _("Embeddings of pictures as points in a plane"),
                _MAP,
            )

    def mistakes(self, run: Run, split: str, evaluated: Values) -> None:
        """Same but far, and different but near; read when asked for."""
        st.subheader(_("Examples"))
        far, near = st.tabs([_("Same, but far"), _("Different, but near")], key="worst-pairs", on_change="rerun")
        if far.open:
            with far:
                self._draw_far(run, split, evaluated)
        if near.open:
            with near:
                self._draw_near(run, split, evaluated)

    def _draw_far(self, run: Run, split: str, evaluated: Values) -> None:
        if (found := _read(run, split)) is None:
            return
        outcomes, prepared = found
        positions = [int(outcomes.positions[int(row)]) for row, _far in evaluated["far"]]
        captions = [
            f"{prepared.describe(position)} · {distance:.3f}"
            for position, (_row, distance) in zip(positions, evaluated["far"], strict=True)
        ]
        draw_pairs(np.asarray(prepared.inputs[np.asarray(positions, np.int64)]), captions)
        draw_watch(run, split, positions)

    def _draw_near(self, run: Run, split: str, evaluated: Values) -> None:
        if (found := _read(run, split)) is None:
            return
        outcomes, prepared = found
        if not evaluated["near"]:
            st.caption(_("There are no different pairs in this split."))
            return
        first, second = (
            np.asarray([int(outcomes.positions[int(entry[side])]) for entry in evaluated["near"]]) for side in (0, 1)
        )
        pairs = np.stack([np.asarray(prepared.inputs[first])[:, 0], np.asarray(prepared.inputs[second])[:, 1]], axis=1)
        captions = [
            f"{prepared.describe(int(one))} / {prepared.describe(int(other))} · {entry[2]:.3f}"
            for one, other, entry in zip(first, second, evaluated["near"], strict=True)
        ]
        draw_pairs(pairs, captions)


def _read(run: Run, split: str) -> tuple[Outcomes, PreparedDataset] | None:
    """What was kept of a split, and its dataset; None with a sentence on the page."""
    outcomes = outcomes_of(run, split)
    prepared = prepared_of(run) if outcomes is not None else None
    return None if outcomes is None or prepared is None else (outcomes, prepared)


register("similarity", Similarity())
