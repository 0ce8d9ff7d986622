"""Recommendations: a ranking; how good they are for whom, and beside the best possible."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from engine.data_info import DataInfo
from engine.readers.spreadsheets import plain_frame
from engine.runs import Run
from ui.charts.recommendations import groups_figure
from ui.language import N_, _
from ui.plain import plain_label, plain_text
from ui.predictions.base import Renderer, Values, register
from ui.theme import theme_name
from ui.widgets.halves import halves
from ui.widgets.live_plot import still_plot
from ui.widgets.tiles import Verdict
from ui.words import metric_text

_FEW, _CHART = 3, 300
_GROUPS = {"new": N_("new"), "rare": N_("rare"), "middling": N_("middling"), "popular": N_("popular")}


class Recommended(Renderer):
    """Items that somebody may choose next."""

    def text(self, values: Values) -> str:
        """The first items."""
        items = values["items"]
        return " · ".join(items[:_FEW]) + (" …" if len(items) > _FEW else "")

    def scope(self, info: DataInfo) -> None:
        """How many items there are."""
        if info.catalogue is not None:
            st.caption(_("This network recommends some of {count:,} items.").format(count=len(info.catalogue)))

    def draw(self, values: Values, key: str) -> None:
        """The ranking, with what is known of each item."""
        rows: dict[str, Any] = {"rank": list(range(1, len(values["items"]) + 1)), "item": values["items"]}
        rows["probability"] = values["probabilities"]
        if any(values["about"]):
            rows["about"] = values["about"]
        largest = max(values["probabilities"], default=1.0) or 1.0
        st.dataframe(
            plain_frame(pd.DataFrame(rows)),
            hide_index=True,
            key=f"{key}-ranking",
            alt=_("Recommended items, the best first"),
            column_config={
                "rank": st.column_config.NumberColumn("", width=36),
                "item": st.column_config.TextColumn(_("Recommended")),
                "about": st.column_config.TextColumn(_("About it")),
                "probability": st.column_config.ProgressColumn(
                    _("Probability"),
                    format="percent",
                    width="small",
                    max_value=largest,
                    help=_("How likely this is what is chosen next, among everything that was not chosen before."),
                ),
            },
        )
        if values["chosen"]:
            st.caption(
                _("By what was chosen: {items}").format(items=plain_label(" · ".join(values["chosen"]), most=300))
            )
        if values["not_known"]:
            st.warning(
                _("{count} of the chosen items are not in the catalogue; they have no influence.").format(
                    count=values["not_known"]
                ),
                icon=":material/help:",
            )

    def probe(self, values: Values, truth: str) -> tuple[str, Verdict]:
        """The first items, and how many of those that were chosen stand among the ten."""
        hits, chosen = values.get("hits"), values.get("chosen_next")
        if hits is None:
            return plain_text(self.text(values)), ""
        words = _("{hits} of {chosen}: {items}").format(hits=hits, chosen=chosen, items=self.text(values))
        return plain_text(words), "right" if hits else "wrong"

    def row(self, values: Values) -> dict[str, Any]:
        """A cell for each item."""
        return {f"item {rank}": item for rank, item in enumerate(values["items"], 1)}

    def columns(self) -> dict[str, Any]:
        """As they are."""
        return {}

    def evaluate(self, run: Run, split: str, evaluated: Values) -> None:
        """The best possible, recall of people and of items, and some people in full."""
        if not evaluated.get("by_activity"):
            return
        if best := evaluated.get("best"):
            _draw_best(evaluated["metrics"], best)
        st.subheader(_("For whom, and of what"))
        left, right = halves(st)
        with left:
            groups = evaluated["by_activity"]
            figure = groups_figure(
                [_range(one) for one in groups], groups, _("Earlier choices of a person"), theme_name()
            )
            still_plot(figure, f"activity-{run.id}-{split}", _("Recall by earlier choices"), _CHART)
        with right:
            groups = evaluated["by_popularity"]
            names = [_(_GROUPS[one["group"]]) for one in groups]
            figure = groups_figure(names, groups, _("How often items were chosen before"), theme_name())
            still_plot(figure, f"popularity-{run.id}-{split}", _("Recall by popularity of items"), _CHART)
        st.caption(
            _(
                "People without earlier choices are new, and so are items that nobody chose in the training split. Popularity: thirds of "
                "all other items."
            )
        )
        st.subheader(_("Best and worst"))
        st.dataframe(plain_frame(_people(evaluated["shown"])), hide_index=True, alt=_("Some people, the best first"))


def _draw_best(metrics: Values, best: Values) -> None:
    words = _(
        "The data are made by known rules. Who knows them reaches a recall of {best} at most, since people also choose by chance; the "
        "network reaches {share:.0%} of that."
    )
    share = metrics["recall10"] / best["recall10"] if best["recall10"] else 0.0
    st.info(words.format(best=metric_text("recall10", best["recall10"]), share=share), icon=":material/trophy:")


def _range(group: Values) -> str:
    low, high = group["from"], group["to"]
    if high is None:
        return _("{low} or more").format(low=low)
    return f"{low}" if low == high else f"{low}–{high}"


def _people(shown: Sequence[Values]) -> pd.DataFrame:
    """A row for each: what they had, what was recommended, with a mark where it was right, and what they chose."""
    return pd.DataFrame(
        [
            {
                _("Recall"): metric_text("recall10", one["recall10"]),
                _("Recommended"): " · ".join(
                    f"{item} ✓" if item in one["chosen"] else item for item in one["recommended"]
                ),
                _("Chosen next"): " · ".join(one["chosen"]),
                _("Chosen before"): " · ".join(one["had"][::-1]) or "—",
            }
            for one in sorted(shown, key=lambda one: -float(one["recall10"]))
        ]
    )


register("recommended", Recommended())
