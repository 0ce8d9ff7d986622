"""What the API tells of models: which there are, by which names, and what they take."""

import json
import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from engine.artifacts import artifacts_of
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.runs import Run, RunState
from engine.sentences import Sentence, word
from engine.serving.api.problems import Problem
from engine.serving.api.shapes import InputColumn, Inputs, Metadata, ModelList, Status, Summary, VersionStatus
from engine.store import Store
from engine.tasks.base import tasks

MOST_MODELS = 200
"""The newest ones that are listed, and among which a name is looked for."""


@dataclass(frozen=True)
class Models:
    """The runs of a store as models with names."""

    store: Store

    def list(self) -> ModelList:
        """The newest that answer."""
        found = self.store.runs.list(trials=False, limit=MOST_MODELS)
        return ModelList(models=[Summary(**_summary(run)) for run in found if answers(run)])

    def find(self, name: str) -> Run:
        """The run of a number, or the newest completed one of `DATASET-MODEL`. Raises `Problem`."""
        if name.isascii() and name.isdecimal() and len(name) < 10:
            try:
                return self.store.runs.get(int(name))
            except TrainyardError as error:
                raise Problem(HTTPStatus.NOT_FOUND, error.sentence) from error
        for run in self.store.runs.list(states=[RunState.COMPLETED], trials=False, limit=MOST_MODELS):
            if _alias(run) == name and answers(run):
                return run
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "There is no model {name!r}. A name is the number of a run, or DATASET-MODEL; /api/v1/models lists them.",
            name=name[:80],
        )

    def able(self, name: str) -> Run:
        """As `find`, but only one that answers."""
        run = self.find(name)
        if not answers(run):
            wait = "it has a model once its first epoch is over" if not run.state.final else "it has left no model"
            raise Problem(
                HTTPStatus.NOT_FOUND, "Run {run} is {state}: {wait}.", run=run.id, state=word(run.state), wait=wait
            )
        return run

    def describe(self, name: str) -> Metadata:
        """All about one."""
        run = self.find(name)
        info = _info(run)
        return Metadata(
            **_summary(run),
            inputs=_inputs(run, info) if info else None,
            labels=list(info.labels) if info else [],
            target=info.target if info else "",
            model_version_status=[_version(run)],
        )


def answers(run: Run) -> bool:
    """Whether it has a model, or weights to go on with while it trains."""
    files = artifacts_of(run.id)
    return files.model.is_file() or (not run.state.final and files.checkpoint.is_file())


def _alias(run: Run) -> str:
    return f"{run.spec['dataset']['name']}-{run.spec['model']['name']}"


def _summary(run: Run) -> dict[str, Any]:
    tested = {k: v for k, v in run.result.items() if k.startswith("test_")} or run.best
    return {
        "name": str(run.id),
        "alias": _alias(run),
        "state": run.state.value,
        "task": run.spec["task"]["name"],
        "dataset": run.spec["dataset"]["name"],
        "model": run.spec["model"]["name"],
        "created_at": run.created_at.isoformat() if run.created_at else "",
        "metrics": {k: float(v) for k, v in tested.items() if isinstance(v, int | float) and math.isfinite(v)},
    }


def _inputs(run: Run, info: DataInfo) -> Inputs:
    columns = [InputColumn(name=c.name, kind=c.kind, values=list(c.values)) for c in info.columns]
    modality = tasks[run.spec["task"]["name"]].modality
    return Inputs(modality=modality, shape=list(info.shape), columns=columns)


def _version(run: Run) -> VersionStatus:
    if answers(run):
        return VersionStatus(version=str(run.id), state="AVAILABLE", status=Status())
    state: Any = {RunState.QUEUED: "START", RunState.PAUSED: "START", RunState.RUNNING: "LOADING"}.get(run.state, "END")
    status = Status(
        error_code="UNAVAILABLE", error_message=run.message or Sentence("The run is {state}.", state=word(run.state))
    )
    return VersionStatus(version=str(run.id), state=state, status=status)


def _info(run: Run) -> DataInfo | None:
    """What the worker has written down of its data, or None."""
    try:
        return DataInfo.from_dict(json.loads(artifacts_of(run.id).info.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
