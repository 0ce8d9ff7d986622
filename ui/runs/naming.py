"""Naming a run on its page; the tags that other runs have are offered."""

from engine import service
from engine.access import Action
from engine.runs import Run
from ui import lab
from ui.rights import may
from ui.runs.feeds import listing
from ui.runs.sharing import draw_sharing
from ui.visibility import draw_visibility
from ui.widgets.naming import draw_naming

_SECONDS = 60.0


def draw_run_naming(run: Run) -> None:
    """The popovers that name it and say who can see it, for those who may."""
    if not may(Action.CHANGE, run):
        draw_sharing(run)
        return
    others = listing().follow(lab.actor(), max_age_seconds=_SECONDS)
    tags = sorted({tag for other in others for tag in other.tags})
    draw_naming(run, tags, lambda naming: service.runs.rename(lab.actor(), run.id, naming))
    if run.study_id is None:  # a trial is seen by those who see its study
        draw_visibility(
            run, f"run-{run.id}", str(run.spec["dataset"].get("name", "")),
            lambda chosen, examples: service.runs.show(lab.actor(), run.id, chosen, examples=examples),
        )  # fmt: skip
        draw_sharing(run)
