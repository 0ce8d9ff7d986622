"""What people gave, for the page to show: opened in the predictor, and not shown while that cannot be done."""

import logging
from collections.abc import Sequence

from engine.limits.rates import Exceeded
from engine.serving.client import Busy, Late, Unavailable
from engine.serving.opened import Opened
from ui.modalities.base import File, Tried

UNOPENED = (Busy, Late, Unavailable, Exceeded)
"""What is raised where nobody looks into a file, whatever is in it."""
logger = logging.getLogger(__name__)


def previews(tried: Tried, files: Sequence[File], pixels: int = 0) -> list[Opened] | None:
    """Return what is seen or heard of each file; None where that cannot be told now: a page goes without it."""
    try:
        return tried.opened(files, pixels)
    except UNOPENED as error:
        logger.info("Files are not shown: %s", error)
        return None
