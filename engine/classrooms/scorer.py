"""The process that scores submissions: `python -m engine.classrooms.scorer`. It takes one after the other, and ends when none waits.

It never imports Keras: it asks a predictor of its own, confined as the one of the dashboard.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.classrooms.scoring import Ask, Unlike, score
from engine.sentences import Sentence
from engine.serving.client import Busy, Late, NotReady, Predictor
from engine.settings import child_environment, settings
from engine.store import Store, open_store
from engine.store.submissions import Scoring, Submission

logger = logging.getLogger("engine.classrooms.scorer")
_ROOT = Path(__file__).resolve().parents[2]
_AGAIN_SECONDS = 0.5
_lock = threading.Lock()
_children: dict[str, subprocess.Popen[bytes]] = {}  # by database, polled so that no zombie is left


def ensure_scorer(store: Store) -> bool:
    """Start a scorer where something waits and this process has started none that lives; return whether one was started.

    It does not end with this process. Several at once do no harm: no two score the same submission.
    """
    if not store.submissions.waiting(settings().classroom_scoring_seconds):
        return False
    with _lock:
        known = _children.get(store.url)
        if known is not None and known.poll() is None:
            return False
        log = settings().home_path / "logs" / "scorer.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            _children[store.url] = subprocess.Popen(
                [sys.executable, "-m", "engine.classrooms.scorer"],
                cwd=_ROOT,
                env=child_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    return True


def score_waiting(store: Store, ask: Ask) -> int:
    """Score what waits, the oldest first; return how many were taken."""
    taken = 0
    while (one := store.submissions.claim(settings().classroom_scoring_seconds)) is not None:
        taken += 1
        if one.state is Scoring.SCORING:
            _score(store, one, ask)
    return taken


def _score(store: Store, one: Submission, ask: Ask) -> None:
    assignment = store.classrooms.assignment(one.assignment_id)
    if assignment is None:  # deleted this moment, with all that was submitted
        return
    try:
        found, examples = score(store.runs.get(one.run_id), assignment, ask)
    except Unlike as error:
        store.submissions.fail(one.id, error.sentence)
    except Exception:  # whatever it is, the others are scored; what it says may name a hidden example
        logger.exception("Submission %s could not be scored.", one.id)
        words = Sentence("It could not be scored, and does not count. The log of the server (scorer.log) says why.")
        store.submissions.fail(one.id, words)
    else:
        store.submissions.end(one.id, found, examples)


def patient(predictor: Predictor) -> Ask:
    """Return how to ask a predictor that may still be starting, or be busy."""

    def ask(run_id: int, inputs: np.ndarray) -> np.ndarray:
        until = time.monotonic() + settings().classroom_scoring_seconds / 2
        while True:
            try:
                return predictor.predict_arrays(run_id, inputs)
            except (Busy, Late, NotReady):
                if time.monotonic() > until:
                    raise
                time.sleep(_AGAIN_SECONDS)

    return ask


def main(make: Callable[[], Predictor] = Predictor) -> int:
    """Score until nothing waits."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    store, predictor = open_store(settings().database_patience_seconds), make()
    try:
        logger.info("%s submissions were taken.", score_waiting(store, patient(predictor)))
    finally:
        predictor.close()
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
