"""Small files: written atomically, and identified by their content."""

import hashlib
import os
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Write a small file, atomically; of several writers at once the last one wins."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def file_fingerprint(*paths: Path) -> str:
    """Return the SHA-256 over the bytes of the files."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
