"""The part of a table that somebody may read: the rules of `engine.access`, as a condition of a query."""

from sqlalchemy import ColumnElement, Table, or_, true

from engine.access import Reach
from engine.store.schema import runs

EVERYTHING = Reach(everything=True)


def within(reach: Reach, table: Table) -> ColumnElement[bool]:
    """Return the condition under which a row of `table`, which has an owner and a visibility, is in reach."""
    if reach.everything:
        return true()
    seen = table.c.visibility.in_([str(visibility) for visibility in reach.visibilities])
    parts: list[ColumnElement[bool]] = [seen]
    if reach.owner:
        parts.append(table.c.owner == reach.owner)
    if reach.runs and table is runs:
        parts.append(runs.c.id.in_(sorted(reach.runs)))
    return or_(*parts)
