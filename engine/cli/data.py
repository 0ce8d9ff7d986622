"""Commands that list datasets and models, and download data."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from engine.access import local_owner
from engine.cli.tables import print_rows


def add_data(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    add("datasets", show_datasets, "List datasets.")
    add("models", show_models, "List models.")
    made = add(
        "fetch",
        fetch,
        "Download a dataset or a pretrained network and verify its hashes. An interrupted download is resumed.",
    )
    made.add_argument("name", metavar="NAME", help="name of the dataset or of the pretrained network")
    made.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FOLDER",
        help="copy the files from this folder instead of downloading them",
    )


def show_datasets(arguments: argparse.Namespace) -> int:
    """`datasets`: list the datasets and their sources."""
    from engine.datasets.base import datasets
    from engine.preparation.catalog import describe

    return print_rows([describe(cls) for cls in datasets.values()], arguments.json, "No datasets.")


def show_models(arguments: argparse.Namespace) -> int:
    """`models`: list the models and the modalities that they accept."""
    from engine.models.base import models

    rows = [
        {"name": m.name, "title": m.title, "modalities": list(m.modalities), "summary": m.summary(), "source": m.source}
        for m in models.values()
    ]
    return print_rows(rows, arguments.json, "No models.")


def fetch(arguments: argparse.Namespace) -> int:
    """`fetch`: download with a progress bar; dashboards show the progress, too."""
    from engine.cli.foreground import fetch_dataset

    fetch_dataset(local_owner(), arguments.name, arguments.source, quiet=arguments.json)
    print(
        json.dumps({"name": arguments.name, "fetched": True}) if arguments.json else f"{arguments.name} is downloaded."
    )
    return 0
