"""The zip of a backup: members with their SHA-256 in a manifest, which is written last and checked first."""

import hashlib
import json
import os
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import TrainyardError

FORMAT = 1
"""Number of the layout; a newer one is refused."""
MANIFEST, DATABASE, RUNS, DATASETS = "manifest.json", "database", "runs", "datasets"
_BLOCK = 1 << 20


class Member(BaseModel):
    """One file of a backup."""

    size: int
    sha256: str


class Manifest(BaseModel):
    """What a backup contains."""

    model_config = ConfigDict(extra="ignore")
    format: int
    version: str
    created_at: float
    database: str
    runs: int
    files: dict[str, Member]


class Container:
    """A backup that is being written."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members: dict[str, dict[str, Any]] = {}

    @classmethod
    def create(cls, path: Path) -> Self:
        """Open a new file that only its owner may read: it holds everybody's data."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        return cls(zipfile.ZipFile(os.fdopen(descriptor, "w+b"), "w", zipfile.ZIP_DEFLATED, compresslevel=1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        file = self._archive.fp
        self._archive.close()
        if file is not None:
            file.close()

    def add(self, name: str, file: Path) -> None:
        """Add a file; one that has gone meanwhile is left out."""
        try:
            source = file.open("rb")
        except FileNotFoundError:
            return
        digest, size = hashlib.sha256(), 0
        with source, self._archive.open(name, "w", force_zip64=True) as target:
            while block := source.read(_BLOCK):
                digest.update(block)
                size += target.write(block)
        self._members[name] = {"size": size, "sha256": digest.hexdigest()}

    def finish(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Write the manifest, and return it."""
        manifest = facts | {"files": self._members}
        self._archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
        return manifest


def read_manifest(archive: zipfile.ZipFile) -> Manifest:
    """Return what an opened backup says it contains. Raises `TrainyardError` where it is none, or not like that."""
    try:
        manifest = Manifest.model_validate_json(archive.read(MANIFEST))
    except (KeyError, ValidationError, zipfile.BadZipFile) as error:
        raise TrainyardError(
            "This file is no backup of Trainyard: it has no readable {name}.", name=MANIFEST
        ) from error
    if manifest.format > FORMAT:
        raise TrainyardError(
            "The backup has format {found}, and this version reads up to {known}. Use version {version} of Trainyard.",
            found=manifest.format,
            known=FORMAT,
            version=manifest.version,
        )
    names = set(archive.namelist()) - {MANIFEST}
    wrong = sorted(names ^ manifest.files.keys()) + [name for name in sorted(names) if not _plain(name)]
    if wrong or DATABASE not in names:
        raise TrainyardError(
            "The backup is damaged: {name!r} is not as its manifest says.", name=(wrong or [DATABASE])[0]
        )
    return manifest


def extract(archive: zipfile.ZipFile, name: str, member: Member, target: Path) -> None:
    """Write one member to `target`. Raises `TrainyardError` unless its bytes have the hash of the manifest."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(name) as source, target.open("xb") as file:
            while size <= member.size and (block := source.read(_BLOCK)):
                digest.update(block)
                size += file.write(block)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        size = -1
    if (size, digest.hexdigest()) != (member.size, member.sha256):
        raise TrainyardError("The backup is damaged: {name!r} is not as its manifest says.", name=name)


def _plain(name: str) -> bool:
    """Whether a member lies where members of a backup lie."""
    parts = PurePosixPath(name).parts
    inside = name == DATABASE or (len(parts) > 1 and parts[0] in (RUNS, DATASETS))
    return inside and str(PurePosixPath(name)) == name and not {"..", "/"} & set(parts) and "\\" not in name
