"""The end of a run whose training was stopped: its model is kept, and evaluated where that is soon done or asked for."""

from typing import Any

from engine.artifacts import discard_evaluation, discard_results
from engine.runs import EVALUATING, Run, RunState
from engine.sentences import Sentence
from engine.settings import settings
from engine.training.boosting import BoostingSession
from engine.training.comparison import compare_run, known_baseline
from engine.training.evaluate import estimate_evaluation, evaluate_run, save_model
from engine.training.farewell import farewell
from engine.training.features import learn
from engine.training.reporter import Ended, Reporter
from engine.training.session import Session

Ending = tuple[RunState, str, dict[str, Any]]
"""State, message and result."""


def evaluate_stopped(
    session: Session | BoostingSession, run: Run, reporter: Reporter, result: dict[str, Any]
) -> Ending:
    """Keep the model, evaluate it, and return how the run ends. Another request ends the evaluation, of which nothing is kept."""
    begun, files = session.report.step > 0, session.keeping.files
    state, found = RunState.STOPPED, {}
    save_model(session.network, files)
    discard_evaluation(files)  # of an earlier stop: it was another model
    try:
        reporter.begin_evaluation()
        reporter.obey()
        found = _evaluated(session, run, reporter)
    except Ended as ended:
        state = ended.state
        discard_evaluation(files)
    if state is RunState.CANCELED:
        return canceled(run)
    words = farewell(session.spec.training, session.report.epoch, state, begun=begun, evaluated=bool(found))
    return state, words, run.result if state is RunState.PAUSED else result | found


def _evaluated(session: Session | BoostingSession, run: Run, reporter: Reporter) -> dict[str, Any]:
    """Return the metrics; none where nobody has asked for them and it would take long."""
    network, data, spec, files = session.network, session.data, session.spec, session.keeping.files
    asked, limit = run.phase == EVALUATING, settings().stop_evaluation_seconds
    if not asked and (
        not limit or estimate_evaluation(network, data, spec.task, learn(spec, data), reporter.obey) > limit
    ):
        return {}
    found = evaluate_run(network, data, files, spec, reporter.obey)
    if asked or known_baseline(data, spec):  # finding one may take longer than anybody expects of a stop
        found |= compare_run(data, spec, files, reporter.obey)
    return found


def canceled(run: Run) -> Ending:
    """Delete what the run has left, and return how it ends."""
    discard_results(run.id)
    return RunState.CANCELED, Sentence("Canceled: no result was kept."), {}
