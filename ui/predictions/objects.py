"""Objects in a picture: boxes drawn over it, switched on and off by class; average precision, curves, confusions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from engine.data_info import DataInfo
from engine.detection.coco import coco_json
from engine.preparation.prepare import PreparedDataset
from engine.readers.spreadsheets import plain_frame
from engine.runs import Run
from engine.tasks.object_detection import counted
from ui.charts.boxes import answer_boxes, boxed_url, draw_scenes, picture_of, scene, sharp_scene, tiles_html, true_boxes
from ui.charts.confusion import confusion_figure, confusion_height
from ui.charts.evaluation import curves_height, threshold_curves
from ui.language import _
from ui.modalities.previews import previews
from ui.plain import plain_label, plain_text
from ui.predictions.base import Download, Renderer, Result, Values, register
from ui.predictions.mistakes import MOST, draw_watch, draw_which, outcomes_of, prepared_of
from ui.theme import theme_name
from ui.widgets.halves import halves
from ui.widgets.live_plot import still_plot
from ui.widgets.tiles import Verdict

_OPENED_PIXELS, _WIDEST_PIXELS, _USUAL_PIXELS = 960, 560, 380
_GREY = (128, 128, 128)
_MOST_NAMED = 20


class Objects(Renderer):
    """The things in a picture, each with its box."""

    def text(self, values: Values) -> str:
        """How many of which classes."""
        return counted([self.called(one["label"]) for one in values["objects"]]) or _("(nothing)")

    def scope(self, info: DataInfo) -> None:
        """The classes that it can find, in one line."""
        names = ", ".join(plain_label(self.called(label)) for label in info.labels[:_MOST_NAMED])
        more = " …" if len(info.labels) > _MOST_NAMED else ""
        words = _("This network finds things of {count} classes: {names}.")
        st.caption(words.format(count=len(info.labels), names=names) + more)

    def draw(self, values: Values, key: str) -> None:
        """The picture under the boxes of the classes that are switched on, and the objects as a table."""
        picture, scale = self._picture(values)
        chosen = self._chosen(values, key)
        shown = dict(values) | {"objects": [one for one in values["objects"] if one["label"] in chosen]}
        url = sharp_scene(picture, answer_boxes(shown, self._names(values), scale), _USUAL_PIXELS)
        words = plain_text(self.text(shown))
        st.html(
            f'<img src="{url}" alt="{escape(words)}" style="width:100%;max-width:{_WIDEST_PIXELS}px;border-radius:4px">'
        )
        if not values["objects"]:
            st.info(
                _("Nothing was found. A lower threshold shows less likely boxes, too."), icon=":material/search_off:"
            )
            return
        with st.expander(_("Objects"), icon=":material/table:", key=f"{key}-objects", on_change="rerun") as opened:
            if opened.open:
                st.dataframe(
                    plain_frame(self._table(shown, scale)), hide_index=True, alt=_("The objects with their boxes")
                )
        name = self.given[1][0] if self.given else "picture"
        st.download_button(
            _("COCO JSON"),
            coco_json([(name, picture.width, picture.height, _scaled(values, scale))]),
            file_name="objects.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}-coco",
            help=_("The boxes as a file that programs for labelling and evaluation read."),
        )

    def _picture(self, values: Values) -> tuple[Image.Image, float]:
        """What was given, opened in another process, and what leads from the pixels of the answer to its own."""
        opened = (previews(self.given[0], [self.given[1]], _OPENED_PIXELS) or []) if self.given else []
        pixels = next((one.pixels for one in opened), None)
        if pixels is None:
            return Image.new("RGB", (values["width"], values["height"]), _GREY), 1.0
        picture = picture_of(pixels, _OPENED_PIXELS)
        return picture, max(picture.width / values["width"], picture.height / values["height"])

    def _chosen(self, values: Values, key: str) -> set[str]:
        """Classes that are switched on: at first all that were found."""
        counts = Counter(one["label"] for one in values["objects"])
        if len(counts) < 2:
            return set(counts)
        chosen = st.pills(
            _("Classes"),
            sorted(counts),
            selection_mode="multi",
            wrap=True,
            default=sorted(counts),
            format_func=lambda label: plain_label(f"{self.called(label)} ({counts[label]})"),
            key=f"{key}-classes-{'-'.join(sorted(counts))}",
            help=_("Boxes of these classes are drawn."),
        )
        return set(chosen)

    def _names(self, values: Values) -> dict[str, str]:
        return {one["label"]: self.called(one["label"]) for one in values["objects"]}

    def _table(self, values: Values, scale: float) -> pd.DataFrame:
        rows = [
            {
                _("Class"): self.called(one["label"]),
                _("Probability"): f"{one['probability']:.1%}",
                _("Left"): round(scale * one["left"], 1),
                _("Top"): round(scale * one["top"], 1),
                _("Width"): round(scale * (one["right"] - one["left"]), 1),
                _("Height"): round(scale * (one["bottom"] - one["top"]), 1),
            }
            for one in values["objects"]
        ]
        return pd.DataFrame(rows)

    def probe(self, values: Values, truth: str) -> tuple[str, Verdict]:
        """What was found, and whether it is what is there; the picture shows where."""
        told = counted([one["label"] for one in values["objects"]])
        return plain_text(self.text(values)), "right" if told == truth else "wrong"

    def probe_picture(self, values: Values, picture: str) -> str:
        """The picture under its boxes."""
        size = (values["width"], values["height"])
        return boxed_url(picture, size, answer_boxes(values, self._names(values)), 120) if picture else picture

    def row(self, values: Values) -> dict[str, Any]:
        """How many objects, and of which classes."""
        return {"objects": len(values["objects"]), "found": counted([one["label"] for one in values["objects"]])}

    def columns(self) -> dict[str, Any]:
        """A number and a text."""
        return {
            "objects": st.column_config.NumberColumn(_("Objects"), help=_("Number of boxes.")),
            "found": st.column_config.TextColumn(_("Found"), help=_("How many of which classes."), width="large"),
        }

    def downloads(self, results: Sequence[Result]) -> list[Download]:
        """The boxes of all pictures as COCO JSON."""
        found = [
            (
                one.name,
                one.prediction.values["width"],
                one.prediction.values["height"],
                one.prediction.values["objects"],
            )
            for one in results
            if one.prediction is not None
        ]
        words = _(
            "The boxes as a file that programs for labelling and evaluation read, in pixels of what the network sees."
        )
        return [Download(_("COCO JSON"), "objects.json", "application/json", coco_json(found), words)]

    # -- evaluations -------------------------------------------------------------------------------------------------

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """Average precision of each class with its curve, by size, and what was taken for what."""
        rows = [dict(row) | {"label": self.called(row["label"])} for row in evaluated["per_class"]]
        if not rows:
            return
        st.subheader(_("Precision and recall of each class"))
        words = _(
            "{boxes:,} true boxes. A box is right where it overlaps a true one of its class by half (intersection over union)."
        )
        st.caption(words.format(boxes=evaluated["boxes"]))
        chart, table = halves(st)
        found = _curves(rows, evaluated["recalls"])
        with chart:
            still_plot(
                threshold_curves(found, "precision_recall", theme_name()),
                f"precision-{run.id}-{split}",
                _("Precision and recall of the boxes of each class"),
                curves_height(found),
            )
        with table:
            _draw_classes(rows, f"{run.id}-{split}")
            _draw_sizes(evaluated["sizes"])
        self._draw_taken_for(run, split, evaluated)

    def _draw_taken_for(self, run: Run, split: str, evaluated: Values) -> None:
        st.subheader(_("What was taken for what"))
        st.caption(
            _(
                "Boxes with a probability of at least {threshold:.0%} beside the true ones at the same place. Last row: nothing is "
                "there. Last column: nothing was found."
            ).format(threshold=evaluated["threshold"])
        )
        labels = [*map(self.called, evaluated["labels"]), _("nothing")]
        still_plot(
            confusion_figure(evaluated["taken_for"], labels, theme_name(), shares=False),
            f"taken-for-{run.id}-{split}",
            _("What was taken for what: true classes in rows, classes of the boxes in columns"),
            confusion_height(len(labels)),
        )

    def mistakes(self, run: Run, split: str, evaluated: Values) -> None:
        """The pictures with the worst boxes, and the best; read when asked for."""
        st.subheader(_("Examples"))
        with st.expander(_("Pictures"), key="boxes", on_change="rerun", icon=":material/search:") as opened:
            outcomes = outcomes_of(run, split) if opened.open else None
            prepared = prepared_of(run) if outcomes is not None else None
            if outcomes is None or prepared is None:
                return
            worst = draw_which("boxes")
            scores = np.asarray(outcomes.scores["box_f1"])
            where = np.argsort(scores if worst else -scores, kind="stable")[:MOST]
            positions = outcomes.positions[where].tolist()
            outputs = [np.asarray(outcomes.outputs[int(i)]) for i in where] if len(outcomes.outputs) else []
            answers = [
                one.values for one in prepared.task.predictions(_likely(outputs, evaluated["threshold"]), prepared.info)
            ]
            self._draw_beside(
                prepared, positions, answers, [_("F1 {score:.0%}").format(score=scores[i]) for i in where]
            )
            draw_watch(run, split, positions)

    def _draw_beside(
        self, prepared: PreparedDataset, positions: Sequence[int], answers: Sequence[Values], captions: Sequence[str]
    ) -> None:
        """Pictures with their true boxes in white and those of the answers."""
        pictures = np.asarray(prepared.inputs[np.asarray(positions, np.int64)])
        urls = [
            scene(one, [*true_boxes(prepared, place, named=False), *answer_boxes(told, self._names(told))])
            for one, place, told in zip(pictures, positions, answers, strict=True)
        ]
        st.html(tiles_html(urls, captions))
        st.caption(_("White: true boxes. Coloured: boxes of the network."))

    def browse(self, prepared: PreparedDataset, positions: Sequence[int]) -> None:
        """Examples of a dataset with their boxes."""
        st.html(draw_scenes(prepared, positions))

    def compare(
        self, prepared: PreparedDataset, positions: Sequence[int], answers: Mapping[int, Sequence[Values]]
    ) -> None:
        """For each run the examples with its boxes."""
        for run, found in answers.items():
            st.markdown(_("Run {id}").format(id=run))
            self._draw_beside(prepared, positions, found, [self.text(one) for one in found])


def _likely(outputs: Sequence[np.ndarray], threshold: float) -> list[np.ndarray]:
    return [row[row[:, 5] >= threshold] for row in outputs]


def _scaled(values: Values, scale: float) -> list[dict[str, Any]]:
    sides = ("left", "top", "right", "bottom")
    return [dict(one) | {side: scale * one[side] for side in sides} for one in values["objects"]]


def _curves(rows: Sequence[Values], recalls: Sequence[float]) -> dict[str, Any]:
    """As `threshold_curves` takes them."""
    curves = [{"label": row["label"], "area": row["ap50"], "x": recalls, "y": row["precision"]} for row in rows]
    mean = np.mean([row["precision"] for row in rows], axis=0).round(4).tolist()
    return {"curves": curves, "mean": {"x": recalls, "y": mean}, "area": float(np.mean([row["ap50"] for row in rows]))}


def _draw_classes(rows: Sequence[Values], key: str) -> None:
    frame = pd.DataFrame(rows)[["label", "ap50", "ap", "boxes"]]
    frame[["ap50", "ap"]] *= 100
    st.dataframe(
        plain_frame(frame),
        hide_index=True,
        key=f"classes-{key}",
        alt=_("Average precision of each class"),
        column_config={
            "label": st.column_config.TextColumn(_("Class"), pinned=True),
            "ap50": st.column_config.NumberColumn(
                "AP@.5", format="%.1f%%", help=_("Area under the curve; 100 % is best.")
            ),
            "ap": st.column_config.NumberColumn(
                "AP@[.5:.95]",
                format="%.1f%%",
                help=_("The mean over overlaps from 0.5 to 0.95: boxes must fit closely."),
            ),
            "boxes": st.column_config.NumberColumn(_("Boxes"), help=_("Number of true boxes.")),
        },
    )


def _draw_sizes(sizes: Sequence[Values]) -> None:
    names = {"small": _("small (under 32 × 32)"), "medium": _("medium"), "large": _("large (over 96 × 96)")}
    told = [
        _("{size}: {found:.0%} of {boxes:,}").format(size=names[one["size"]], found=one["found"], boxes=one["boxes"])
        for one in sizes
    ]
    st.caption(_("Found, whatever they were called, by size: {sizes}.").format(sizes="; ".join(told)))


register("objects", Objects())
