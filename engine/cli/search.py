"""The command `search`: start a study and an executor for it, wait for its end, and print the result."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from engine import service
from engine.access import Actor, local_owner
from engine.cli.flags import add_fields, add_run_flags, run_values
from engine.cli.naming import add_naming, naming_of
from engine.errors import unknown_name
from engine.runs import RunSpec
from engine.search.grid import check_grid, most_trials
from engine.search.suggestions import suggested_space
from engine.spec import Choices
from engine.store.study_lists import value_place
from engine.studies import (
    MODEL,
    OBJECTIVES,
    QUALITY,
    Domain,
    Search,
    Study,
    StudySpec,
    StudyState,
    dimensions,
    models_of,
    parse_domain,
    parse_objective,
)

if TYPE_CHECKING:
    from engine.search.results import Found

EXIT_CODES = {StudyState.COMPLETED: 0, StudyState.STOPPED: 3, StudyState.FAILED: 1}
_LOOK_SECONDS = 1.0
_EXECUTOR_SECONDS = 3.0  # how often to check that an executor is running
_TOLD_SECONDS = 10.0  # how long the driver may take to report the last results


def add_search(add: Callable[..., argparse.ArgumentParser], arguments: list[str]) -> None:
    """Add the command; `add(name, function, words)` makes a parser."""
    made = add(
        "search", search, "Search for good hyperparameters: run trials through the queue and wait for the result."
    )
    made.add_argument(
        "--search",
        action="append",
        metavar="NAME[=RANGE]",
        help="a hyperparameter to vary: LOW:HIGH, or a list of choices; without a range: all values that it accepts; "
        "without --search: those that usually matter most, near their current values, and the model unless --model is given; "
        "'model=NAME,NAME' compares models; a hyperparameter varies in the models that have it",
    )
    made.add_argument(
        "--objective",
        action="append",
        metavar="NAME[:DIRECTION]",
        help=f"objective of the study, can be repeated: {', '.join(OBJECTIVES)}; add :minimize or :maximize to override "
        f"its direction; default: {QUALITY}",
    )
    made.add_argument("--owner", help="owner of the study and its runs, shown in lists")
    add_naming(made, "study")
    add_fields(made, Search.fields())
    if arguments[:1] == ["search"]:
        add_run_flags(made, arguments[1:])


def search(arguments: argparse.Namespace) -> int:
    """`search`: run a study; the exit code says how it ended."""
    actor, spec = local_owner(arguments.owner or ""), study_spec(arguments)
    if not arguments.json:
        print("\n".join(plan(spec)), file=sys.stderr)
    study = service.studies.create(actor, spec, naming_of(arguments))
    study = _wait(actor, study, quiet=arguments.json)
    found = service.studies.results(actor, study)
    if arguments.json:
        print(json.dumps(_summary(study, found)))
    else:
        _print(study, found)
    return EXIT_CODES.get(study.state, 1)


def study_spec(arguments: argparse.Namespace) -> StudySpec:
    """Return the record of what the arguments ask for. Raises `TrainyardError` for what cannot be searched."""
    values = run_values(arguments)
    base = RunSpec.build(values)
    usual = suggested_space(base, compare_models=MODEL not in values)
    space = read_space(base, arguments.search) if arguments.search else usual
    given = {field.name: getattr(arguments, field.name) for field in Search.fields()}
    asked = [parse_objective(text) for text in arguments.objective or (QUALITY,)]
    objectives = tuple(name for name, _direction in asked)
    directions = {name: direction for name, direction in asked if direction}
    if objectives != (QUALITY,) and given["pruner"] is None:
        given["pruner"] = "none"  # trials are compared by their quality alone while they train
    search = Search.parse({name: value for name, value in given.items() if value is not None})
    spec = StudySpec.build(values, space, objectives, search, directions)
    check_grid(spec)
    return spec


def read_space(base: RunSpec, entries: list[str]) -> dict[str, Domain]:
    """Return what varies and how far, written as NAME or NAME=RANGE. The model is read first: others depend on it."""
    written = [words.partition("=") for words in entries]
    given = {name.strip().replace("-", "_"): domain.strip() for name, _, domain in written}
    space: dict[str, Domain] = {}
    for name in sorted(given, key=lambda name: name != MODEL):
        parts = dimensions(base, models_of(base, space))
        fields = {field.name: field for section in parts.values() for field in section}
        if name not in fields:
            raise unknown_name("hyperparameter that a study can vary", name, fields)
        space[name] = parse_domain(fields[name], given[name])
    return space


def plan(spec: StudySpec) -> Iterator[str]:
    """Yield what is searched, a line each, and how much there is to try where that is little."""
    yield "Searching over:"
    for name, domain in spec.space.items():
        words = (
            ", ".join(map(str, domain.options)) if isinstance(domain, Choices) else f"{domain.low:g} to {domain.high:g}"
        )
        yield f"  {name.replace('_', ' ')}: {words}"
    if (there := most_trials(spec)) < spec.search.trials:
        kind = "the grid has" if spec.search.sampler == "grid" else "there are only"
        yield f"At most {there} trials: {kind} {there} combinations of values."


def _wait(actor: Actor, study: Study, *, quiet: bool) -> Study:
    """Wait until the study and its runs have ended. Ctrl-C stops it; a second one stops waiting."""
    asked = False

    def interrupted(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True  # the loop obeys: the interrupted code may be writing to the store
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, interrupted)
    columns = (
        TextColumn(f"Study {study.id}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("trials {task.fields[best]}"),
    )
    looked = 0.0
    try:
        with Progress(*columns, console=Console(stderr=True), disable=quiet) as bars:
            bar = bars.add_task("", total=most_trials(study.spec), best="")
            while True:
                if time.monotonic() - looked >= _EXECUTOR_SECONDS:
                    looked = time.monotonic()
                    service.executors.start(actor)
                study = service.studies.get(actor, study.id)
                counts = service.studies.count_trials(actor, [study])[study.id]
                if asked and study.live:
                    study = service.studies.stop(actor, study.id)
                total = max(most_trials(study.spec), counts.begun)
                bars.update(bar, completed=counts.ended, total=total, best=_best_so_far(actor, study))
                if not study.live and not counts.going:
                    break
                time.sleep(_LOOK_SECONDS)
        _until_told(actor, study)
    finally:
        signal.signal(signal.SIGINT, before)
    return service.studies.get(actor, study.id)


def _until_told(actor: Actor, study: Study) -> None:
    """Wait until the sampler knows the last results: after a stop that takes a moment."""
    until = time.monotonic() + _TOLD_SECONDS
    while service.studies.results(actor, study).trials.get("running") and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)


def _best_so_far(actor: Actor, study: Study) -> str:
    """Return the best value of the first objective so far, for the progress bar."""
    best = service.studies.best_values(actor, [study]).get(study.id)
    return f"best {value_place(study.spec).name} {best:.4g}" if best is not None else ""


def _summary(study: Study, found: "Found") -> dict[str, Any]:
    best = found.best[0] if found.best else {}
    return {
        "study": study.id,
        "name": study.name,
        "tags": list(study.tags),
        "state": study.state.value,
        "message": study.message,
        "trials": found.trials,
        "best_values": best.get("values"),
        "best_params": best.get("params"),
        "best_run": best.get("run"),
        "best": found.best,
        "repeats": found.repeats,
    }


def _print(study: Study, found: "Found") -> None:
    print(f"Study {study.id}: {study.state.value}. {study.message}".rstrip())
    print("  trials: " + ", ".join(f"{count} {state}" for state, count in sorted(found.trials.items())))
    for number, same in found.repeats.items():
        print(f"  trial {number} was not trained: it repeats trial {same}")
    for best in found.best:
        values = ", ".join(f"{name} {value:.4g}" for name, value in best["values"].items())
        print(f"  run {best['run']}: {values}")
        for name, value in best["params"].items():
            print(f"    {name.replace('_', ' ')}: {f'{value:.4g}' if isinstance(value, float) else value}")
