"""The tab of a run that says how to have the same again: what was recorded, a link, a command, a script."""

import shlex
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from engine import service
from engine.access import Action
from engine.errors import TrainyardError
from engine.models.base import DESCENT
from engine.runs import Run, RunSpec
from engine.service.commands import train_command
from engine.settings import settings
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.rights import may
from ui.sentences import said

if TYPE_CHECKING:
    from engine.scripting.files import ScriptFiles

_SHORT_HASH = 12
_CODE_PIXELS = 480
_WANTED = "script-of-run"


def draw_reproduce(run: Run) -> None:
    """Everything that makes a run happen again."""
    _draw_recorded(run)
    try:
        spec = run.parsed()
    except TrainyardError as error:
        st.warning(said(error), icon=":material/link_off:")
        st.caption(_("A part of this run no longer exists here, so the run can be viewed but not repeated."))
        return
    _draw_again(run, spec)
    _draw_script(run, spec)


def query_of(spec: RunSpec) -> dict[str, str]:
    """The values of a spec as they stand in the address of the Train form."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in spec.flat().items()}


def link_of(spec: RunSpec, address: str) -> str:
    """The address of the Train form filled with a spec; `address` is that of the page of the run, where it is known."""
    parts = urlsplit(address)
    path = (
        f"{parts.path.rstrip('/').rpartition('/')[0]}/"  # the form is where one arrives, which has no path of its own
    )
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query_of(spec)), ""))


def recorded(run: Run) -> list[tuple[str, str]]:
    """Return the facts that the worker recorded, as far as there are any: label and value."""
    found = run.environment
    versions = ", ".join(f"{name} {version}" for name, version in found.get("versions", {}).items())
    facts: list[tuple[str, Any]] = [
        (_("Seed"), (run.spec.get("training") or {}).get("seed")),
        (_("Dataset hash"), str(found.get("dataset_hash", ""))[:_SHORT_HASH]),
        (_("Hash of the weights"), str(run.result.get("weights_sha256", ""))[:_SHORT_HASH]),
        (_("Device"), found.get("device", "")),
        (_("Python"), found.get("python", "")),
        (_("Versions"), versions),
        (_("Commit"), str(found.get("git_commit", ""))[:_SHORT_HASH]),
    ]
    return [(label, str(value)) for label, value in facts if value not in ("", None)]


def _draw_recorded(run: Run) -> None:
    st.caption(_("Recorded so that the run can be reproduced:"))
    facts = recorded(run)
    st.dataframe(
        {_("Name"): [label for label, _value in facts], _("Value"): [value for _label, value in facts]},
        hide_index=True,
        key=f"recorded-{run.id}",
        alt=_("Names and values"),
        column_config={_("Name"): st.column_config.TextColumn(width="small")},
    )
    if not run.environment:
        st.caption(_("The worker adds data, versions and device when the run starts."))


def _draw_again(run: Run, spec: RunSpec) -> None:
    if may(Action.USE, run) and st.button(
        _("Run again"),
        key=f"again-{run.id}",
        icon=":material/replay:",
        help=_("Queue a new run with the same settings and the same seed."),
    ):
        with lab.guarded():
            again = lab.repeat(run)
            st.switch_page(page("run"), query_params={"run": str(again.id)})
    if run.parent_id is not None or run.steered:
        st.caption(
            _(
                "This run continued from the weights of another run, or its learning rate was "
                "changed while it trained. 'Run again' repeats that; the link, the command and the "
                "script start from scratch with its values."
            )
        )
    st.caption(_("A link that opens the Train form with these values:"))
    st.code(link_of(spec, st.context.url or ""), language=None, wrap_lines=True)
    st.caption(_("The same from a terminal:"))
    st.code(shlex.join(train_command(spec)), language="bash", wrap_lines=True)


def _draw_script(run: Run, spec: RunSpec) -> None:
    if not may(Action.USE, run):
        st.caption(_("Its owner has not published it: it can be looked at, and not be used."))
        return
    st.caption(_("As one script that does not need Trainyard, with its data:"))
    if not service.datasets.ready(lab.actor(), spec.dataset):
        st.info(said(service.datasets.missing(lab.actor(), spec.dataset)), icon=":material/database_off:")
        return
    if st.button(
        _("Write the script"),
        key=f"script-{run.id}",
        icon=":material/code:",
        help=_("Plain Keras: data, network, training and evaluation in one file you can read and change.")
        if spec.model.fits == DESCENT
        else _("Plain scikit-learn: data, columns, training and evaluation in one file you can read and change."),
    ):
        st.session_state[_WANTED] = run.id
    with lab.guarded():
        lab.predictor().ready()  # warms up meanwhile: the script is written there
        if st.session_state.get(_WANTED) == run.id:
            _draw_downloads(run, spec)


def _draw_downloads(run: Run, spec: RunSpec) -> None:
    from engine.scripting.files import export_command, zip_files
    from engine.scripting.origin import Origin

    key = f"{spec.to_dict()} {spec.dataset.fingerprint()} {Origin.of(run)}"
    with st.spinner(_("Writing the script and packing its data…")):
        files = written(run.id, key)
        data = packed(run.id, key)
    with st.container(horizontal=True):
        for notebook, label, words in (
            (False, _("Download as Python"), _("A zip of the script and its data.")),
            (True, _("Download as notebook"), _("A zip of a Jupyter notebook and its data.")),
        ):
            st.download_button(
                label,
                partial(zip_files, files, data, spec, run, notebook=notebook),
                file_name=f"run-{run.id}-{'notebook' if notebook else 'python'}.zip",
                mime="application/zip",
                key=f"download-{run.id}-{notebook}",
                icon=":material/download:",
                on_click="ignore",
                help=words,
            )
    if not data:
        limit = settings().max_script_data_mb
        st.info(
            _(
                "The data is larger than {limit} MB, so it is not in the zip. On the machine of "
                "Trainyard, this command writes both:"
            ).format(limit=limit),
            icon=":material/info:",
        )
        st.code(export_command(run), language="bash")
    with st.expander(_("Preview"), icon=":material/description:"):
        st.code(files.python, language="python", height=_CODE_PIXELS)


@st.cache_resource(max_entries=8, show_spinner=False)
def written(run_id: int, key: str) -> "ScriptFiles":
    """The script of a run, asked once for all viewers. The predictor writes it, since that needs Keras."""
    from engine.scripting.origin import Origin

    run = service.runs.get(lab.actor(), run_id)
    return service.scripts.write(
        lab.actor(), run, lambda known: lab.predictor().script(known.spec, Origin.of(known).to_dict())
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def packed(run_id: int, key: str) -> bytes:
    """The data of a script as a file; nothing where it is too large."""
    from engine.scripting.files import packed_data

    return packed_data(written(run_id, key), service.runs.get(lab.actor(), run_id).parsed())
