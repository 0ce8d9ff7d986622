"""Details of a run: log, spec, events, machine. Each tab reads only while it is open."""

import re
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from engine import service
from engine.errors import TrainyardError
from engine.readers.spreadsheets import plain_cell
from engine.runs import Run, RunSpec
from engine.spec import Choices, Field
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.runs.reproduce import draw_reproduce, query_of
from ui.sentences import said, said_plain
from ui.widgets.downloads import history_csv
from ui.words import duration_text, local_time, part_title, run_seconds, section_title

LOG_TAIL_BYTES = 64_000
"""Size of the end of a log that the page shows."""
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f]")
_FORMULA = re.compile(r"\$[^$]*\$")  # a table shows no LaTeX
_FIRST_SENTENCE = re.compile(r"(?<=[.:])\s|(?<=[。：])")


def draw_details(run: Run) -> None:
    """The tabs below a run's charts."""
    titles = [_("Spec"), _("Reproduce"), _("Curve data"), _("Log"), _("Events"), _("System")]
    spec, reproduce, data, log, events, system = st.tabs(titles, key="details", on_change="rerun")
    if spec.open:
        with spec:
            _draw_spec(run)
    if reproduce.open:
        with reproduce:
            draw_reproduce(run)
    if data.open:
        with data:
            _draw_data(run)
    if log.open:
        with log:
            st.fragment(_draw_log, run_every=2.0 if run.live else None)(run)
    if events.open:
        with events:
            _draw_events(run)
    if system.open:
        with system:
            _draw_system(run)


def readable_log(text: str) -> str:
    """The log without terminal colours, and of each overwritten line (a progress bar) only how it ended."""
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return "\n".join(_ESCAPES.sub("", line) for line in lines)


def spec_rows(spec: RunSpec) -> list[dict[str, Any]]:
    """One row a field: where it belongs, its label, its value, whether it differs from the default, its help."""
    changed = spec.flat()
    rows: list[dict[str, Any]] = []
    for section, part in spec.sections().items():
        if part.name:
            rows.append(_row(section, _("Name"), part_title(part), section != "task", _(part.summary())))
        rows += [
            _row(section, _(field.label), _word(field, getattr(part, field.name)), field.name in changed, _(field.help))
            for field in spec.model.used(part)
        ]
    return rows


def _word(field: Field, value: Any) -> Any:
    """Return a choice in the language of the page; people's own words, such as names of data, as they are."""
    return _(value) if isinstance(field.domain, Choices) and isinstance(value, str) else value


def _row(section: str, label: str, value: Any, changed: bool, words: str) -> dict[str, Any]:
    return {
        "section": section_title(section),
        "label": label,
        "value": _("yes") if value is True else _("no") if value is False else plain_cell(str(value)),
        "changed": changed,
        "help": _FORMULA.sub("…", _FIRST_SENTENCE.split(words, maxsplit=1)[0]).rstrip(":："),
    }


def _draw_spec(run: Run) -> None:
    try:
        spec = run.parsed()
    except TrainyardError as error:
        st.warning(said(error))
        st.json(run.spec)
        return
    st.page_link(
        page("train"),
        label=_("Open in the Train form"),
        icon=":material/tune:",
        help=_("The form filled with the values of this run, to change some and train again."),
        query_params=query_of(spec),
    )
    st.dataframe(
        pd.DataFrame(spec_rows(spec)),
        hide_index=True,
        key=f"spec-{run.id}",
        alt=_("All settings of the run"),
        column_config={
            "section": st.column_config.TextColumn(_("Part"), width="small"),
            "label": st.column_config.TextColumn(_("Setting")),
            "value": st.column_config.TextColumn(_("Value")),
            "changed": st.column_config.CheckboxColumn(_("Chosen"), help=_("Differs from the default."), width="small"),
            "help": st.column_config.TextColumn(_("Description"), width="large"),
        },
    )


def _draw_data(run: Run) -> None:
    """The values behind the charts."""
    actor = lab.actor()
    st.caption(_("All values of the curves. Each chart can be saved as PNG with the camera in its toolbar."))
    st.download_button(
        _("Curves as CSV"),
        lambda: history_csv(service.metrics.read(actor, run)),
        file_name=f"run-{run.id}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"history-{run.id}",
        on_click="ignore",
        help=_("One row for each value: metric, split, scope (step or epoch), step, epoch, value."),
    )


def _draw_log(run: Run) -> None:
    text = readable_log(service.artifacts.files(lab.actor(), run).read_log(LOG_TAIL_BYTES))
    if not text.strip():
        st.caption(_("The log is empty: the run has not written anything yet."))
        return
    st.code(text, language=None, height=420, wrap_lines=True)
    st.caption(_("The last {size} kB of log.txt in the run's folder.").format(size=LOG_TAIL_BYTES // 1000))


def _draw_events(run: Run) -> None:
    rows = [
        {"at": local_time(event.at), "kind": event.kind, "text": plain_cell(said_plain(event.text))}
        for event in service.runs.events(lab.actor(), run)
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["at", "kind", "text"]),
        hide_index=True,
        key=f"events-{run.id}",
        alt=_("Events of the run, oldest first"),
        column_config={
            "at": st.column_config.TextColumn(_("Time"), width="small"),
            "kind": st.column_config.TextColumn(_("Kind"), width="small"),
            "text": st.column_config.TextColumn(_("Event"), width="large"),
        },
    )


def _draw_system(run: Run) -> None:
    seconds = run_seconds(run)
    silent = (datetime.now(UTC) - run.heartbeat_at).total_seconds() if run.live and run.heartbeat_at else None
    facts = {
        _("Slot"): run.slot,
        _("Attempt"): run.attempt,
        _("Created"): local_time(run.created_at),
        _("Started"): local_time(run.started_at),
        _("Ended"): local_time(run.ended_at),
        _("Duration"): duration_text(seconds) if seconds is not None else "",
        _("Last heartbeat"): _("{time} ago").format(time=duration_text(silent)) if silent is not None else "",
        _("Folder"): str(service.artifacts.files(lab.actor(), run).folder),
    }
    _facts({name: value for name, value in facts.items() if value not in ("", None)}, f"machine-{run.id}")
    st.caption(_("Recorded by the worker so that the run can be reproduced:"))
    if not run.environment:
        st.caption(_("Nothing yet: the worker writes it when the run starts."))
        return
    _facts(_flatten({**run.environment, **{f"result.{k}": v for k, v in run.result.items()}}), f"env-{run.id}")


def _flatten(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = str(value)
    return flat


def _facts(facts: dict[str, Any], key: str) -> None:
    st.dataframe(
        pd.DataFrame({"name": list(facts), "value": [plain_cell(str(v)) for v in facts.values()]}),
        hide_index=True,
        key=key,
        alt=_("Names and values"),
        column_config={
            "name": st.column_config.TextColumn(_("Name"), width="small"),
            "value": st.column_config.TextColumn(_("Value"), width="large"),
        },
    )
