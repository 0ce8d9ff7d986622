"""Opens the page of a large study in one process, as the dashboard does; prints JSON. Run by `bench.studies`."""

import json
import sys
import time
from typing import Any

import optuna
from optuna.trial import TrialState
from streamlit.testing.v1 import AppTest

from bench.children import ROOT, median, percentile
from engine.runs import RunState
from engine.search.optuna_adapter import close_storage, open_storage, open_study
from engine.search.sampling import distributions
from engine.store import Store, open_store
from engine.studies import Study
from tests import study_seeding
from ui import lab
from ui.studies.feed import _feed, study_feed
from ui.studies.views import VIEWS

TICKS = 20


def seed(store: Store, trials: int) -> Study:
    """Write a study with that many trials, in our tables and in Optuna's."""
    study = study_seeding.study(store, trials=trials)
    storage = open_storage(store.url)
    known = open_study(storage, study.id, study.spec)
    for trial in study_seeding.trials_of(store, study):
        done = trial.state is RunState.COMPLETED
        known.add_trial(
            optuna.trial.create_trial(
                state=TrialState.COMPLETE if done else TrialState.PRUNED,
                params=trial.params,
                distributions=distributions(study.spec),
                values=[float(trial.values[0] or 0.0)] if done else None,
                intermediate_values=dict(enumerate(trial.run.curve, 1)),
            )
        )
    close_storage(storage)
    return study


def opened(app: AppTest, study: Study, view: str) -> float:
    """Return the milliseconds for drawing the page with one of its charts."""
    app.query_params["study"], app.session_state["study.view"] = str(study.id), view
    began = time.perf_counter()
    app.run()
    if app.exception:
        raise RuntimeError(app.exception[0].message)
    return 1000 * (time.perf_counter() - began)


def draw_tick() -> None:
    """Draw only what the page's timer draws."""
    import streamlit as st

    from ui import lab
    from ui.navigation import navigation
    from ui.studies.feed import study_feed
    from ui.studies.plots import goal_of
    from ui.studies.progress import draw_best, draw_progress
    from ui.studies.table import draw_trials
    from ui.studies.views import draw_charts

    navigation()  # links need it
    feed = study_feed(int(st.query_params["study"]))
    study = feed.follow(lab.actor(), max_age_seconds=0.0)
    assert feed.reader is not None
    draw_progress(study, feed, feed.reader)
    draw_best(study, feed, goal_of(study, feed.reader))
    draw_charts(study, feed, feed.reader)
    draw_trials(study, feed, feed.reader)


def ticks(store: Store, study: Study, view: str, number: int) -> list[tuple[float, float]]:
    """Return the milliseconds of each tick while a trial trains, one epoch per tick: wall-clock, and processor time alone."""
    run = study_seeding.begun(store, study, number, {"learning_rate": 0.01, "units": 16, "dropout": 0.1}, [0.1])
    app = AppTest.from_function(draw_tick, default_timeout=60)
    app.query_params["study"], app.query_params["view"] = str(study.id), view
    app.run()
    times = []
    for epoch in range(2, TICKS + 2):
        curve = [1 - 0.9**i for i in range(1, epoch + 1)]
        store.attempts.report(
            run, epoch=epoch, step=10 * epoch, curve=curve, best={"epoch": epoch, "val_accuracy": curve[-1]}
        )
        began, worked = time.perf_counter(), time.process_time()
        app.run()
        times.append((1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)))
        if app.exception:
            raise RuntimeError(app.exception[0].message)
    store.attempts.end(run, RunState.STOPPED)
    return times


def main(trials: int) -> None:
    """Seed, open, measure."""
    store = open_store()
    study = seed(store, trials)
    app = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=60)
    app.switch_page(str(ROOT / "pages" / "study.py"))
    opened(app, study, "history")  # imports
    figures: dict[str, Any] = {"trials": trials}
    for view in (name for name in VIEWS if name != "front"):
        _feed.clear()
        cold = opened(app, study, view)
        warm = median([opened(app, study, view) for _ in range(5)])
        figures |= {f"{view}_first_ms": round(cold, 1), f"{view}_ms_median": round(warm, 1)}
    _feed.clear()
    began = time.perf_counter()
    study_feed(study.id).follow(lab.actor())
    figures["read_all_trials_ms"] = round(1000 * (time.perf_counter() - began), 1)
    for i, view in enumerate(("history", "curves", "workers")):
        times = ticks(store, study, view, trials + i)
        clock, processor = [took for took, _ in times], [took for _, took in times]
        figures[f"{view}_tick_ms_median"] = round(median(clock), 1)
        figures[f"{view}_tick_ms_p95"] = round(percentile(clock, 0.95), 1)
        figures[f"{view}_tick_processor_ms_median"] = round(median(processor), 1)
    figures["forbidden_modules"] = sorted(
        {name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras", "sklearn"}
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]))
