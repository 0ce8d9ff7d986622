"""The part of a table that somebody may read: the rules of `engine.access`, as a condition of a query."""

from sqlalchemy import ColumnElement, Table, or_, true

from engine.access import Reach

EVERYTHING = Reach(everything=True)


def within(reach: Reach, table: Table) -> ColumnElement[bool]:
    """Return the condition under which a row of `table`, which has an owner and a visibility, is in reach."""
    if reach.everything:
        return true()
    seen = table.c.visibility.in_([str(visibility) for visibility in reach.visibilities])
    return or_(table.c.owner == reach.owner, seen) if reach.owner else seen
