"""The exported files: a script, the same as a notebook, the data. Known to both sides of the predictor; imports no Keras."""

import base64
import io
import shlex
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from engine.errors import TrainyardError
from engine.files import write_text
from engine.preparation.prepare import prepare
from engine.runs import Run, RunSpec
from engine.scripting.data import data_file, example_arrays, size_bytes, write_data
from engine.scripting.origin import readme
from engine.settings import settings

SCRIPT, NOTEBOOK, DATA, README = "train.py", "train.ipynb", "data.npz", "README.txt"


@dataclass(frozen=True)
class ScriptFiles:
    """The texts, and the arrays that they read besides the examples: vocabularies, pretrained weights."""

    python: str
    notebook: str
    constants: dict[str, np.ndarray] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        packed = base64.b64encode(data_file(self.constants)).decode() if self.constants else ""
        return {"python": self.python, "notebook": self.notebook, "constants": packed}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        if not data["constants"]:
            return cls(data["python"], data["notebook"])
        with np.load(io.BytesIO(base64.b64decode(data["constants"]))) as file:
            return cls(data["python"], data["notebook"], dict(file))

    def arrays(self, spec: RunSpec) -> dict[str, np.ndarray]:
        """Return the contents of data.npz. Raise `TrainyardError` where the dataset is not on this machine."""
        return example_arrays(prepare(spec.dataset), spec) | self.constants


def write_files(folder: Path, files: ScriptFiles, spec: RunSpec, *, notebook: bool) -> list[Path]:
    """Write script or notebook and data into a folder, and return their paths."""
    name, text = (NOTEBOOK, files.notebook) if notebook else (SCRIPT, files.python)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / name, text)
        write_data(folder / DATA, files.arrays(spec))
    except OSError as error:
        raise TrainyardError(
            "The script cannot be written to {folder!r}: {problem}. Choose another folder with --output.",
            folder=str(folder),
            problem=error.strerror or error,
        ) from error
    return [folder / name, folder / DATA]


def packs_data(spec: RunSpec) -> bool:
    """Return whether the data is small enough to be packed beside the script."""
    return size_bytes(prepare(spec.dataset)) <= settings().max_script_data_mb * 1_000_000


def packed_data(files: ScriptFiles, spec: RunSpec) -> bytes:
    """Return data.npz, or nothing where it is too large to be packed. Raise `TrainyardError` where the dataset is gone."""
    return data_file(files.arrays(spec)) if packs_data(spec) else b""


def zip_files(files: ScriptFiles, data: bytes, spec: RunSpec, run: Run, *, notebook: bool) -> bytes:
    """Return a zip of one folder: script or notebook, how to run it, and its `data` where there is any."""
    name, text = (NOTEBOOK, files.notebook) if notebook else (SCRIPT, files.python)
    root, buffer = f"run-{run.id}", io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{root}/{name}", text)
        start = f"python {name}" if name == SCRIPT else f"jupyter lab {name}"
        export = "" if data else export_command(run, notebook=notebook)
        archive.writestr(f"{root}/{README}", readme(spec, run.id, start, export))
        if data:
            archive.writestr(f"{root}/{DATA}", data, zipfile.ZIP_STORED)
    return buffer.getvalue()


def export_command(run: Run, *, notebook: bool = False) -> str:
    """Return the command that writes the same on the machine that has the data."""
    return shlex.join(["python", "-m", "engine", "script", str(run.id), *(["--notebook"] if notebook else [])])
