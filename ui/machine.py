"""Contents of the System page: the executor in words, disk use, and the settings in force."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from sqlalchemy.engine import make_url

from engine.settings import Settings, settings
from ui.language import N_, _

if TYPE_CHECKING:
    from engine.store import Lease

SHOWN_PACKAGES = (
    "trainyard",
    "streamlit",
    "tensorflow",
    "keras",
    "numpy",
    "pandas",
    "plotly",
    "scikit-learn",
    "pillow",
)
_DISK_SECONDS = 30  # walking a folder of thousands of runs takes a while


@dataclass(frozen=True)
class DiskUse:
    """Disk use of one folder of the home; a budget of 0 bytes: none."""

    title: str
    used_bytes: int
    budget_bytes: int = 0


def executor_sentence(executor: "Lease | None") -> str:
    """Return the executor that runs what is queued, and since when it was silent."""
    if executor is None:
        return _("No executor is running, so queued runs wait.")
    if not executor.alive:
        return _("The executor has not sent a heartbeat for {seconds} s and counts as dead; queued runs wait.").format(
            seconds=f"{executor.silent_seconds:,.0f}"
        )
    return _("The executor (process {pid}) is alive; last heartbeat {seconds} s ago.").format(
        pid=executor.info.get("pid", "?"), seconds=f"{executor.silent_seconds:,.0f}"
    )


def slot_rows(executor: "Lease") -> list[dict[str, Any]]:
    """A row a slot: its name and the run in it."""
    return [
        {_("Slot"): slot.get("name"), _("Run"): str(slot["run"]) if slot.get("run") else _("free")}
        for slot in executor.info.get("slots", [])
    ]


def disk_use() -> list[DiskUse]:
    """Bytes of runs, prepared datasets, and fetched and imported ones."""
    here = settings()
    return [
        DiskUse(N_("Files of runs"), folder_bytes(here.runs_path), here.disk_budget_mb * 1_000_000),
        DiskUse(N_("Prepared datasets"), folder_bytes(here.cache_path), here.cache_budget_mb * 1_000_000),
        DiskUse(N_("Fetched and imported datasets"), folder_bytes(here.datasets_path)),
    ]


@st.cache_data(ttl=_DISK_SECONDS, max_entries=8, show_spinner=False)
def folder_bytes(path: Path) -> int:
    """Size of all files below `path`; files that vanish meanwhile count nothing."""
    total = 0
    for file in path.rglob("*"):
        try:
            total += file.lstat().st_size
        except FileNotFoundError:
            continue
    return total


def free_bytes() -> int:
    """Free space where the home folder is, or will be."""
    path = settings().home_path
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def settings_rows() -> list[dict[str, str]]:
    """Every setting with its variable, value and meaning."""
    here = settings()
    return [
        {
            _("Variable"): f"TRAINYARD_{name.upper()}",
            _("Value"): _shown(name, getattr(here, name)),
            _("Description"): _(str(info.description)),
        }
        for name, info in Settings.model_fields.items()
    ]


def _shown(name: str, value: Any) -> str:
    """The value as text; of a database URL without its password, of another secret only whether there is one."""
    if name in Settings.secrets() and name != "database_url":
        return "•••" if value else ""
    return make_url(value).render_as_string(hide_password=True) if name == "database_url" and value else str(value)
