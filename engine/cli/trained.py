"""Commands that use what a run has trained: `predict` and `script`."""

import argparse
import json
import shlex
from collections.abc import Callable
from pathlib import Path

from engine import service
from engine.access import local_owner


def add_trained(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    made = add("predict", predict, "Predict files with a run's model.")
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="what to predict: images as PNG, JPEG ...; rows as JSON, CSV ...",
    )
    made = add("script", script, "Write a run as one Keras script that needs no Trainyard, with its data beside it.")
    made.add_argument("run", type=int, metavar="ID", help="number of the run")
    made.add_argument("--notebook", action="store_true", help="write a Jupyter notebook instead of a script")
    made.add_argument("--output", type=Path, metavar="FOLDER", help="where to; default: run-ID in this folder")


def predict(arguments: argparse.Namespace) -> int:
    """`predict`: one line an input, which of a table is a row; exit code 1 when any could not be read."""
    from engine.cli.foreground import load_models, read_files

    actor = local_owner()
    files, run = read_files(arguments.files), service.runs.get(actor, arguments.run)
    results = service.predictions.predict(actor, load_models().predict, run, files)
    for result in results:
        if arguments.json:
            values = result.prediction.values if result.prediction else {}
            print(json.dumps({"file": result.name, **values, **({"error": result.error} if result.error else {})}))
        elif result.prediction is None:
            print(f"{result.name}: {result.error}")
        else:
            print(f"{result.name}: {result.prediction.describe()}")
    return 1 if any(result.error for result in results) else 0


def script(arguments: argparse.Namespace) -> int:
    """`script`: the last line is the command that starts it."""
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
        print(f"{' and '.join(path.name for path in paths)} are in {folder}.")
        print(f"  cd {shlex.quote(str(folder))} && {start} {paths[0].name}")
    return 0
