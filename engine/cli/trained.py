"""Commands that use what a run has trained: `predict` and `script`."""

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from engine import service
from engine.access import local_owner
from engine.cli.flags import add_fields, run_of
from engine.serving.answers import PredictResult


def add_trained(add: Callable[..., argparse.ArgumentParser], arguments: list[str]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    words = "Predict files with a run's model. With the number of a run, --help also lists the settings of its answers."
    made = add("predict", predict, words)
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="files to predict: PNG, JPEG ... for images; JSON, CSV ... for rows",
    )
    if arguments[:1] == ["predict"] and (number := run_of(arguments[1:])) is not None:
        fields = service.runs.get(local_owner(), number).parsed().answering
        add_fields(made.add_argument_group("settings of the answer") if fields else made, fields)
    made = add("script", script, "Write a run as a script, with its data, that runs without Trainyard.")
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made.add_argument("--notebook", action="store_true", help="write a Jupyter notebook instead of a script")
    made.add_argument(
        "--output", type=Path, metavar="FOLDER", help="folder to write to; default: run-ID in the current folder"
    )


def predict(arguments: argparse.Namespace) -> int:
    """`predict`: print a line for each input, for a table one for each row; exit code 1 when any could not be read.

    In a terminal a streamed answer is printed as it arrives.
    """
    from engine.cli.foreground import load_models, read_files

    actor = local_owner()
    files, run = read_files(arguments.files), service.runs.get(actor, arguments.run)
    spec = run.parsed()
    task = spec.task
    given = {field.name: getattr(arguments, field.name) for field in spec.answering}
    parameters = {name: value for name, value in given.items() if value is not None}
    task.answering.parse(parameters)  # a wrong one is refused before TensorFlow is loaded
    models = load_models()
    if task.streams and not arguments.json and sys.stdout.isatty():
        stream = partial(models.stream_files, parameters=parameters)
        results = [r for file in files for r in _follow(service.predictions.predict(actor, stream, run, [file]))]
    else:
        results = service.predictions.predict(actor, partial(models.predict, parameters=parameters), run, files)
        for result in results:
            print(_as_json(result) if arguments.json else _line(result))
    return 1 if any(result.error for result in results) else 0


def _follow(answers: Iterator[list[PredictResult]]) -> list[PredictResult]:
    """Print an answer as it arrives, replacing what was there; return the complete one."""
    results: list[PredictResult] = []
    with Live(console=Console(highlight=False), vertical_overflow="visible") as live:
        for results in answers:
            live.update(Text("\n".join(map(_line, results))))
    return results


def _line(result: PredictResult) -> str:
    return f"{result.name}: {result.prediction.describe() if result.prediction else result.error}"


def _as_json(result: PredictResult) -> str:
    values = result.prediction.values if result.prediction else {}
    return json.dumps({"file": result.name, **values, **({"error": result.error} if result.error else {})})


def script(arguments: argparse.Namespace) -> int:
    """`script`: write the files; the last line is the command that starts them."""
    from engine.cli.foreground import compose_script
    from engine.scripting.files import write_files

    folder = arguments.output or Path(f"run-{arguments.run}")
    actor = local_owner()
    run = service.runs.get(actor, arguments.run)
    files = service.scripts.write(actor, run, compose_script)
    paths = write_files(folder, files, run.parsed(), notebook=arguments.notebook)
    if arguments.json:
        print(json.dumps({"run": arguments.run, "files": [str(path) for path in paths]}))
    else:
        start = "jupyter lab" if arguments.notebook else "python"
        print(f"Written to {folder}: {', '.join(path.name for path in paths)}")
        print(f"  cd {shlex.quote(str(folder))} && {start} {paths[0].name}")
    return 0
