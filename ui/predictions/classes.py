"""A class out of several: its label large, the probabilities of all, confusion matrix and curves."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from engine.data_info import DataInfo
from engine.probes import Map
from engine.readers.spreadsheets import plain_frame
from engine.runs import Run
from ui.charts.classes import bars_height, bars_shown, class_bars, probability_bars
from ui.charts.confusion import confusion_figure, confusion_height
from ui.charts.figures import Figure, to_json
from ui.charts.maps import class_map
from ui.language import _
from ui.plain import plain_label, plain_text
from ui.predictions.base import Renderer, Values, register
from ui.predictions.mistakes import draw_class_examples
from ui.predictions.probabilities import draw_thresholds
from ui.theme import ThemeName, theme_name
from ui.widgets.halves import halves
from ui.widgets.live_plot import live_plot, still_plot
from ui.widgets.tiles import Verdict

_MOST_NAMED = 20
"""Classes that are named on the demo page without being folded."""
_SHARES = ("precision", "recall", "f1")


class Classes(Renderer):
    """A label with the probabilities of all classes."""

    def scope(self, info: DataInfo) -> None:
        """The classes in one line; many are folded."""
        names = ", ".join(plain_label(self.called(label)) for label in info.labels)
        if len(info.labels) <= _MOST_NAMED:
            st.caption(_("This model knows {count} classes: {names}.").format(count=len(info.labels), names=names))
            return
        with st.expander(_("This model knows {count} classes").format(count=len(info.labels)), icon=":material/list:"):
            st.markdown(names)

    def draw(self, values: Values, key: str) -> None:
        """The label large, the classes as bars in the order of the dataset."""
        label, probabilities = self.called(values["label"]), self._named(values["probabilities"])
        st.metric(
            _("Prediction"),
            plain_label(label),
            delta=_("{share:.1%} confident").format(share=values["probability"]),
            delta_color="off",
            delta_arrow="off",
            help=_("The most likely class and its probability."),
        )
        figure = probability_bars(probabilities, theme_name())
        live_plot(
            to_json(figure),
            key=key,
            label=_("Probabilities of the classes; highest: {label}").format(label=plain_text(label)),
            failed=_("The chart cannot be drawn: the browser could not load Plotly from this server."),
            height=bars_height(probabilities),
        )
        if (left_out := len(probabilities) - bars_shown(probabilities)) > 0:
            st.caption(_("{count:,} less likely classes are not shown.").format(count=left_out))

    def _named(self, by_class: Mapping[str, float]) -> dict[str, float]:
        """The same numbers by what the classes are called."""
        return {self.called(label): number for label, number in by_class.items()}

    def map(self, known: Map, heights: str, info: DataInfo, theme: ThemeName) -> Figure:
        """Where each class is predicted."""
        return class_map(known, heights, [self.called(label) for label in info.labels], theme)

    def effect(self, values: Values, loss: float) -> str:
        """Percentage points of the class."""
        return _("{points:+.1f} points").format(points=-100 * loss)

    def row(self, values: Values) -> dict[str, Any]:
        """Label and probability."""
        return {"label": values["label"], "probability": values["probability"]}

    def shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The label as it is called."""
        return dict(row) | ({"label": self.called(row["label"])} if "label" in row else {})

    def columns(self) -> dict[str, Any]:
        """Probability as a bar."""
        return {
            "label": st.column_config.TextColumn(_("Prediction"), help=_("The most likely class.")),
            "probability": st.column_config.ProgressColumn(
                _("Probability"),
                help=_("Probability of the predicted class."),
                format="percent",
                min_value=0.0,
                max_value=1.0,
            ),
        }

    def text(self, values: Values) -> str:
        """The label, and how sure the network is."""
        return _("{label}, {share:.1%} confident").format(
            label=self.called(values["label"]), share=values["probability"]
        )

    def probe(self, values: Values, truth: str) -> tuple[str, Verdict]:
        """The label with its probability, right or wrong."""
        words = f"{plain_text(self.called(values['label']))} {values['probability']:.0%}"
        return words, "right" if values["label"] == truth else "wrong"

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """The confusion matrix, the figures of each class, the curves over all thresholds."""
        named = self._evaluated(evaluated)
        _draw_confusion(run, named)
        _draw_classes(run, named["per_class"])
        if named.get("roc"):  # runs of early versions have none
            draw_thresholds(run, split, named)

    def mistakes(self, run: Run, split: str, evaluated: Values) -> None:
        """Draw the examples of a cell of the confusion matrix, and the most confident mistakes."""
        draw_class_examples(run, split, self._evaluated(evaluated)["labels"])

    def _evaluated(self, evaluated: Values) -> dict[str, Any]:
        """The same evaluation with the classes as they are called."""
        named = dict(evaluated) | {
            "labels": [self.called(label) for label in evaluated["labels"]],
            "per_class": [row | {"label": self.called(row["label"])} for row in evaluated["per_class"]],
        }
        for curves in ("roc", "precision_recall"):
            if found := evaluated.get(curves):
                rows = [row | {"label": self.called(row["label"])} for row in found["curves"]]
                named[curves] = found | {"curves": rows}
        return named


def _draw_confusion(run: Run, evaluated: Values) -> None:
    st.subheader(_("Confusion matrix"))
    shares = st.toggle(
        _("Show shares of each true class"),
        key="confusion_shares",
        help=_("Off: number of examples. On: percentage of the true class, so that rare classes can be compared."),
    )
    labels = evaluated["labels"]
    figure = confusion_figure(evaluated["confusion_matrix"], labels, theme_name(), shares=shares)
    still_plot(
        figure,
        f"confusion-{run.id}",
        _("Confusion matrix of {count} classes: true classes in rows, predicted ones in columns").format(
            count=len(labels)
        ),
        confusion_height(len(labels)),
    )


def _draw_classes(run: Run, per_class: list[dict[str, Any]]) -> None:
    st.subheader(_("Per class"))
    table, chart = halves(st)

    def share(label: str, words: str) -> Any:
        return st.column_config.NumberColumn(label, help=words, format="%.1f%%", width="small")

    frame = pd.DataFrame(per_class)
    frame[list(_SHARES)] *= 100  # Streamlit's own per cent have as many digits as it takes
    with table:
        st.dataframe(
            plain_frame(frame),
            hide_index=True,
            height=min(640, 40 + 35 * len(per_class)),
            key=f"per-class-{run.id}",
            alt=_("Precision, recall, F1 and number of examples of each class"),
            column_config={
                "label": st.column_config.TextColumn(_("Class"), pinned=True),
                "precision": share(
                    _("Precision"), _("Share of the examples predicted as this class that belong to it.")
                ),
                "recall": share(_("Recall"), _("Share of the examples of this class that were predicted as it.")),
                "f1": share(_("F1"), _("Harmonic mean of precision and recall.")),
                "support": st.column_config.NumberColumn(
                    _("Examples"), help=_("Number of examples in the split."), width="small"
                ),
            },
        )
    with chart:
        still_plot(
            class_bars(per_class, theme_name()),
            f"classes-{run.id}",
            _("Precision, recall and F1 of each class"),
            min(900, max(260, 90 + 30 * len(per_class))),
        )


register("classes", Classes())
