"""Recordings and a table of transcripts: two layouts are understood, and what does not fit together is listed."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.imports.importing import import_data
from engine.imports.transcripts import LEAST_RECORDINGS
from engine.imports.understand import understand
from engine.imports.understood import Choice
from engine.modalities.audio.samples import encode_wav
from engine.preparation.prepare import prepare

COUNT = 12
LJ = "".join(f'LJ{i:03}|Say "{i}", please|say {i} please\n' for i in range(COUNT)) + (
    "LJ777|gone|gone\nLJ900|too long for this little clip|too long for this little clip\nLJ901|x|x\n"
)
COMMON_VOICE = (
    "client_id\tpath\tsentence\tup_votes\n"
    + "".join(f's{i % 5}\tLJ{i:03}.wav\tSay "{i}" please\t1\n' for i in range(COUNT))
    + "s1\tLJ777.wav\tgone\t2\ns1\tLJ900.wav\ttoo long for this little clip\t2\ns1\tLJ901.wav\tx\t2\ns2\tLJ902.wav\t\t0\n"
)


def packed(table: str, name: str, count: int = COUNT) -> io.BytesIO:
    """Return a zip of clips and a table; some of them do not fit."""
    rng = np.random.default_rng(0)
    seconds = {f"LJ{i:03}": 1.5 for i in range(count)} | {"alone": 1.0, "LJ900": 0.3, "LJ901": 17.0, "LJ902": 1.0}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for clip, length in seconds.items():
            archive.writestr(
                f"clips/{clip}.wav", encode_wav((rng.normal(size=int(16_000 * length)) * 3_000).astype(np.int16))
            )
        archive.writestr(name, table)
    file.seek(0)
    return file


@pytest.mark.parametrize(("table", "name"), [(LJ, "metadata.csv"), (COMMON_VOICE, "validated.tsv")])
def test_both_layouts_are_understood_and_what_does_not_fit_is_listed(home: Path, table: str, name: str) -> None:
    file = packed(table, name)
    found = understand(file, "mine.zip")
    assert found.kind == "recordings"
    listed = " ".join(f"{problem.file}: {problem.reason}" for problem in found.problems)
    assert "LJ777" in listed
    assert "it is not among the files" in listed
    assert "'clips/alone.wav' is not in the table" in listed
    report = import_data(
        file, "mine.zip", Choice(found.kind, "mine", "Mine", arrangement=found.arrangement), found=found
    )
    assert report.made.num_examples == COUNT
    reasons = {problem.file.rpartition("/")[2].split(".")[0]: str(problem.reason) for problem in report.problems}
    assert "a network hears at most one in 0.04 s" in reasons["LJ900"]
    assert "TRAINYARD_MAX_SPEECH_SECONDS" in reasons["LJ901"]
    assert "names it" in reasons["LJ777"]
    assert "not in the table" in reasons["alone"]
    data = prepare(datasets["my-recordings"](recordings=report.made.reference))
    assert data.describe(0) == ('Say "0" please' if name.endswith("tsv") else "say 0 please")
    assert sum(len(data.indices(split)) for split in ("train", "validation", "test")) == COUNT


def test_clips_in_folders_of_classes_are_still_clips(home: Path) -> None:
    rng, file = np.random.default_rng(0), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(6):
            sound = encode_wav((rng.normal(size=8_000) * 3_000).astype(np.int16))
            archive.writestr(f"{'ab'[number % 2]}/{number}.wav", sound)
    file.seek(0)
    assert understand(file, "mine.zip").kind == "clips"


def test_too_few_recordings_are_a_sentence(home: Path) -> None:
    file = packed(LJ, "metadata.csv", count=3)
    found = understand(file, "mine.zip")
    with pytest.raises(TrainyardError, match=rf"3 recordings with a usable transcript; at least {LEAST_RECORDINGS}"):
        import_data(file, "mine.zip", Choice(found.kind, "mine", "Mine", arrangement=found.arrangement), found=found)
