"""Models in the API: which exist, their names, and their inputs."""

import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from engine import service
from engine.access import Action, Actor
from engine.api import demos
from engine.api.answering import Answering, OfDemo, OfRun
from engine.api.networks import describe_network, setting_of
from engine.api.problems import Problem
from engine.api.shapes import (
    DemoModel,
    Metadata,
    ModelList,
    Status,
    Summary,
    VersionStatus,
)
from engine.artifacts import artifacts_of
from engine.errors import StoreUnavailable, TrainyardError
from engine.imports.titles import dataset_title, own_reference
from engine.runs import Run, RunState, is_run_id
from engine.sentences import Sentence, word
from engine.service.demos import Wanted
from engine.tasks.base import tasks

MOST_MODELS = 200
"""The newest ones that are listed, and among which a name is looked for."""


@dataclass(frozen=True)
class Models:
    """The runs that somebody may look at, as models with names."""

    actor: Actor

    def list(self) -> ModelList:
        """The newest that answer."""
        found = service.runs.list_all(self.actor, trials=False, limit=MOST_MODELS)
        return ModelList(models=[Summary(**_summary(run)) for run in found if answers(run)])

    def find(self, name: str, action: Action = Action.LOOK) -> Run:
        """The run of a number, or the newest completed one of `DATASET-MODEL`. Raises `Problem`.

        `action`: one for which a token may be that may not look at the run.
        """
        if is_run_id(name):
            try:
                return service.runs.get(self.actor, int(name), action)
            except StoreUnavailable:
                raise
            except TrainyardError as error:
                raise Problem(HTTPStatus.NOT_FOUND, error.sentence) from error
        for run in service.runs.list_all(self.actor, states=[RunState.COMPLETED], trials=False, limit=MOST_MODELS):
            if name in _aliases(run) and answers(run):
                return run
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "There is no model {name!r}. A name is the number of a run, or DATASET-MODEL; /api/v1/models lists them.",
            name=name[:80],
        )

    def able(self, name: str) -> Run:
        """As `find` for predicting, but only one that answers."""
        run = self.find(name, Action.USE)
        if not answers(run):
            if run.state.final:
                why = Sentence("Run {run} is {state} and did not leave a model.", run=run.id, state=word(run.state))
            else:
                why = Sentence(
                    "Run {run} is {state}: it has a model once its first epoch has ended.",
                    run=run.id,
                    state=word(run.state),
                )
            raise Problem(HTTPStatus.NOT_FOUND, why)
        return run

    def answering(self, name: str, wanted: Wanted = None) -> Answering:
        """Return what answers under a name: the version of a demo, or a run, of which the only version is its number."""
        if not is_run_id(name) and (found := demos.find(self.actor, name, wanted, Action.USE)) is not None:
            return OfDemo(self.actor, name, found[1].number)
        run = self.able(name)
        _check_version(run, wanted)
        return OfRun(self.actor, run)

    def describe(self, name: str, wanted: Wanted = None) -> Metadata | DemoModel:
        """All about one."""
        if not is_run_id(name) and (found := demos.find(self.actor, name, wanted)) is not None:
            return demos.describe(self.actor, *found, wanted)
        run = self.find(name)
        _check_version(run, wanted)
        task = tasks[run.spec["task"]["name"]]
        info = service.artifacts.files(self.actor, run).read_info()
        return Metadata(
            **_summary(run),
            note=run.note,
            **describe_network(task, info),
            answering=[setting_of(field) for field in run.parsed().answering],
            model_version_status=[_version(run)],
        )


def _check_version(run: Run, wanted: Wanted) -> None:
    if wanted not in (None, run.id):
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "Run {run} has no version or label {wanted!r}: the version of a run is its number. Published demos have several.",
            run=run.id,
            wanted=wanted,
        )


def answers(run: Run) -> bool:
    """Whether it has a model, or weights to go on with while it trains."""
    files = artifacts_of(run.id)
    return files.has_model or (not run.state.final and files.has_checkpoint)


def _alias(run: Run) -> str:
    """Return the data and the model; imported data by its own name."""
    part = run.spec["dataset"]
    return f"{own_reference(part['name'], part) or part['name']}-{run.spec['model']['name']}"


def _aliases(run: Run) -> set[str]:
    """Return all names that a run answers to: those of imported data used to say its kind."""
    return {_alias(run), f"{run.spec['dataset']['name']}-{run.spec['model']['name']}"}


def _summary(run: Run) -> dict[str, Any]:
    tested = {k: v for k, v in run.result.items() if k.startswith("test_")} or run.best
    return {
        "name": str(run.id),
        "title": run.name,
        "tags": run.tags,
        "alias": _alias(run),
        "state": run.state.value,
        "task": run.spec["task"]["name"],
        "dataset": run.spec["dataset"]["name"],
        "dataset_title": dataset_title(run.spec["dataset"]),
        "model": run.spec["model"]["name"],
        "created_at": run.created_at.isoformat() if run.created_at else "",
        "metrics": {k: float(v) for k, v in tested.items() if isinstance(v, int | float) and math.isfinite(v)},
    }


def _version(run: Run) -> VersionStatus:
    if answers(run):
        return VersionStatus(version=str(run.id), state="AVAILABLE", status=Status())
    state: Any = {RunState.QUEUED: "START", RunState.PAUSED: "START", RunState.RUNNING: "LOADING"}.get(run.state, "END")
    status = Status(
        error_code="UNAVAILABLE", error_message=run.message or Sentence("The run is {state}.", state=word(run.state))
    )
    return VersionStatus(version=str(run.id), state=state, status=status)
