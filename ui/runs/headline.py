"""The top of an ended run's page: what became of it in one line, the findings in words, and what to try next."""

from functools import lru_cache

import streamlit as st

from engine import service
from engine.access import Action
from engine.advice.findings import Finding, Headline, Severity, Suggestion
from engine.forks import spec_at
from engine.runs import Run, RunState
from engine.settings import settings
from ui import lab
from ui.class_names import with_class_names
from ui.documents import explained
from ui.language import _
from ui.navigation import page
from ui.rights import may
from ui.runs.actions import apply, draw_try_it, resume
from ui.runs.reproduce import query_of
from ui.runs.share import draw_share
from ui.sentences import said, said_plain
from ui.train.fork_form import fork_query
from ui.words import title_of

_LOOKS: dict[Severity, tuple[str, str]] = {
    "good": (":material/check_circle:", "green"),
    "note": (":material/info:", "gray"),
    "warning": (":material/error_outline:", "orange"),
    "problem": (":material/cancel:", "red"),
}
"""Icon and colour of a finding: never the colour alone."""
_FAILURES = frozenset({"failed", "diverged"})
_ICONS = {
    "slower": ":material/speed:",
    "resume": ":material/play_arrow:",
    "longer": ":material/more_time:",
    "regularise": ":material/water_drop:",
    "pretrained": ":material/school:",
    "more-data": ":material/add_photo_alternate:",
    "seeds": ":material/casino:",
}


def draw_headline(run: Run) -> None:
    """Draw what became of an ended run; nothing for one that goes on."""
    if not run.state.final:
        return
    found = headline_of_run(run)
    icon, colour = _LOOKS[found.severity]
    with st.container(border=True):
        st.header(f":{colour}[{icon}] {said(found.title)}", anchor=False)
        for finding in found.findings:
            _draw_finding(finding, title_of(run, "dataset"))
        _draw_next(run, found)


def headline_of_run(run: Run) -> Headline:
    """The headline of a run, found once for all its viewers until its evaluation is written again."""
    written = service.artifacts.files(lab.actor(), run).evaluation
    return _found(
        settings().url, run.id, run.state, run.attempt, written.stat().st_mtime_ns if written.is_file() else 0
    )


@lru_cache(maxsize=256)
def _found(_url: str, run_id: int, _state: RunState, _attempt: int, _written: int) -> Headline:
    actor = lab.actor()
    return service.headlines.of(actor, service.runs.get(actor, run_id))


def suggests_seeds(run: Run) -> bool:
    """Return whether the headline of a run offers to train with other seeds."""
    return run.state.final and any(suggestion.seeds for suggestion in headline_of_run(run).suggestions)


def _draw_finding(finding: Finding, dataset: str) -> None:
    icon, colour = _LOOKS[finding.severity]
    more = explained(_("The rule behind this"), finding.anchor)
    words = said(with_class_names(finding.sentence, dataset))
    if finding.kind in _FAILURES:
        st.error(f"{words} {more}", icon=":material/error:")
        return
    st.markdown(f":{colour}[{icon}] {words}", help=more or None)


def _draw_next(run: Run, found: Headline) -> None:
    """The way to the demo, the report, and the suggestions."""
    with st.container(horizontal=True):
        if may(Action.USE, run):
            draw_try_it(run)
        draw_share(run)
        for suggestion in found.suggestions:
            if not may(Action.CHANGE if suggestion.resume else Action.USE, run):
                continue
            if st.button(
                said_plain(suggestion.label),
                key=f"next-{suggestion.kind}",
                icon=_ICONS.get(suggestion.kind),
                help=f"{said(suggestion.why)} {explained(_('The rule behind this'), suggestion.anchor)}",
            ):
                follow(run, suggestion)


def follow(run: Run, suggestion: Suggestion) -> None:
    """Do what a suggestion says: open the form with its values, go on with the run, or queue other seeds."""
    if suggestion.resume:
        apply([run.id], resume)
        st.rerun()
    if suggestion.more_data:
        st.switch_page(page("data"))
    with lab.guarded():
        if suggestion.seeds:
            made = lab.reseed(run, suggestion.seeds)
            st.switch_page(page("run"), query_params={"run": str(made[0].id)})
        st.switch_page(page("train"), query_params=query_for(run, suggestion))


def query_for(run: Run, suggestion: Suggestion) -> dict[str, str]:
    """The address of the Train form with the suggested values: a fork, or a run like this one that begins again."""
    if suggestion.fork:
        changed = spec_at(run, suggestion.fork).changed(suggestion.values)
        return fork_query(run, suggestion.fork) | query_of(changed)
    return query_of(run.parsed().changed(suggestion.values))
