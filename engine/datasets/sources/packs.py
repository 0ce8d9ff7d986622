"""Clips of one length that ship as one compressed file, with a table of what each of them is."""

from pathlib import Path

import numpy as np
import soundfile

from engine.data_info import SAMPLE_RATE_HZ
from engine.datasets.base import EMBEDDED
from engine.errors import TrainyardError
from engine.files import file_fingerprint

_FOLDER = EMBEDDED / "speech"


def read_pack(name: str, samples: int) -> tuple[np.ndarray, list[str], list[str]]:
    """Clips (examples, samples) int16 of `name`.ogg, and the two columns of `name`.tsv: label, and voice or phrase."""
    sound, table = _files(name)
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines() if line]
    values, rate = soundfile.read(sound, dtype="int16")
    if rate != SAMPLE_RATE_HZ or values.shape != (samples * len(rows),):
        raise TrainyardError(
            "{sound!r} has {values:,} values at {rate:,} Hz; expected {rows:,} clips of {samples:,} "
            "at {sample_rate_hz:,} Hz. Install Trainyard again.",
            sound=sound.name,
            values=len(values),
            rate=rate,
            rows=len(rows),
            samples=samples,
            sample_rate_hz=SAMPLE_RATE_HZ,
        )
    labels, others = zip(*rows, strict=True)
    return values.reshape(-1, samples), list(labels), list(others)


def pack_fingerprint(*names: str) -> str:
    """Hash of the files of one or several packs."""
    return file_fingerprint(*(path for name in names for path in _files(name)))


def _files(name: str) -> tuple[Path, Path]:
    return _FOLDER / f"{name}.ogg", _FOLDER / f"{name}.tsv"
