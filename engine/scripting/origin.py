"""The origin of a script, stated in its first lines."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.environment import package_version
from engine.preparation.prepare import PreparedDataset
from engine.runs import Run, RunSpec

_PACKAGES = ("tensorflow", "keras", "numpy")


@dataclass(frozen=True)
class Origin:
    """The run that a script repeats, as far as there is one."""

    run_id: int = 0
    parent_id: int = 0
    steered: bool = False
    dataset_hash: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run) -> "Origin":
        """Return the origin that a run has recorded."""
        found = run.environment
        return cls(
            run.id,
            run.parent_id or 0,
            run.steered,
            str(found.get("dataset_hash", "")),
            dict(found.get("versions", {})),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)


def heading(
    spec: RunSpec, data: PreparedDataset, origin: Origin, packages: tuple[str, ...] = _PACKAGES, promise: str = ""
) -> str:
    """Return the sentences at the top, a paragraph each: what it is, what it needs, how exactly it repeats, whose data it uses."""
    versions = {name: origin.versions.get(name) or package_version(name) for name in packages}
    of_run = f", as in run {origin.run_id}" if origin.run_id else ""
    parts = [
        f"{spec.model.title} on {_title(spec)}{of_run}. Written by Trainyard; it needs data.npz beside it and only these "
        f"packages: pip install {' '.join(f'{name}=={version}' for name, version in versions.items())}",
        promise or _promise(spec),
        *_differences(data, origin),
        f"Data: {_title(spec)}. Source: {spec.dataset.source}. Licence: {spec.dataset.licence}.",
        f"What it cannot show: {spec.dataset.limits}",
    ]
    return "\n\n".join(" ".join(part.split()) for part in parts)


def _title(spec: RunSpec) -> str:
    named = next((str(value) for name, value in _named(spec).items() if value), "")
    return f"{spec.dataset.title} ({named})" if named else spec.dataset.title


def _named(spec: RunSpec) -> dict[str, Any]:
    """Return the name of an imported set."""
    return {"reference": getattr(spec.dataset, "reference", "")}


def _promise(spec: RunSpec) -> str:
    if spec.training.deterministic:
        return (
            "The run asked for deterministic operations, so on the same kind of CPU and with the same packages this ends "
            "with the same weights."
        )
    return (
        "It draws the same initial weights and shows the same batches in the same order. The run did not ask for "
        "deterministic operations, so the metrics are the same within noise."
    )


def _differences(data: PreparedDataset, origin: Origin) -> list[str]:
    found = []
    if origin.dataset_hash and origin.dataset_hash != data.content_hash:
        found.append("The dataset has changed since the run was trained: the metrics will differ.")
    if origin.parent_id:
        found.append(
            f"The run continued from the weights of run {origin.parent_id}; this script starts from new ones and repeats only "
            "the settings."
        )
    if origin.steered:
        found.append("Settings were changed while the run trained; this script uses the initial ones.")
    return found


def readme(spec: RunSpec, run_id: int, start: str, export: str) -> str:
    """Return the README of a downloaded script. `start`: the command; `export`: the one that writes the data, where it is missing."""
    data = f"data.npz holds the examples. Licence: {spec.dataset.licence}. Source: {spec.dataset.source}."
    if export:
        data = f"The examples are too large to be packed here. Where Trainyard runs, write them with: {export}"
    lines = [f"Run {run_id}: {spec.model.title} on {_title(spec)}", f"Start: {start}", data]
    return "\n".join(" ".join(line.split()) for line in lines) + "\n"
