"""The choice of a task in two rows: first the kind of data, then what is made of it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from engine.modalities.base import modalities
from engine.tasks.base import tasks
from ui.language import _


def tasks_by_group() -> dict[str, list[str]]:
    """Return the names of all tasks by the kind of data that people see them under, both in the order of the tasks."""
    found: dict[str, list[str]] = {}
    for name in tasks:
        modality = modalities[tasks[name].modality]
        found.setdefault(modality.group or modality.name, []).append(name)
    return found


def draw_tasks(key: str, current: str, chosen: Callable[[str], None] | None = None, *, disabled: bool = False) -> str:
    """Draw both rows with `current` chosen at first; return the task. `chosen` is told of a task that somebody picks."""
    groups = tasks_by_group()
    group_key, task_key = f"{key}.group", f"{key}.task"
    if chosen is not None or task_key not in st.session_state:
        st.session_state[task_key] = current
        st.session_state[group_key] = next(group for group, names in groups.items() if current in names)

    def pick(task: str | None = None) -> None:
        """The first task of a group that was chosen, or the task itself."""
        found = task or groups[st.session_state[group_key]][0]
        st.session_state[task_key] = found
        if chosen is not None:
            chosen(found)

    common: dict[str, Any] = {"required": True, "wrap": True, "disabled": disabled}
    group = st.segmented_control(
        _("Kind of data"),
        list(groups),
        format_func=lambda name: _(modalities[name].title),
        key=group_key,
        help=_("What the network is given."),
        on_change=pick,
        **common,
    )
    task = st.segmented_control(
        _("Task"),
        groups[str(group)],
        format_func=lambda name: _(tasks[name].title),
        key=task_key,
        help=_("What the network predicts, and from what."),
        on_change=lambda: pick(st.session_state[task_key]),
        **common,
    )
    return str(task)
