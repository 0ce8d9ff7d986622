"""Galleries: pictures of the people or things that a run's network is to recognise, under their names.

Faces are personal data. A picture lies in one file, in a folder of the run that no backup and no other machine gets, and nowhere else;
what is deleted is deleted there, and with the run all are. Safe to use from several processes: each picture is a file of its own.
"""

import base64
import json
import logging
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import TrainyardError
from engine.files import write_text
from engine.naming import clean_name
from engine.settings import settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Enrolled:
    """One picture of somebody."""

    key: str
    """What tells it from the others of its gallery."""
    name: str
    picture: bytes
    """A PNG of our own making."""


def galleries_path() -> Path:
    """Return the folder of all galleries; it need not exist."""
    return settings().home_path / "galleries"


def gallery_path(run_id: int) -> Path:
    """Return the folder of the gallery of run `run_id`; it need not exist."""
    return galleries_path() / str(int(run_id))


def enrolled(run_id: int) -> list[Enrolled]:
    """Return all pictures of a gallery, by name."""
    found = [one for path in gallery_path(run_id).glob("*.json") if (one := _read(path)) is not None]
    return sorted(found, key=lambda one: (one.name, one.key))


def _read(path: Path) -> Enrolled | None:
    """Return one picture; None where it was deleted meanwhile, or cannot be read."""
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        return Enrolled(path.stem, str(about["name"]), base64.b64decode(about["picture"], validate=True))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError):  # cut short, as by a full disk: the others are there
        logger.warning("The picture %s cannot be read; it is left out.", path, exc_info=True)
        return None


def enrol(run_id: int, name: str, picture: bytes) -> Enrolled:
    """Keep a picture under a name. Raise `TrainyardError` for no name, and where the gallery is full."""
    name, folder, most = clean_name(name), gallery_path(run_id), settings().max_enrolled
    if not name:
        raise TrainyardError("A picture needs a name under which it is recognised. Write one.")
    if len(list(folder.glob("*.json"))) >= most:
        raise TrainyardError(
            "The gallery of run {run} has {most} pictures, the most that TRAINYARD_MAX_ENROLLED allows. Delete some first.",
            run=run_id,
            most=most,
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = Enrolled(secrets.token_hex(8), name, picture)
    about = {"name": name, "picture": base64.b64encode(picture).decode()}
    write_text(folder / f"{found.key}.json", json.dumps(about, ensure_ascii=False))
    return found


def forget(run_id: int, name: str) -> int:
    """Delete all pictures of a name, and the gallery with the last one. Return how many there were.

    What cannot be read may be of this name, too, and nobody sees it: it is deleted as well.
    """
    count = 0
    for path in gallery_path(run_id).glob("*.json"):
        one = _read(path)
        if one is None or one.name == name:
            path.unlink(missing_ok=True)
            count += one is not None
    if not enrolled(run_id):
        delete_gallery(run_id)
    return count


def delete_gallery(run_id: int) -> None:
    """Delete all pictures of a gallery. Raise `OSError` where a file cannot be deleted: it holds personal data."""
    with suppress(FileNotFoundError):
        shutil.rmtree(gallery_path(run_id))
