"""Names, labels and sites of published demos."""

import re
from collections.abc import Iterable

from engine.errors import TrainyardError
from engine.models.base import models
from engine.settings import ORIGIN, settings
from engine.store.demos import STABLE

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MOST_LETTERS = 40
_MOST_LABELS = 20


def clean_name(name: str) -> str:
    """Return the name of a new demo. Raise `TrainyardError` for one that could not stand in an address, or is a model's."""
    if not _NAME.fullmatch(name) or len(name) > _MOST_LETTERS:
        raise TrainyardError(
            "{name!r} cannot be the name of a demo; expected 1 to {most} small letters, digits and single hyphens, such as "
            "'my-digits', with a letter first.",
            name=name[:80],
            most=_MOST_LETTERS,
        )
    if any(name.endswith(f"-{model}") for model in models):
        raise TrainyardError(
            "{name!r} cannot be the name of a demo: in the API such a name, DATASET-MODEL, is the newest run of the two.",
            name=name,
        )
    return name


def clean_label(label: str) -> str:
    """Return a label that its owner may set."""
    if label == STABLE:
        raise TrainyardError(
            "The label {label!r} always is that of the current version. Change that instead.", label=label
        )
    if not _NAME.fullmatch(label) or len(label) > _MOST_LETTERS:
        raise TrainyardError(
            "{label!r} cannot be a label; expected 1 to {most} small letters, digits and single hyphens, such as 'canary'.",
            label=label[:80],
            most=_MOST_LETTERS,
        )
    return label


def check_labels(labels: Iterable[str]) -> None:
    """Raise `TrainyardError` for more labels than anybody reads."""
    if len([*labels]) > _MOST_LABELS:
        raise TrainyardError("A demo has at most {most} labels. Remove one first.", most=_MOST_LABELS)


def clean_origins(origins: Iterable[str]) -> list[str]:
    """Return sites that may show a demo in a frame, each once."""
    named = [text.strip().rstrip("/").lower() for text in origins]
    found = list(dict.fromkeys(one for one in named if one))
    for origin in found:
        if not ORIGIN.fullmatch(origin):
            raise TrainyardError(
                "{origin!r} is no site; expected one such as https://example.org, without a path.", origin=origin[:80]
            )
    if len(found) > settings().max_demo_origins:
        raise TrainyardError(
            "These are {count} sites, and TRAINYARD_MAX_DEMO_ORIGINS allows {most}.",
            count=len(found),
            most=settings().max_demo_origins,
        )
    return found
