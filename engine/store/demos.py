"""Published demos: a name under which others predict with a run. Each version is a run, and one version is current."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.access import Reach, Visibility
from engine.errors import TrainyardError
from engine.store.database import Database
from engine.store.reach import EVERYTHING, within
from engine.store.rows import unknown_run
from engine.store.schema import demo_versions, demos, runs, wrong_answers

STABLE = "stable"
"""The label that the current version always has."""


@dataclass(frozen=True)
class Version:
    """One version of a demo: the run that answers, and what was known of it when it was published."""

    number: int
    run_id: int
    spec: dict[str, Any]
    card: dict[str, Any]
    """Facts and figures from the run's record: see `engine.demos.card`."""
    examples: bool
    """Whether its owner shows examples of the data with it."""
    note: str
    made_by: str
    made_at: float


@dataclass(frozen=True)
class Demo:
    """A published demo with its versions, by number."""

    id: int
    name: str
    owner: str
    visibility: Visibility
    """PUBLISHED while it is open; PRIVATE: closed, there for its owner and admins only."""
    title: str
    texts: Mapping[str, str]
    """What its owner has written on the model card, by part."""
    origins: Sequence[str]
    """Sites that may show its page in a frame."""
    own_labels: Mapping[str, int]
    """Versions by label, without `stable`."""
    current: int
    """The version that answers where none is named."""
    last: int
    """The highest number that a version was given; none is given twice."""
    history: Sequence[int]
    """Versions that were current before, the last one last."""
    beside: int | None
    """The version whose answer is shown beside that of the current one."""
    collects: bool
    """Whether visitors may send examples that were wrongly answered to its owner."""
    created_at: float
    changed_at: float
    versions: Mapping[int, Version]

    @property
    def labels(self) -> dict[str, int]:
        """Versions by label."""
        return {STABLE: self.current, **self.own_labels}

    @property
    def open(self) -> bool:
        """Whether others can use it."""
        return self.visibility is Visibility.PUBLISHED


@dataclass(frozen=True)
class WrongAnswer:
    """An example that a visitor has sent to the owner of a demo, with the answer that they call wrong."""

    id: int
    version: int
    filename: str
    content: bytes
    answer: dict[str, Any]
    remark: str
    at: float


_Demos = list[Demo]  # inside the class `list` is a method
_Texts = list[str]
_Uses = list[tuple[int, str, int]]
_Wrong = list[WrongAnswer]


class Demos:
    """The published demos of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> Demo | None:
        """Return the demo of a name."""
        with self._database.reading() as db:
            return next(iter(_read(db, demos.c.name == name)), None)

    def list(self, reach: Reach = EVERYTHING) -> _Demos:
        """Return the demos within reach, by name."""
        with self._database.reading() as db:
            return _read(db, within(reach, demos))

    def origins(self, name: str) -> _Texts:
        """Return the sites that may show the page of an open demo in a frame."""
        wanted = (demos.c.name == name) & (demos.c.visibility == str(Visibility.PUBLISHED))
        with self._database.reading() as db:
            return [*(db.execute(select(demos.c.origins).where(wanted)).scalar() or ())]

    def create(self, name: str, owner: str, version: Mapping[str, Any], **values: Any) -> Demo:
        """Open a demo with its first version. Raises `TrainyardError` where the name is taken or the run is gone."""
        now = time.time()
        row = {
            "visibility": str(Visibility.PUBLISHED),
            "texts": {},
            "origins": [],
            "labels": {},
            "history": [],
        } | values
        try:
            with self._database.writing() as db:
                _hold(db, version["run_id"])
                made = insert(demos).values(
                    name=name, owner=owner, current=1, last=1, created_at=now, changed_at=now, **row
                )
                demo_id = db.execute(made.returning(demos.c.id)).scalar_one()
                db.execute(insert(demo_versions).values(demo_id=demo_id, number=1, made_at=now, **version))
        except IntegrityError as error:
            raise TrainyardError("The name {name!r} is taken. Choose another name.", name=name) from error
        return self._known(name)

    def add_version(
        self, name: str, version: Mapping[str, Any], check: Callable[[Demo], None], *, current: bool
    ) -> Demo:
        """Add a version with the next number, and make it the current one; `check` may raise, in the same transaction."""
        with self._database.writing() as db:
            demo = _locked(db, name)
            check(demo)
            _hold(db, version["run_id"])
            number = demo.last + 1
            now = time.time()
            db.execute(insert(demo_versions).values(demo_id=demo.id, number=number, made_at=now, **version))
            _write(db, demo, {"last": number} | (changed_to(demo, number) if current else {}))
        return self._known(name)

    def change(self, name: str, decide: Callable[[Demo], Mapping[str, Any]]) -> Demo:
        """Write what `decide` returns by column, of the demo as it is; others wait meanwhile. It may raise instead."""
        with self._database.writing() as db:
            demo = _locked(db, name)
            _write(db, demo, decide(demo))
        return self._known(name)

    def withdraw(self, name: str, number: int, check: Callable[[Demo], None]) -> Demo:
        """Forget a version."""
        with self._database.writing() as db:
            demo = _locked(db, name)
            check(demo)
            mine = (demo_versions.c.demo_id == demo.id) & (demo_versions.c.number == number)
            db.execute(delete(demo_versions).where(mine))
            _write(db, demo, {"history": [known for known in demo.history if known != number]})
        return self._known(name)

    def delete(self, name: str) -> None:
        """Forget a demo with its versions and what visitors have sent."""
        with self._database.writing() as db:
            db.execute(delete(demos).where(demos.c.name == name))

    def forget(self, owner: str) -> None:
        """Delete the demos of a person, and those in which a run of theirs answers."""
        theirs = (
            select(demo_versions.c.demo_id).join(runs, runs.c.id == demo_versions.c.run_id).where(runs.c.owner == owner)
        )
        with self._database.writing() as db:
            db.execute(delete(demos).where((demos.c.owner == owner) | demos.c.id.in_(theirs)))

    def uses(self, run_ids: Iterable[int]) -> _Uses:
        """Return (run, name, version) of each version that is one of these runs."""
        query = (
            select(demo_versions.c.run_id, demos.c.name, demo_versions.c.number)
            .join(demos, demos.c.id == demo_versions.c.demo_id)
            .where(demo_versions.c.run_id.in_([*run_ids]))
            .order_by(demo_versions.c.run_id, demos.c.name, demo_versions.c.number)
        )
        with self._database.reading() as db:
            return [(run_id, name, number) for run_id, name, number in db.execute(query)]

    def run_ids(self) -> set[int]:
        """Return all runs that answer for a demo: their models are kept."""
        with self._database.reading() as db:
            return {*db.execute(select(demo_versions.c.run_id)).scalars()}

    # -- what visitors send ----------------------------------------------------------------------------------------------

    def add_wrong(self, demo_id: int, most: int, since: float, **values: Any) -> bool:
        """Keep an example, after deleting all from before `since`; False where there are `most` already."""
        with self._database.writing() as db:
            mine = wrong_answers.c.demo_id == demo_id
            db.execute(select(demos.c.id).where(demos.c.id == demo_id).with_for_update())
            db.execute(delete(wrong_answers).where(wrong_answers.c.at < since))
            if db.execute(select(func.count()).select_from(wrong_answers).where(mine)).scalar_one() >= most:
                return False
            db.execute(insert(wrong_answers).values(demo_id=demo_id, at=time.time(), **values))
        return True

    def wrong(self, demo_id: int, since: float) -> _Wrong:
        """Return the examples of a demo, the newest first, after deleting all from before `since`."""
        columns = [column for column in wrong_answers.c if column.name != "demo_id"]
        mine = wrong_answers.c.demo_id == demo_id
        with self._database.writing() as db:
            db.execute(delete(wrong_answers).where(wrong_answers.c.at < since))
            rows = db.execute(select(*columns).where(mine).order_by(wrong_answers.c.id.desc()))
            return [WrongAnswer(**row._asdict()) for row in rows]

    def delete_wrong(self, demo_id: int, ids: "Sequence[int] | None" = None) -> int:
        """Delete these examples of a demo, all where none are named; return how many."""
        wanted = wrong_answers.c.demo_id == demo_id
        if ids is not None:
            wanted &= wrong_answers.c.id.in_([*ids])
        with self._database.writing() as db:
            return int(db.execute(delete(wrong_answers).where(wanted)).rowcount)

    def _known(self, name: str) -> Demo:
        found = self.get(name)
        if found is None:
            raise unknown_demo(name)
        return found


def unknown_demo(name: str) -> TrainyardError:
    """Return the sentence about a demo that is not there."""
    return TrainyardError("There is no demo named {name!r}.", name=name[:80])


def changed_to(demo: Demo, number: int) -> dict[str, Any]:
    """Return what is written where a version becomes the current one."""
    if number == demo.current:
        return {}
    most = 50
    return {"current": number, "history": [*demo.history, demo.current][-most:]}


def _hold(db: Connection, run_id: int) -> None:
    """Keep a run from being deleted until it is published."""
    if db.execute(select(runs.c.id).where(runs.c.id == run_id).with_for_update()).one_or_none() is None:
        raise unknown_run(run_id)


def _locked(db: Connection, name: str) -> Demo:
    db.execute(select(demos.c.id).where(demos.c.name == name).with_for_update())
    found = _read(db, demos.c.name == name)
    if not found:
        raise unknown_demo(name)
    return found[0]


def _write(db: Connection, demo: Demo, values: Mapping[str, Any]) -> None:
    db.execute(update(demos).where(demos.c.id == demo.id).values(changed_at=time.time(), **values))


def _read(db: Connection, wanted: Any) -> list[Demo]:
    rows = [row._asdict() for row in db.execute(select(demos).where(wanted).order_by(demos.c.name))]
    if not rows:
        return []
    mine = demo_versions.c.demo_id.in_([row["id"] for row in rows])
    versions: dict[int, dict[int, Version]] = {row["id"]: {} for row in rows}
    for row in db.execute(select(demo_versions).where(mine).order_by(demo_versions.c.number)):
        values = row._asdict()
        demo_id = values.pop("demo_id")
        versions[demo_id][values["number"]] = Version(**values | {"examples": bool(values["examples"])})
    return [_demo(row, versions[row["id"]]) for row in rows]


def _demo(row: dict[str, Any], versions: Mapping[int, Version]) -> Demo:
    labels = row.pop("labels")
    read = {"visibility": Visibility.read(row["visibility"]), "collects": bool(row["collects"])}
    return Demo(**row | read, own_labels=labels, versions=versions)
