"""Studies in the store: their specs, what people ask of them, and the runs that are their trials."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, delete, func, insert, select, update

from engine.access import Reach, Visibility, default_owner
from engine.errors import TrainyardError
from engine.imports.titles import own_title
from engine.naming import Naming
from engine.runs import Run, RunSpec, RunState
from engine.sentences import Sentence, word
from engine.settings import settings
from engine.spec import Choices
from engine.store.changes import by_whom
from engine.store.charging import holds, trial_estimate
from engine.store.database import Database
from engine.store.reach import EVERYTHING, within
from engine.store.rows import new_run, run_columns, run_of, time_of, write_event
from engine.store.runs import Runs
from engine.store.schema import runs, studies
from engine.store.study_lists import UNENDED
from engine.studies import MODEL, Search, Study, StudySpec, StudyState

_Studies = list[Study]  # inside the class `list` is a method
_Ids = list[int]
_RunsByTrial = dict[int, list[Run]]
_LIVE = [StudyState.RUNNING.value, StudyState.PAUSED.value]


class Studies:
    """The studies of one store. Each change is one transaction that reads what it changes: two people may steer at once."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database = database
        self._runs = runs

    def create(self, spec: StudySpec, naming: Naming | None = None, owner: str = "") -> Study:
        """A study that is to begin at once. Without a name it is called after its model and its data."""
        row = {
            **_named(naming or Naming(), spec),
            "state": StudyState.RUNNING.value,
            "spec": spec.to_dict(),
            "owner": owner or default_owner(),
            "guesses": [],
            "boosted": [],
            "created_at": time.time(),
        }
        with self._database.writing() as db:
            return _study(db.execute(insert(studies).values(**row).returning(studies)).one())

    def get(self, study_id: int) -> Study:
        """The study as it stands now. An unknown id raises `TrainyardError`."""
        with self._database.reading() as db:
            return _get(db, study_id)

    def list(self, *, live: bool = False, limit: int = 200, reach: Reach = EVERYTHING) -> _Studies:
        """Newest first, as many as `limit`; `live`: only those that may still begin trials, and all of them."""
        query = select(studies).where(within(reach, studies)).order_by(studies.c.id.desc())
        query = query.where(studies.c.state.in_(_LIVE)) if live else query.limit(limit)
        with self._database.reading() as db:
            return [_study(row) for row in db.execute(query)]

    def runs(self, study_id: int, trials: Iterable[int] | None = None) -> _RunsByTrial:
        """The runs of each trial (or of these) by its number, in the order of their start."""
        query = select(*run_columns).where(runs.c.study_id == study_id).order_by(runs.c.id)
        if trials is not None:
            query = query.where(runs.c.trial.in_([*trials]))
        found: _RunsByTrial = defaultdict(list)
        with self._database.reading() as db:
            for row in db.execute(query):
                found[row.trial].append(run_of(row))
        return dict(found)

    def states(self) -> dict[int, StudyState]:
        """Return the state of each study, by id; cheap, and it reads no spec that might be broken."""
        with self._database.reading() as db:
            return {row.id: StudyState(row.state) for row in db.execute(select(studies.c.id, studies.c.state))}

    def live(self) -> dict[int, StudyState]:
        """Return the studies that are running or paused; see `states`."""
        return {study_id: state for study_id, state in self.states().items() if state.live}

    def create_trial(self, study_id: int, trial: int, spec: RunSpec, fold: int = 0) -> Run | None:
        """Queue a run of a trial, behind everything that is waiting. It does not count for the limit of the queue.

        None where the study is not running any more, or where somebody has queued this fold already.
        """
        now = time.time()
        with self._database.writing() as db:
            study = _get(db, study_id, changing=True)
            mine = (runs.c.study_id == study_id, runs.c.trial == trial)
            known = db.execute(select(func.count()).select_from(runs).where(*mine)).scalar_one()
            if study.state is not StudyState.RUNNING or known != fold:
                return None
            queued_at = 0.0 if trial in study.boosted else now
            values = new_run(spec) | {
                "state": RunState.QUEUED, "owner": study.owner, "created_at": now, "queued_at": queued_at,
                "study_id": study_id, "trial": trial, "visibility": study.visibility.value,
            }  # fmt: skip
            values |= holds(trial_estimate(db, study_id, spec.training.places), spec.training.places)
            row = db.execute(insert(runs).values(**values).returning(*run_columns)).one()
            write_event(
                db, row.id, "queued", Sentence("Trial {trial} of study {study}.", trial=trial, study=study_id), now
            )
        return run_of(row)

    # -- steering --------------------------------------------------------------------------------------------------

    def pause(self, study_id: int) -> Study:
        """No further trials begin; running ones continue."""
        return self._move(study_id, (StudyState.RUNNING,), StudyState.PAUSED)

    def resume(self, study_id: int) -> Study:
        """A paused, stopped or failed study goes on."""
        return self._move(study_id, (StudyState.PAUSED, StudyState.STOPPED, StudyState.FAILED), StudyState.RUNNING)

    def stop(self, study_id: int, by: str = "") -> Study:
        """No trial begins any more, and those that wait or train are stopped."""
        study = self._move(study_id, (StudyState.RUNNING, StudyState.PAUSED), StudyState.STOPPED)
        self.end_runs(study_id, RunState.STOPPED, by)
        return study

    def end_runs(self, study_id: int, state: RunState, by: str = "") -> None:
        """Ask all of its runs that wait, train or are paused to end."""
        query = select(*run_columns).where(runs.c.study_id == study_id, runs.c.state.in_(UNENDED)).order_by(runs.c.id)
        with self._database.reading() as db:
            unended = [run_of(row) for row in db.execute(query)]
        for run in unended:
            self.end_trial_run(run, state, by)

    def end_trial_run(self, run: Run, state: RunState, by: str = "") -> None:
        """Ask one of its runs to end; one that has just ended by itself is left as it is. Unless a person asks, the study does."""
        try:
            self._runs.request_end(run.id, state, by or Sentence("the study"))
        except TrainyardError:
            if not self._runs.get(run.id).state.final:
                raise

    def steer(self, study_id: int, change: Callable[[StudySpec], StudySpec]) -> Study:
        """Change what is searched from now on, such as a range, the number of trials, or how many train at once.

        Raise `TrainyardError` if a study could not have been started like that.
        """
        with self._database.writing() as db:
            study = _readable(_get(db, study_id, changing=True))
            spec = change(study.spec)
            spec = StudySpec.build(spec.values, spec.space, spec.objectives, spec.search, spec.directions)
            values: dict[str, Any] = {"spec": spec.to_dict()}
            if study.state is StudyState.COMPLETED and _allows_more(spec.search, study.spec.search):
                values |= {"state": StudyState.RUNNING.value, "ended_at": None, "message": ""}
            db.execute(update(studies).where(studies.c.id == study_id).values(**values))
            return _get(db, study_id)

    def enqueue(self, study_id: int, params: dict[str, Any]) -> Study:
        """Try these values next. Raises `TrainyardError` for values outside of the study's space."""
        with self._database.writing() as db:
            study = _readable(_get(db, study_id, changing=True))
            if study.state is StudyState.COMPLETED:
                raise TrainyardError(
                    "Study {study} is completed. Allow more trials, then add values to try.", study=study_id
                )
            if not study.live:
                raise TrainyardError(
                    "Study {study} is {state}. Resume it, then add values to try.",
                    study=study_id,
                    state=word(study.state),
                )
            enqueued = [*study.enqueued, study.spec.check_params(params)]
            db.execute(update(studies).where(studies.c.id == study_id).values(guesses=enqueued))
            return replace(study, enqueued=tuple(enqueued))

    def take_enqueued(self, study_id: int, params: dict[str, Any]) -> None:
        """Somebody has handed it to the sampler."""
        with self._database.writing() as db:
            left = [other for other in _get(db, study_id, changing=True).enqueued if other != params]
            db.execute(update(studies).where(studies.c.id == study_id).values(guesses=left))

    def boost(self, study_id: int, trial: int, by: str = "") -> None:
        """Let a trial train to its end whatever the pruner says, and before all others that wait."""
        with self._database.writing() as db:
            study = _get(db, study_id, changing=True)
            boosted = sorted({*study.boosted, trial})
            db.execute(update(studies).where(studies.c.id == study_id).values(boosted=boosted))
            mine = (runs.c.study_id == study_id, runs.c.trial == trial, runs.c.state == RunState.QUEUED)
            db.execute(update(runs).where(*mine).values(queued_at=0.0))
            words = Sentence("Boosted{who}: it trains to its end, before others that wait.", who=by_whom(by))
            unended = (runs.c.study_id == study_id, runs.c.trial == trial, runs.c.state.in_(UNENDED))
            for run_id in db.execute(select(runs.c.id).where(*unended)).scalars():
                write_event(db, run_id, "boosted", words, time.time())

    def rename(self, study_id: int, naming: Naming) -> Study:
        """Change the name, the note or the tags of a study. With an empty name it is called after its model and its data."""
        with self._database.writing() as db:
            study = _get(db, study_id, changing=True)
            values = naming.values() if naming.name is None else _named(naming, study.spec)
            if values:
                db.execute(update(studies).where(studies.c.id == study_id).values(**values))
            return _get(db, study_id)

    def show(self, study_id: int, visibility: Visibility) -> Study:
        """Change who may look at a study and at its trials."""
        with self._database.writing() as db:
            _get(db, study_id, changing=True)
            for table, mine in ((studies, studies.c.id), (runs, runs.c.study_id)):
                db.execute(update(table).where(mine == study_id).values(visibility=str(visibility)))
            return _get(db, study_id)

    # -- deleting --------------------------------------------------------------------------------------------------

    def ended_runs(self, study_id: int) -> _Ids:
        """Ids of all runs of an ended study. A live study, or a run that has not ended, raises `TrainyardError`."""
        with self._database.reading() as db:
            _check_ended(db, study_id)
            return list(db.execute(select(runs.c.id).where(runs.c.study_id == study_id).order_by(runs.c.id)).scalars())

    def delete(self, study_id: int) -> None:
        """Forget an ended study whose runs were deleted, unless somebody has resumed it meanwhile."""
        with self._database.writing() as db:
            _check_ended(db, study_id, changing=True)
            db.execute(delete(studies).where(studies.c.id == study_id))

    # -- for the driver --------------------------------------------------------------------------------------------

    def spend(self, study_id: int, seconds: float) -> Study:
        """Count time that the study has been searching."""
        with self._database.writing() as db:
            spent = studies.c.spent_seconds + seconds
            db.execute(update(studies).where(studies.c.id == study_id).values(spent_seconds=spent))
            return _get(db, study_id)

    def end(self, study_id: int, state: StudyState, message: str = "") -> None:
        """A final state, unless somebody has stopped it meanwhile."""
        with self._database.writing() as db:
            db.execute(
                update(studies)
                .where(studies.c.id == study_id, studies.c.state.in_(_LIVE))
                .values(state=state.value, message=message, ended_at=_now())
            )

    def complete(self, seen: Study, message: str = "") -> None:
        """Nothing is left to do; unless somebody has paused it or asked for more since it was `seen` like this."""
        with self._database.writing() as db:
            now = _get(db, seen.id, changing=True)
            if (now.state, now.spec, now.enqueued) == (seen.state, seen.spec, seen.enqueued):
                values = {"state": StudyState.COMPLETED.value, "message": message, "ended_at": _now()}
                db.execute(update(studies).where(studies.c.id == seen.id).values(**values))

    def _move(self, study_id: int, before: tuple[StudyState, ...], after: StudyState) -> Study:
        ended = None if after.live else _now()
        with self._database.writing() as db:
            done = db.execute(
                update(studies)
                .where(studies.c.id == study_id, studies.c.state.in_([state.value for state in before]))
                .values(state=after.value, message="", ended_at=ended)
            ).rowcount
            study = _get(db, study_id)
        if not done:
            words = " or ".join(state.value for state in before)
            raise TrainyardError(
                "Study {study} is {state}; this is only possible while it is {words}.",
                study=study_id,
                state=word(study.state),
                words=words,
            )
        return study


def _named(naming: Naming, spec: StudySpec) -> dict[str, Any]:
    """Return the columns of a naming; the name is never empty."""
    values = naming.values()
    return values | {"name": values.get("name") or _usual_name(spec)[: settings().max_name_characters]}


def _usual_name(spec: StudySpec) -> str:
    """The name of a study that nobody has named: its models and its data."""
    domain = spec.space.get(MODEL)
    models = domain.options if isinstance(domain, Choices) else (spec.values.get("model", "model"),)
    dataset = str(spec.values.get("dataset", "data"))
    return f"{', '.join(map(str, models))} on {own_title(dataset, spec.values) or dataset}"


def _get(db: Connection, study_id: int, *, changing: bool = False) -> Study:
    """The study; others that mean to change it wait until this transaction has ended."""
    query = select(studies).where(studies.c.id == study_id)
    row = db.execute(query.with_for_update() if changing else query).one_or_none()
    if row is None:
        raise unknown_study(study_id)
    return _study(row)


def unknown_study(study_id: int) -> TrainyardError:
    """The sentence about a study that is not there."""
    return TrainyardError("Study {study} does not exist. The Studies page lists all studies.", study=study_id)


def _now() -> ColumnElement[float]:
    """The time, and never one before the study was created: clocks are put back."""
    now = time.time()
    return case((studies.c.created_at > now, studies.c.created_at), else_=now)


def _allows_more(now: Search, before: Search) -> bool:
    """Whether a study that has come to its end may go on: more trials, or more time."""
    later = before.budget_minutes and (not now.budget_minutes or now.budget_minutes > before.budget_minutes)
    return now.trials > before.trials or bool(later)


def _readable(study: Study) -> Study:
    """The study, unless what it searches is not known."""
    if study.unreadable:
        raise TrainyardError(study.unreadable)
    return study


def _check_ended(db: Connection, study_id: int, *, changing: bool = False) -> None:
    """Refuse what is still at work."""
    study = _get(db, study_id, changing=changing)
    if study.live:
        raise TrainyardError(
            "Study {study} is {state}; stop it before deleting it.", study=study_id, state=word(study.state)
        )
    mine = (runs.c.study_id == study_id, runs.c.state.in_(UNENDED))
    live = db.execute(select(func.count()).select_from(runs).where(*mine)).scalar_one()
    if live:
        raise TrainyardError(
            "Runs of study {study} that have not ended: {live}. Stop them or wait, then delete the study.",
            study=study_id,
            live=live,
        )


def _study(row: Row[*tuple[Any, ...]]) -> Study:
    values = dict(row._mapping)
    stored, unreadable = values["spec"], ""
    try:
        spec = StudySpec.from_dict(stored)
    except TrainyardError as error:  # it must not hide the others
        spec, unreadable = StudySpec.remnant(stored), error.sentence
    return Study(
        **values
        | {
            "state": StudyState(values["state"]),
            "visibility": Visibility.read(values["visibility"]),
            "spec": spec,
            "unreadable": unreadable,
            "enqueued": tuple(values.pop("guesses")),
            "boosted": tuple(values["boosted"]),
            "tags": tuple(values["tags"]),
            "created_at": time_of(values["created_at"]),
            "ended_at": None if values["ended_at"] is None else time_of(values["ended_at"]),
        }
    )
