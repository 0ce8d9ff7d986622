"""Migrations of a database to the newest schema."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from engine.errors import TrainyardError

HEAD = "0018"
"""Revision of the newest migration in `migrations/versions`; a test compares it."""
VERSION_TABLE = "trainyard_version"
"""Table of our revision; `alembic_version` is Optuna's, whose tables live beside ours."""
_OLD_VERSION_TABLE = "alembic_version"
_OLD_REVISIONS = ("0001", "0002")  # those that stood there, before there were studies
_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Run the missing migrations in one transaction; processes that come at the same time wait for the first."""
    with engine.connect() as connection:
        if current_revision(connection) == HEAD:
            return
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7281)"))
        if current_revision(connection) == HEAD:
            return
        _move_version(connection)
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise TrainyardError(
                "The schema of this database is {found!r}, newer than {head!r}, the latest that this "
                "version of Trainyard knows. Install the newer version, or set TRAINYARD_HOME to "
                "another folder.",
                found=current_revision(connection),
                head=HEAD,
            ) from error


def current_revision(connection: Connection) -> str | None:
    """The schema revision of the database, or None for an empty one."""
    if inspect(connection).has_table(VERSION_TABLE):
        return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  # nosec B608: a constant
    return _old_revision(connection)


def _old_revision(connection: Connection) -> str | None:
    """The revision as earlier versions left it, if it is not Optuna's."""
    if not inspect(connection).has_table(_OLD_VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_OLD_VERSION_TABLE}")).scalar()  # noqa: S608  # nosec B608: a constant
    return found if found in _OLD_REVISIONS else None


def _move_version(connection: Connection) -> None:
    """Leave the table of earlier versions to Optuna, which would take our revision for its own."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    if inspect(connection).has_table(VERSION_TABLE) or (found := _old_revision(connection)) is None:
        return
    # dropped, not renamed: PostgreSQL would keep the name of its key, which Optuna's table of the same name needs
    connection.execute(text(f"DROP TABLE {_OLD_VERSION_TABLE}"))
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    context.stamp(ScriptDirectory(str(_MIGRATIONS)), found)
