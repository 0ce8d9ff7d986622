"""Optuna's private parts: used in one file only, and unchanged in the pinned version."""

import re
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from engine.search.optuna_adapter import OptunaStudy, close_storage, enqueued_params, open_storage
from engine.search.sampling import distributions, make_pruner, make_sampler
from engine.store import Store
from engine.studies import Search, StudySpec
from tests.search_bench import SPACE, VALUES

pytestmark = pytest.mark.both_databases

ROOT = Path(__file__).resolve().parents[1]
PRIVATE = re.compile(r"(?<!self)\._(storage|trial_id|suggest|study_id)\b|optuna(\.\w+)*\._")


def test_only_the_adapter_uses_what_optuna_does_not_promise() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "engine" / "search").rglob("*.py")
        if PRIVATE.search(path.read_text())
    }
    assert found == {"engine/search/optuna_adapter.py"}


def test_the_version_that_is_installed_is_the_one_that_is_pinned() -> None:
    pinned = re.search(r"^optuna==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    assert pinned.group(1) == optuna.__version__


def test_the_adapter_asks_reports_prunes_and_tells(store: Store) -> None:
    spec = StudySpec.build(VALUES, SPACE, search=Search(sampler="random", pruner="median"))
    storage = open_storage(store.url)
    study, space = OptunaStudy(storage, 1, spec), distributions(spec)
    study.pruner = make_pruner(spec)
    for number in range(5):
        trial = study.ask(make_sampler(spec, number), space)
        assert (trial.number, trial.params.keys()) == (number, space.keys())
        for step in range(1, 5):
            study.report(trial, step, 0.1 * step)
        assert not study.worse(trial)
        study.tell(number, TrialState.COMPLETE, [0.4])
    study.enqueue({"units": 33}, {"asked": True})
    (waiting,) = study.trials(TrialState.WAITING)
    assert enqueued_params(waiting) == {"units": 33}
    half = study.ask(make_sampler(spec, 5), {"units": space["units"]})  # as a driver that was killed leaves it
    whole = study.ask_again(half, make_sampler(spec, 5), space)
    assert (whole.number, whole.params["units"], whole.params.keys()) == (5, 33, space.keys())
    for step in range(1, 5):
        study.report(whole, step, 0.01)
    assert study.worse(whole)
    study.mark(whole, "why", "worse")
    study.tell(5, TrialState.PRUNED)
    (pruned,) = study.trials(TrialState.PRUNED)
    assert (pruned.value, pruned.user_attrs) == (0.01, {"asked": True, "why": "worse"})
    close_storage(storage)
