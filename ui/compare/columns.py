"""Facts about several runs, as columns: hyperparameters in which they differ, metrics, time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.comparing.differences import Place, hyperparameters, tested_metrics
from engine.errors import TrainyardError
from engine.runs import Run
from engine.spec import Field, Range
from engine.tasks.base import tasks
from ui.language import _
from ui.words import headline_of, metric_label, metric_word, objective_of, run_seconds, section_title, title_of

Value = float | str | None


@dataclass(frozen=True)
class Column:
    """One fact of each run, in their order. `key` stands in the address; with `log` equal ratios are equal distances."""

    key: str
    label: str
    values: tuple[Value, ...]
    log: bool = False
    share: bool = False

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers only, and any at all."""
        known = [value for value in self.values if value is not None]
        return bool(known) and not any(isinstance(value, str) for value in known)


def metric_names(runs: Sequence[Run]) -> list[str]:
    """The metrics that the tasks of these runs watch while they train, the headline first and the loss last."""
    found: dict[str, None] = {headline_of(run).removeprefix("val_"): None for run in runs}
    for run in runs:
        name = title_of(run, "task")
        found |= dict.fromkeys(tasks[name].metric_names() if name in tasks else ())
        found[objective_of(run).removeprefix("val_")] = None
    found.pop("loss", None)
    return [*found, "loss"]


def known_fields(runs: Sequence[Run]) -> dict[Place, Field]:
    """The declarations of all fields of these runs, as far as their parts are still registered."""
    found: dict[Place, Field] = {}
    for run in runs:
        try:
            fields = run.parsed().fields()
        except TrainyardError:
            continue
        found |= {(section, field.name): field for section, some in fields.items() for field in some}
    return found


def field_label(place: Place, fields: Mapping[Place, Field]) -> str:
    """Return the name of a field in the viewer's language; a chosen part is named after its section."""
    section, name = place
    if name == "name":
        return section_title(section)
    return _(fields[place].label) if place in fields else name.replace("_", " ").capitalize()


def hyperparameter_columns(runs: Sequence[Run]) -> list[Column]:
    """The hyperparameters in which the runs differ."""
    fields = known_fields(runs)
    return [
        Column(".".join(place), field_label(place, fields), tuple(map(_plain, values)), _is_log(place, values, fields))
        for place, values in hyperparameters(runs).items()
    ]


def metric_columns(runs: Sequence[Run]) -> list[Column]:
    """Return the results of the runs: validation at the best epoch, test, and duration."""
    found = [
        Column(
            f"val_{name}",
            _("Validation {metric}").format(metric=metric_word(name)),
            tuple(finite(run.best.get(f"val_{name}")) for run in runs),
        )
        for name in metric_names(runs)
    ]
    tested = [tested_metrics(run) for run in runs]
    found += [
        Column(
            f"test_{name}",
            _("Test {metric}").format(metric=metric_word(name)),
            tuple(finite(t.get(name)) for t in tested),
        )
        for name in dict.fromkeys(name for metrics in tested for name in metrics)
    ]
    found.append(Column("seconds", _("Duration (s)"), tuple(run_seconds(run) for run in runs)))
    speeds = tuple(run.result.get("examples_per_second") for run in runs)
    found.append(Column("examples_per_second", metric_label("examples_per_second"), speeds))
    parameters = tuple(run.environment.get("num_parameters") for run in runs)
    found.append(Column("num_parameters", _("Parameters"), parameters, log=True))
    return [column for column in found if any(value is not None for value in column.values)]


def finite(value: float | None) -> float | None:
    """The value, or None for what no chart and no table can place."""
    return value if value is not None and math.isfinite(value) else None


def _plain(value: Any) -> Value:
    """A number where it is one; whatever else becomes words."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None if value is None else value_words(value)


def value_words(value: Any) -> str:
    """A value in a cell."""
    return "–" if value is None else _("yes") if value is True else _("no") if value is False else str(value)


def _is_log(place: Place, values: Sequence[Any], fields: Mapping[Place, Field]) -> bool:
    domain = fields[place].domain if place in fields else None
    known = [value for value in values if value is not None]
    return isinstance(domain, Range) and domain.log and all(value > 0 for value in known)
