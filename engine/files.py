"""Small files, written so that a reader sees the old content or the new one."""

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
