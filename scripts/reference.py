"""Write the reference pages of docs/ from the declarations; `--check` fails when a page is out of date."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.augmentations.base import augmentations  # noqa: E402
from engine.cli.commands import make_parsers  # noqa: E402
from engine.datasets.base import Dataset, datasets  # noqa: E402
from engine.models.base import Model, models  # noqa: E402
from engine.optimizers import optimizers  # noqa: E402
from engine.preparation.catalog import describe  # noqa: E402
from engine.registry import Registry  # noqa: E402
from engine.runs import PARTS, Training  # noqa: E402
from engine.schedules import schedules  # noqa: E402
from engine.settings import Settings  # noqa: E402
from engine.spec import Choices, Field, Options, Range, Spec  # noqa: E402
from engine.tasks.base import Task, tasks  # noqa: E402

DOCS = ROOT / "docs"
WRITTEN = "<!-- Written by scripts/reference.py from the declarations in the code: change them, then `make docs`. -->"


def models_page() -> str:
    """Return every model with its source and hyperparameters."""

    def facts(model: type[Model]) -> Iterable[str]:
        yield f"Takes: {', '.join(model.modalities)}. Source: {model.source}."

    intro = "A model is an architecture with its hyperparameters: one file in `engine/models`."
    return page("Models", intro, *registry_parts("model", models, facts))


def datasets_page() -> str:
    """Return every dataset with its size, source, licence and limits."""

    def facts(dataset: type[Dataset]) -> Iterable[str]:
        told = describe(dataset)
        size = f"{told['num_examples']:,} examples, {told['num_classes']} classes" if told["num_examples"] else ""
        where = "embedded" if dataset.embedded else "on request"
        if told["fetchable"]:
            where = f"{told['download_bytes'] / 1e6:,.0f} MB to download: `python -m engine fetch {dataset.name}`"
        yield f"{', '.join(dataset.tasks)}; {size + '; ' if size else ''}{where}."
        yield f"Source: {dataset.source}. Licence: {dataset.licence}."
        yield f"What it cannot show: {dataset.limits}"

    intro = (
        "A dataset is a named source of labelled examples: one file in `engine/datasets`. Embedded ones work with no "
        "network. Splits are disjoint, seeded and stratified; the test split is read once, at the end of a run."
    )
    return page("Datasets", intro, *registry_parts("dataset", datasets, facts))


def training_page() -> str:
    """Return tasks, optimizers, schedules, augmentation and the training itself."""

    def about(task: type[Task]) -> Iterable[str]:
        yield f"Inputs: {task.modality}. Metrics: {', '.join(task.metric_names())}. The best epoch is that of `{task.objective}`."

    parts = (
        section("Training", 2),
        *field_lines(Training.fields()),
        section("Tasks", 2),
        *registry_parts("task", tasks, about, level=3),
        section("Optimizers", 2),
        *registry_parts("optimizer", optimizers, level=3),
        section("Schedules", 2),
        *registry_parts("schedule", schedules, level=3),
        section("Augmentation", 2),
        *registry_parts("augmentation", augmentations, level=3),
    )
    return page("Training", "How a network learns: what a run takes beside its dataset and its model.", *parts)


def settings_page() -> str:
    """Return every environment variable with its default."""
    lines = []
    for name, info in Settings.model_fields.items():
        default = info.default if isinstance(info.default, str | int | float) else str(info.default)
        shown = f"`{default}`" if default != "" else "empty"
        lines.append(f"- **`TRAINYARD_{name.upper()}`** (default: {shown}): {info.description}")
    return page(
        "Settings",
        "Settings of one installation are environment variables; `TRAINYARD_..._FILE` may name a file with the value, "
        "such as a secret that Docker mounts.",
        *lines,
    )


def cli_page() -> str:
    """Return every command with its arguments."""
    _, parsers = make_parsers(["train"])
    parts = []
    for name, parser in parsers.items():
        parts += [section(f"`{name}`", 2), "", parser.description or "", ""]
        for group in (parser._positionals, parser._optionals):
            parts += [argument_line(action) for action in group._group_actions if action.dest != "help"]
        if name == "train":
            parts.append(
                "- every field of the chosen parts, named as the field: `--learning-rate 3e-4`, `--no-nesterov`."
            )
        if name == "fork":
            parts.append("- the parts and fields that `train` takes; those that are not given are the parent's.")
        if name in ("submit", "search", "cost"):
            parts.append("- the parts and fields that `train` takes.")
    intro = (
        "Everything that the dashboard does can be done with `python -m engine COMMAND`. "
        "`python -m engine train --dataset NAME --model NAME --help` lists the flags of `train`, `submit`, `cost` and `search`, with "
        f"ranges and defaults; fields are explained in {links('models', 'datasets', 'training')}.\n\n"
        "Exit codes: 0 completed, 1 failed or bad input, 3 stopped or paused. "
        "With `--json`, `train`, `resume`, `fork` and `search` print one "
        "object as their last line; progress goes to standard error."
    )
    return page("Command line", intro, *parts)


PAGES: dict[str, Callable[[], str]] = {
    "models.md": models_page,
    "datasets.md": datasets_page,
    "training.md": training_page,
    "settings.md": settings_page,
    "cli.md": cli_page,
}


def registry_parts(
    kind: str, registry: Registry[Any], facts: Callable[[Any], Iterable[str]] | None = None, level: int = 2
) -> Iterable[str]:
    """Return a section for each entry; fields that all entries share come once, at the start."""
    entries = registry.values()
    shared = [f for f in entries[0].fields() if all(f in other.fields() for other in entries)] if entries[1:] else []
    if shared:
        yield section(f"Every {kind}", level)
        yield from field_lines(shared)
    for entry in entries:
        yield section(f"{entry.title} (`{entry.name}`)", level)
        yield from ("", documentation(entry))
        for fact in facts(entry) if facts else ():
            yield from ("", fact)
        if suggested := getattr(entry, "suggested", {}):
            yield from ("", f"Suggests: {', '.join(f'`{name}` {value}' for name, value in suggested.items())}.")
        yield from field_lines([f for f in entry.fields() if f not in shared])


def field_lines(fields: list[Field]) -> Iterable[str]:
    """Return one line per field: name, domain, default, help."""
    if fields:
        yield ""
    for field in fields:
        words = " ".join(field.help.split())
        yield f"- **`{field.name}`** ({domain(field)}; default: `{field.default}`): {words}"


def domain(field: Field) -> str:
    """Return the values that a field takes, in words."""
    match field.domain:
        case Range(low, high, step, log):
            extra = ", logarithmic" if log else f" in steps of {step:g}" if step else ""
            return f"{low:g} to {high:g}{extra}"
        case Choices((False, True)):
            return "yes or no"
        case Choices(options):
            return ", ".join(f"`{option}`" for option in options)
        case Options(source):
            return f"one of the {source} of this machine" if source != "machines" else "as many as the executor has"
        case _:
            return {"int": "a whole number", "float": "a number", "str": "text"}.get(
                field.type.__name__, field.type.__name__
            )


def documentation(spec: type[Spec]) -> str:
    """Return the class docstring as paragraphs."""
    paragraphs = (spec.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def argument_line(action: argparse.Action) -> str:
    """Return one line for an argument of a command."""
    names = ", ".join(action.option_strings) or str(action.metavar or action.dest)
    value = f" {action.metavar or action.dest.upper()}" if action.option_strings and action.nargs != 0 else ""
    said = action.default in (None, False, [], "", "==SUPPRESS==") or "default:" in (action.help or "")
    default = "" if said else f" Default: {action.default}."
    words = f": {' '.join(action.help.split())}." if action.help else ""
    if action.dest in PARTS:
        words = f": name of the {action.dest}."
    return f"- `{names}{value}`{words.rstrip('.') + '.' if words else ''}{default}"


def links(*names: str) -> str:
    """Return links to pages, as in a sentence."""
    shown = [f"[{name}]({name}.md)" for name in names]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def section(title: str, level: int) -> str:
    """Return a heading with an empty line before it."""
    return f"\n{'#' * level} {title}"


def page(title: str, intro: str, *lines: str) -> str:
    """Return a whole page."""
    text = "\n".join([f"# {title}", "", WRITTEN, "", intro, *(("",) if lines[0].startswith("-") else ()), *lines])
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name those that are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 when a page is stale")
    check = parser.parse_args(arguments).check
    stale = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if not path.is_file() or path.read_text() != text:
            stale.append(name)
            if not check:
                path.write_text(text)
    if check and stale:
        print(f"Stale: {', '.join(f'docs/{name}' for name in stale)}. Run: make docs", file=sys.stderr)
        return 1
    print(f"{len(PAGES)} pages; {'all as declared' if check else f'{len(stale)} written'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
