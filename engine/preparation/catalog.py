"""Description of a dataset, as plain values: for `datasets --json` and for the pages."""

from typing import Any

from engine.datasets.base import Dataset, datasets
from engine.datasets.sources.fetched import FetchedDataset


def describe(dataset: type[Dataset]) -> dict[str, Any]:
    """Name, title, tasks, whether it is embedded and available, size, source, licence and limits."""
    downloads = dataset.downloads if issubclass(dataset, FetchedDataset) else ()
    return {
        "name": dataset.name,
        "title": dataset.title,
        "summary": dataset.summary(),
        "tasks": list(dataset.tasks),
        "embedded": dataset.embedded,
        "available": dataset.ready(),
        "fetchable": bool(downloads),
        "download_bytes": sum(download.size_bytes for download in downloads),
        "num_examples": dataset.num_examples,
        "num_classes": dataset.num_classes,
        "source": dataset.source,
        "licence": dataset.licence,
        "limits": dataset.limits,
        "ink": dataset.ink,
        "suggested": dict(dataset.suggested),
    }


def catalog() -> list[dict[str, Any]]:
    """Every registered dataset, in the order of the registry."""
    return [describe(dataset) for dataset in datasets.values()]
