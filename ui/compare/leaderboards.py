"""The leaderboard of one dataset: a table with intervals and the same as dots."""

import pandas as pd
import streamlit as st

from engine import service
from engine.access import PROGRAM
from engine.comparing.leaderboard import Leaderboard, best_runs, evaluated_runs, metrics_of, rank
from engine.comparing.words import level_text
from engine.readers.spreadsheets import plain_cell
from engine.runs import Run
from engine.settings import settings
from ui import lab
from ui.compare.charts import leaderboard_figure
from ui.compare.comparison import MAX_COMPARISONS, outcomes_written
from ui.evaluation.baselines import baseline_title
from ui.language import _, plural
from ui.navigation import page
from ui.plain import plain_label
from ui.theme import theme_name
from ui.widgets.live_plot import still_plot
from ui.widgets.url_choices import choose
from ui.words import is_share, local_time, metric_label, title_of


def draw_board(runs: list[Run]) -> None:
    """Choose among different test splits and metrics, where there are several, and draw the ranking."""
    boards = evaluated_runs(runs)
    if not boards:
        st.info(_("No run on this dataset was evaluated: it does not have a test split."), icon=":material/info:")
        return
    chosen = 0
    with st.container(horizontal=True):
        if len(boards) > 1:
            keys = [str(min(run.id for run in board)) for board in boards]
            words = {key: _split_words(board) for key, board in zip(keys, boards, strict=True)}
            key = choose(
                "board", _("Test split"), keys, words.__getitem__,
                _("Runs that were evaluated on different test examples cannot be ranked together."), long=True,
            )  # fmt: skip
            chosen = keys.index(key)
        metrics = metrics_of(boards[chosen])
        metric = choose(
            "metric", _("Metric"), metrics, metric_label, _("Metric on the test split by which the runs are ranked.")
        )
    with lab.guarded():
        _draw(_ranked(boards[chosen], metric))


def _ranked(runs: list[Run], metric: str) -> Leaderboard:
    """The ranking, found once for as long as none of the runs, nor what they left, changes."""
    best = best_runs(runs, metric)
    versions = tuple((run.id, run.attempt, outcomes_written(run)) for run in best)
    return _rank(settings().url, metric, versions)


@st.cache_resource(max_entries=MAX_COMPARISONS, show_spinner=False)
def _rank(url: str, metric: str, versions: tuple[tuple[int, int, int], ...]) -> Leaderboard:
    return rank(service.runs.get_many(PROGRAM, (run_id for run_id, _attempt, _written in versions)), metric)


def _split_words(runs: list[Run]) -> str:
    """Return what distinguishes one test split from another."""
    spec = runs[0].spec["dataset"]
    parts = [plural("{count} run", "{count} runs", len(runs)).format(count=len(runs)), title_of(runs[0], "task")]
    parts += [f"{name.replace('_', ' ')} {spec[name]}" for name in ("split_seed", "test_fraction") if name in spec]
    return " · ".join(parts)


def _draw(board: Leaderboard) -> None:
    if board.examples:
        st.caption(
            _(
                "Evaluated on {count:,} test examples; {level} intervals. Runs with overlapping "
                "intervals are not clearly ranked."
            ).format(count=board.examples, level=level_text())
        )
    number = st.column_config.NumberColumn
    style = "percent" if is_share(board.metric) else "%.4g"
    st.dataframe(
        pd.DataFrame(_rows(board)).dropna(axis="columns", how="all"),
        hide_index=True,
        key="leaderboard",
        placeholder="–",
        height=min(640, 38 + 35 * len(board.places)),
        alt=_("Runs on this dataset and the baseline, best first"),
        column_config={
            "place": number(_("Rank"), width="small"),
            "run": st.column_config.LinkColumn(_("Run"), display_text=r"run=(\d+)", width="small"),
            "title": st.column_config.TextColumn(_("Name")),
            "name": st.column_config.TextColumn(_("Model"), width="medium"),
            "value": number(metric_label(board.metric), format=style, help=_("On the test split.")),
            "low": number(_("From"), format=style, help=_("Lower end of the interval.")),
            "high": number(_("To"), format=style, help=_("Upper end of the interval.")),
            "owner": st.column_config.TextColumn(_("Owner")),
            "ended": st.column_config.TextColumn(_("Ended")),
        },
    )
    still_plot(
        leaderboard_figure(board, theme_name()),
        "leaderboard-chart",
        _("{metric} of each run on the test split, with its interval").format(metric=metric_label(board.metric)),
        min(1200, 120 + 26 * len(board.places)),
    )
    if board.others:
        names = plain_label(", ".join(map(str, board.others)))
        st.caption(_("Left out because the dataset changed after they were evaluated: runs {ids}.").format(ids=names))


def _rows(board: Leaderboard) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    ranked, shown, last = 0, 0, None
    for place in board.places:
        common = {"value": place.value, "low": place.low, "high": place.high}
        if place.run is None:
            title = _("Baseline: {name}").format(name=baseline_title(place.baseline))
            rows.append(
                {"place": None, "run": None, "title": None, "name": title, **common, "owner": None, "ended": None}
            )
            continue
        ranked += 1
        if place.value != last:  # equal results share a place
            shown, last = ranked, place.value
        rows.append(
            {
                "place": shown,
                "run": f"{page('run').stem}?run={place.run.id}",
                "title": plain_cell(place.run.name) or None,
                "name": title_of(place.run, "model"),
                **common,
                "owner": plain_cell(place.run.owner),
                "ended": local_time(place.run.ended_at),
            }
        )
    return rows
