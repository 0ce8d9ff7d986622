"""Which runs can be submitted to an assignment."""

from engine.artifacts import artifacts_of
from engine.errors import TrainyardError
from engine.imports.titles import own_reference
from engine.models.base import models
from engine.runs import Run, RunState
from engine.sentences import COMMA, Sentence, joined, word
from engine.store.classrooms import Assignment

_WITH_MODEL = (RunState.COMPLETED, RunState.STOPPED)


def misfit(run: Run, assignment: Assignment) -> Sentence | None:
    """Return why a run is nothing for an assignment, from its record alone; None where it is."""
    task, model, part = run.spec["task"]["name"], run.spec["model"]["name"], run.spec["dataset"]
    if task != assignment.task:
        return Sentence(
            "Run {run} is of the task {task}, and this assignment of {wanted}.",
            run=run.id,
            task=word(task),
            wanted=word(assignment.task),
        )
    if (part["name"], own_reference(part["name"], part)) != (assignment.dataset, assignment.reference):
        return Sentence(
            "Run {run} was not trained on the data of this assignment. Begin with the button that opens the Train page from here.",
            run=run.id,
        )
    if assignment.models and model not in assignment.models:
        known = [word(models[name].title) if name in models else name for name in assignment.models]
        return Sentence(
            "Run {run} has the model {model!r}, and this assignment is for: {models}.",
            run=run.id,
            model=model,
            models=joined(known, COMMA),
        )
    if run.study_id is not None:
        return Sentence(
            "Run {run} is a trial of study {study}. Promote it, and submit the run that this trains.",
            run=run.id,
            study=run.study_id,
        )
    return None


def check_fits(run: Run, assignment: Assignment) -> None:
    """Raise `TrainyardError` unless a run can be submitted to an assignment."""
    reason = misfit(run, assignment)
    if reason is not None:
        raise TrainyardError(reason)
    if run.state not in _WITH_MODEL or not artifacts_of(run.id).model.is_file():
        raise TrainyardError(
            "Run {run} is {state}; only a run that has ended with a model can be submitted.",
            run=run.id,
            state=word(run.state.value),
        )
