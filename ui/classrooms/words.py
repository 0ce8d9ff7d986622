"""Words about classrooms: their addresses, days, and how an assignment is called."""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from engine.datasets.base import datasets
from engine.imports.own_kinds import kind_of_dataset
from engine.imports.titles import own_title
from engine.sentences import word
from engine.tasks.base import tasks
from ui.language import _
from ui.plain import plain_label
from ui.sentences import said

if TYPE_CHECKING:
    from engine.store.classrooms import Assignment


CLASSROOM = "classroom"
"""In the address of the page: the number of a classroom."""


def day_text(seconds: float) -> str:
    """Return the day of a time, in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def end_of_day(day: date) -> float:
    """Return when a day has passed in UTC, in seconds since 1970."""
    return datetime.combine(day, time.max, UTC).timestamp()


def data_text(one: "Assignment") -> str:
    """Return what people call the data of an assignment."""
    kind = kind_of_dataset(one.dataset)
    if kind is not None:
        return plain_label(own_title(one.dataset, {kind.field: one.reference}) or one.reference)
    return _(datasets[one.dataset].title) if one.dataset in datasets else plain_label(one.dataset)


def task_text(one: "Assignment") -> str:
    """Return the task of an assignment in a word or two."""
    return said(word(tasks[one.task].title)) if one.task in tasks else plain_label(one.task)


def form_query(one: "Assignment") -> dict[str, str]:
    """Return the address of the Train page for an assignment."""
    query = {"task": one.task, "dataset": one.dataset, "assignment": str(one.id)}
    kind = kind_of_dataset(one.dataset)
    if kind is not None:
        query[kind.field] = one.reference
    if one.models:
        query["model"] = one.models[0]
    return query
