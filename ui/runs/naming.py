"""Naming a run on its page; the tags that other runs have are offered."""

from engine import service
from engine.runs import Run
from ui import lab
from ui.runs.feeds import listing
from ui.widgets.naming import draw_naming

_SECONDS = 60.0


def draw_run_naming(run: Run) -> None:
    """The popover that names it."""
    others = listing().follow(lab.actor(), max_age_seconds=_SECONDS)
    tags = sorted({tag for other in others for tag in other.tags})
    draw_naming(run, tags, lambda naming: service.runs.rename(lab.actor(), run.id, naming))
