"""Several runs side by side: verdicts, metrics, curves and what was done differently. The selection stands in the address."""

from collections.abc import Sequence
from uuid import uuid4

import streamlit as st

from engine import service
from engine.comparing.differences import last_metrics
from engine.runs import Run
from engine.settings import settings
from ui import lab
from ui.compare.comparison import Comparison, comparison
from ui.compare.examples import draw_apart
from ui.compare.tables import draw_metrics
from ui.compare.verdicts import draw_verdicts
from ui.compare.views import choose_curves, draw_columns, draw_curves
from ui.language import _, plural
from ui.navigation import page
from ui.plain import plain_label
from ui.runs.feeds import crowd
from ui.runs.views import tick_seconds
from ui.widgets.live_plot import preload
from ui.widgets.url_choices import choose, run_ids

_FASTEST_SECONDS = 1.0
"""Many curves cost more than one, and change less between two looks."""


def main() -> None:
    """Draw the comparison of the runs that the address names, or say how to choose some."""
    st.title(_("Compare"))
    preload()
    most = settings().max_compared_runs
    ids, wrong = run_ids(st.query_params.get("runs", ""), most)
    compared = comparison(lab.actor(), ids)
    runs = compared.follow(lab.actor(), max_age_seconds=0.0)
    _say_what_is_missing([i for i in ids if i not in {run.id for run in runs}], wrong, most)
    if len(runs) < 2:
        _say_how_to_choose()
        return
    verdicts = st.empty()  # filled last: curves need not wait for statistics
    with verdicts.container():
        st.header(_("Verdict"))
        st.skeleton(height=60)
    st.header(_("Metrics"))
    epochs = {"best": _("Best epoch"), "last": _("Last epoch")}
    epoch = choose(
        "epoch", _("Epoch"), list(epochs), epochs.__getitem__,
        _("The best epoch is the one whose weights were kept; test metrics are those of the saved model."),
    )  # fmt: skip
    table = st.container()
    st.header(_("Curves"))
    how, split = choose_curves(runs)

    def moving() -> None:
        now = compared.follow(lab.actor())
        if [(run.id, run.state) for run in now] != [(run.id, run.state) for run in runs]:
            st.rerun()
        draw_curves(compared, now, how, split)
        with table:
            _draw_table(compared, now, epoch)

    st.fragment(moving, run_every=_pace(runs))()
    draw_columns(runs)
    draw_apart(runs)
    with verdicts.container():
        st.header(_("Verdict"))
        draw_verdicts(runs)


def _draw_table(compared: Comparison, runs: Sequence[Run], epoch: str) -> None:
    last = None
    if epoch == "last":
        last = {run.id: last_metrics(run, service.metrics.history(lab.actor(), run)) for run in runs}
    draw_metrics(runs, last)


def _pace(runs: Sequence[Run]) -> float | None:
    """Return the refresh interval of the page; None once all have ended."""
    viewer = st.session_state.setdefault("viewer", uuid4().hex)
    paces = [pace for run in runs if (pace := tick_seconds(run, viewers=crowd().count(viewer))) is not None]
    return max(_FASTEST_SECONDS, min(paces)) if paces else None


def _say_what_is_missing(deleted: list[int], wrong: list[str], most: int) -> None:
    if deleted:
        names = ", ".join(map(str, deleted))
        words = plural("Run {ids} does not exist.", "Runs {ids} do not exist.", len(deleted))
        st.warning(words.format(ids=names), icon=":material/delete:")
    if wrong:
        names = plain_label(", ".join(wrong))
        words = _("Ignored in the address: {texts}. It takes the numbers of at most {most} runs, separated by commas.")
        st.warning(words.format(texts=names, most=most), icon=":material/link_off:")


def _say_how_to_choose() -> None:
    st.info(_("Select two or more runs on the Runs page and press Compare."), icon=":material/info:")
    with st.container(horizontal=True):
        st.page_link(page("runs"), label=_("All runs"), icon=":material/list:", help=_("The table of all runs."))
        st.page_link(page("leaderboard"), label=_("Leaderboard"), icon=":material/leaderboard:",
                     help=_("The best runs on each dataset."))  # fmt: skip


main()
