"""The start of an attempt at a run whose model is boosted trees: see `engine.training.start`."""

import math
import time
from functools import partial

from engine.artifacts import artifacts_of
from engine.preparation.prepare import prepare
from engine.runs import EVALUATING, Run, RunSpec
from engine.sentences import Sentence
from engine.settings import settings
from engine.store import Store
from engine.training.best import BestEpoch
from engine.training.boosting import Boosted, BoostingSession, Rounds, TreesCheckpoints, TreesProbing
from engine.training.evaluate import save_info
from engine.training.features import learn
from engine.training.hardware import Hardware
from engine.training.leading import Lead
from engine.training.reporter import Reporter
from engine.training.start import announce, publish


def start_boosting(
    store: Store, run: Run, spec: RunSpec, hardware: Hardware, reporter: Reporter, lead: Lead | None = None
) -> BoostingSession:
    """Prepare the data, load the checkpoint if there is one, and tell the store that training begins. There is nobody to `lead`."""
    began = time.monotonic()
    files = artifacts_of(run.id)
    files.folder.mkdir(parents=True, exist_ok=True)
    reporter.say(Sentence("Loading the data"))
    data = prepare(spec.dataset)
    info = learn(spec, data)
    save_info(files, spec, info)
    boosted = Boosted(spec, info, data)
    examples, columns = boosted.matrices["train"].shape
    best = BestEpoch(spec)
    report = Rounds(reporter, best, boosted.model.rounds, examples)
    keeping = TreesCheckpoints(
        files,
        best,
        {"best": best},
        settings().checkpoint_seconds,
        writing=reporter.send,
        written=partial(publish, run),
    )
    session = BoostingSession(spec, data, boosted, report, best, keeping, None)
    session.take_position()
    if run.study_id is None:
        session.probing = TreesProbing(
            files, boosted, data, info, spec, boosted.matrices["validation"], done=report.epoch, began=began
        )
    facts = {"flops": round_flops(boosted.model.rounds, info.num_classes, columns, boosted.model.leaves)}
    facts["num_train_examples"] = examples
    announce(store, run, spec, data, hardware, spec.training.epochs * boosted.model.rounds, facts)
    reporter.begin(report.total_steps, report.epoch)
    reporter.set_best(best.epochs)
    if run.phase == EVALUATING:
        reporter.say("")
    return session


def round_flops(rounds: int, classes: int, columns: int, leaves: int) -> int:
    """Return roughly how many operations an epoch takes for one example: each column is counted once at each depth of each tree."""
    trees = rounds * (classes if classes > 2 else 1)
    return trees * columns * math.ceil(math.log2(leaves) + 1)
