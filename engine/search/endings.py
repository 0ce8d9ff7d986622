"""Why a study ends, as a sentence: its time is used up, nothing is left to try, or trials only fail."""

from collections.abc import Sequence

from optuna.trial import FrozenTrial, TrialState

from engine.runs import RunState
from engine.search.grid import combinations
from engine.search.space import space_size
from engine.sentences import Sentence
from engine.store import Store
from engine.studies import Study, StudySpec


def budget_spent(study: Study) -> str:
    """Return why no further trial may begin; empty while one may."""
    minutes = study.spec.search.budget_minutes
    if minutes and study.spent_seconds >= 60 * minutes:
        return Sentence("The time budget of {minutes:g} minutes is used up.", minutes=minutes)
    return ""


def nothing_left(spec: StudySpec, trials: Sequence[FrozenTrial]) -> str:
    """Return the sentence for a study that has tried every combination before reaching its number of trials; empty otherwise."""
    if len(trials) >= spec.search.trials:
        return ""
    if spec.search.sampler == "grid":
        return Sentence("All {count:,} combinations of the grid have been tried.", count=combinations(spec))
    return Sentence(
        "All {count:,} combinations of values have been tried. Start another study to vary more.",
        count=int(space_size(spec)),
    )


def only_failures(store: Store, study: Study, ended: Sequence[FrozenTrial], refused: str) -> str:
    """Return the sentence for a study whose trials only fail; empty otherwise.

    `ended` are the trials that count, `refused` says why the last values could not be trained.
    """
    most = study.spec.search.patience_trials
    last = ended[-most:]
    if len(last) < most or any(trial.state is not TrialState.FAIL for trial in last):
        return ""
    runs = store.studies.runs(study.id, [trial.number for trial in last])
    final = [folds[-1] for _, folds in sorted(runs.items())]
    if any(run.state is RunState.CANCELED for run in final):  # stopped on request: not a failure
        return ""
    words = next((run.message for run in reversed(final) if run.message), refused)
    over = Sentence("{most} trials in a row have failed, so the study has ended.", most=most)
    return Sentence("{over} The last one: {words}", over=over, words=words) if words else over
