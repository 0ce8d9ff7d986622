"""System: what this installation computes on, who is at work, how full the disk is, and how it is set up."""

import platform

import streamlit as st

from engine import service
from engine.devices import find_devices
from engine.environment import package_version
from ui import lab
from ui.language import _
from ui.machine import SHOWN_PACKAGES, disk_use, executor_sentence, free_bytes, settings_rows, slot_rows

_TICK_SECONDS = 5.0


def main() -> None:
    """Draw everything; what moves is redrawn every few seconds."""
    st.title(_("System"))
    st.fragment(draw_work, run_every=_TICK_SECONDS)()
    st.header(_("Devices"))
    st.dataframe(
        [
            {_("Name"): d.name, _("Device"): d.title, _("Memory"): f"{d.memory_bytes / 1e9:,.1f} GB"}
            for d in find_devices()
        ],
        hide_index=True,
    )
    draw_disk()
    draw_versions()
    with st.expander(_("Settings"), icon=":material/settings:"):
        st.caption(_("Set by environment variables when the dashboard starts. Passwords are not shown."))
        st.dataframe(settings_rows(), hide_index=True)


def draw_work() -> None:
    """The executor, its slots, the standby worker, and how many runs wait."""
    executor = service.executors.get(lab.actor())
    alive = executor is not None and executor.alive
    st.header(_("Work"))
    figures = st.container(horizontal=True, gap="large")
    figures.metric(_("Waiting runs"), len(service.runs.queue(lab.actor())), width="content")
    figures.metric(_("Running runs"), service.executors.count_running(lab.actor()), width="content")
    words = {"ready": _("ready"), "starting": _("starting"), "off": _("off")}
    state = executor.info.get("standby", {}).get("state", "off") if executor is not None and alive else "off"
    figures.metric(
        _("Standby worker"),
        words.get(state, state),
        width="content",
        help=_("Has already loaded TensorFlow, so that a run starts at once."),
    )
    if alive:
        st.success(executor_sentence(executor), icon=":material/check_circle:")
    else:
        st.warning(executor_sentence(executor), icon=":material/pause_circle:")
        if st.button(_("Start an executor"), key="start-executor"):
            with lab.guarded():
                lab.start_executor()
    if executor is not None and alive:
        st.dataframe(slot_rows(executor), hide_index=True)


def draw_disk() -> None:
    """Bytes by kind against the budget, and what is free."""
    st.header(_("Disk"))
    for use in disk_use():
        share = min(1.0, use.used_bytes / use.budget_bytes) if use.budget_bytes else 0.0
        budget = _(" of {size} GB").format(size=f"{use.budget_bytes / 1e9:,.0f}") if use.budget_bytes else ""
        st.progress(share, f"{_(use.title)}: {use.used_bytes / 1e9:,.2f} GB{budget}")
    st.caption(_("{size} GB are free on this disk.").format(size=f"{free_bytes() / 1e9:,.1f}"))


def draw_versions() -> None:
    """Draw the installed packages."""
    st.header(_("Versions"))
    found = {"Python": platform.python_version()}
    found |= {name: package_version(name) or _("not installed") for name in SHOWN_PACKAGES}
    st.dataframe([{_("Package"): k, _("Version"): v} for k, v in found.items()], hide_index=True)


main()
