"""The table of runs: what is in a row, which rows are wanted, which are selected."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from engine.readers.spreadsheets import plain_cell
from engine.runs import Run, RunState
from ui.language import _
from ui.navigation import page
from ui.words import (
    STATES,
    dataset_of,
    duration_text,
    headline_of,
    is_share,
    progress_share,
    run_seconds,
    starting_text,
    state_text,
    title_of,
)

Filters = Mapping[str, Any]


def choose_filters(runs: list[Run]) -> Filters:
    """Widgets whose values stand in the URL, so that a filtered table can be sent as a link."""
    wanted: dict[str, Any] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted["states"] = _choose_states()
        wanted["datasets"] = _choose(
            "datasets", _("Dataset"), _("Show runs on these datasets. Empty: all."), set(map(dataset_of, runs))
        )
        wanted["models"] = _choose(
            "models", _("Model"), _("Show runs of these models. Empty: all."), {title_of(run, "model") for run in runs}
        )
        wanted["owners"] = _choose(
            "owners", _("Owner"), _("Show runs of these people. Empty: all."), {run.owner for run in runs}
        )
        tags = {tag for run in runs for tag in run.tags}
        wanted["tags"] = tags and _choose("tags", _("Tags"), _("Show runs with one of these tags. Empty: all."), tags)
        draw_trials_toggle()
        wanted["text"] = st.text_input(
            _("Search"),
            key="text",
            bind="query-params",
            placeholder=_("Number, name, tag, note or message"),
            help=_("Show runs whose number, name, tags, note, values or message contain this."),
        )
    return wanted


TRIALS = "trials"
"""Name in the address that says whether trials of studies are listed."""
NO_STARTS: Mapping[int, str] = {}
"""When waiting runs will begin, where nobody knows."""


def trials_wanted() -> bool:
    """Whether the table lists trials of studies, too: there may be thousands, so they are left out unless asked for."""
    return st.query_params.get(TRIALS, "") == "true"


def draw_trials_toggle() -> None:
    """The switch for them; a callback, since the runs are read before it is drawn."""
    key = "show_trials"
    st.session_state[key] = trials_wanted()
    st.toggle(_("Trials of studies"), key=key, help=_("Also list runs that belong to a study."), on_change=_put_trials)


def _put_trials() -> None:
    if st.session_state["show_trials"]:
        st.query_params[TRIALS] = "true"
    else:
        st.query_params.pop(TRIALS, None)


def _choose(key: str, label: str, words: str, options: set[str]) -> list[str]:
    return st.multiselect(label, sorted(options), key=key, help=words, bind="query-params", placeholder=_("All"))


def _choose_states() -> list[str]:
    """Bound by hand: Streamlit would write the translated words into the address, which other languages cannot read."""
    known = [state.value for state in STATES]
    chosen = st.multiselect(
        _("State"),
        known,
        default=[state for state in st.query_params.get_all("states") if state in known],
        key="chosen_states",
        help=_("Show runs in these states. Empty: all."),
        placeholder=_("All"),
        format_func=lambda state: state_text(RunState(state)),
    )
    if chosen != st.query_params.get_all("states"):
        st.query_params["states"] = chosen
    return chosen


def matches(run: Run, wanted: Filters) -> bool:
    """Whether a run fits all filters."""
    if wanted["states"] and run.state.value not in wanted["states"]:
        return False
    if wanted["datasets"] and dataset_of(run) not in wanted["datasets"]:
        return False
    if wanted["models"] and title_of(run, "model") not in wanted["models"]:
        return False
    if wanted["owners"] and run.owner not in wanted["owners"]:
        return False
    if wanted["tags"] and not set(wanted["tags"]) & set(run.tags):
        return False
    return _says(run, str(wanted["text"] or "").strip().lower())


def _says(run: Run, text: str) -> bool:
    """Whether the text stands anywhere in what is known of the run."""
    if not text:
        return True
    known = (run.id, run.name, *run.tags, run.note, dataset_of(run), run.owner, run.message, run.spec)
    return any(text in str(fact).lower() for fact in known)


def study_cell(run: Run) -> str:
    """Of which study it is which trial; empty for a run of its own."""
    return "" if run.study_id is None else f"{run.study_id} · {run.trial}"


def rows(
    runs: Iterable[Run], queue: Sequence[int | None], starts: Mapping[int, str] = NO_STARTS, *, trials: bool = False
) -> pd.DataFrame:
    """One row a run, plain values only; with `trials` a column that names the study. `starts`: when a waiting run will begin."""
    place = {run_id: i + 1 for i, run_id in enumerate(queue) if run_id is not None}
    words = {state: state_text(state) for state in RunState}
    runs, stem = list(runs), page("run").stem
    named, tagged = any(run.name for run in runs), any(run.tags for run in runs)
    return pd.DataFrame(
        [
            {
                "run": f"{stem}?run={run.id}",
                **({"name": plain_cell(run.name) or None} if named else {}),
                "state": _state_cell(run, words[run.state], place, starts.get(run.id, "")),
                "progress": math.floor(100 * progress_share(run)),
                "dataset": plain_cell(dataset_of(run)),
                "model": title_of(run, "model"),
                **({"tags": [plain_cell(tag) for tag in run.tags] or None} if tagged else {}),
                **({"study": study_cell(run)} if trials else {}),
                "best": run.best.get(headline_of(run)),
                "test": run.result.get(f"test_{headline_of(run).removeprefix('val_')}"),
                "curve": run.curve or None,
                "duration": duration_text(seconds) if (seconds := run_seconds(run)) is not None else "",
                "owner": plain_cell(run.owner),
                "created": run.created_at,
            }
            for run in runs
        ]
    )


def _state_cell(run: Run, words: str, place: Mapping[int, int], start: str) -> str:
    """The state, with the place in the queue and the estimated start, or with what is done before training."""
    if run.id in place:
        return f"{words} {place[run.id]}." + (f" · {start}" if start else "")
    starting = starting_text(run)
    return f"{words} · {starting}" if starting else words


def draw_table(runs: list[Run], queue: Sequence[int | None], starts: Mapping[int, str] = NO_STARTS) -> list[Run]:
    """Draw the rows and return the selected runs.

    Streamlit remembers a selection by position. The key therefore names the rows that are shown: when a new run
    pushes them down, the table is created again with the same runs selected, never with their neighbours.
    """
    ids = [run.id for run in runs]
    key = f"runs-{hashlib.sha256(repr(ids).encode()).hexdigest()[:12]}"
    selected = set(st.session_state.get("selected_runs", ()))
    event = st.dataframe(
        rows(runs, queue, starts, trials=any(run.study_id is not None for run in runs)),
        key=key,
        hide_index=True,
        placeholder="–",
        height=min(640, 38 + 35 * len(runs)),
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [i for i, run_id in enumerate(ids) if run_id in selected]}},
        alt=_("All runs with state, progress and best metrics"),
        column_config=_columns(runs),
    )
    chosen = [runs[i] for i in event["selection"]["rows"] if i < len(runs)]
    st.session_state["selected_runs"] = [run.id for run in chosen]
    return chosen


def _columns(runs: list[Run]) -> dict[str, Any]:
    shares = all(is_share(headline_of(run)) for run in runs[:50])
    number = "percent" if shares else "%.4g"
    column = st.column_config
    return {
        "run": column.LinkColumn(
            _("Run"), help=_("Open its page."), display_text=r"run=(\d+)", width="small", pinned=True
        ),
        "name": column.TextColumn(_("Name"), help=_("Name of the run."), width="medium"),
        "tags": column.ListColumn(_("Tags"), help=_("Tags of the run."), width="small"),
        "state": column.TextColumn(_("State"), help=_("The number after 'Queued' is the place in the queue.")),
        "progress": column.ProgressColumn(
            _("Progress"), help=_("Share of the steps completed."), format="%d%%", min_value=0, max_value=100
        ),
        "dataset": column.TextColumn(_("Dataset"), help=_("The dataset it is trained on.")),
        "model": column.TextColumn(_("Model"), help=_("The architecture of the network, or trees.")),
        "study": column.TextColumn(_("Study"), help=_("The study, and the number of the trial in it."), width="small"),
        "best": column.NumberColumn(
            _("Best validation"), help=_("The first metric of the task, at the best epoch so far."), format=number
        ),
        "test": column.NumberColumn(_("Test"), help=_("The same metric on the test split, at the end."), format=number),
        "curve": column.LineChartColumn(_("Curve"), help=_("The objective after each epoch."), width="small"),
        "duration": column.TextColumn(_("Duration"), help=_("Training time."), width="small"),
        "owner": column.TextColumn(_("Owner"), help=_("The person who started it."), width="small"),
        "created": column.DatetimeColumn(_("Created"), help=_("When it was created."), format="distance"),
    }
