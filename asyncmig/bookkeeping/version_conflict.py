"""Another process changed the version table or the journal during a run: how it is found, and reported.

Each change of the version table looks first, in its own transaction, whether the table holds the rows that
the plan expects (``VersionTable.change``). Where it does not, the transaction is rolled back: its revision
may have been applied by another tool, and is not applied a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg

from asyncmig.bookkeeping.journal import JOURNAL_CHANGED
from asyncmig.bookkeeping.version_table import ROWS_CHANGED
from asyncmig.errors import AsyncmigError, ConfigError, UnexpectedStateError
from asyncmig.revisions.graph.names import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.bookkeeping.journal import Journal
    from asyncmig.bookkeeping.version_table import VersionTable
    from asyncmig.database.session import Session

__all__ = [
    "is_journal_conflict",
    "is_version_conflict",
    "journal_conflict",
    "lacks_column",
    "missing_column",
    "version_conflict",
]

_CONNECTED = """\
SELECT pid, application_name, usename::text AS role, state FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND backend_type = 'client backend'
  AND pid <> pg_catalog.pg_backend_pid()
ORDER BY backend_start DESC LIMIT 5"""


def is_version_conflict(error: BaseException, table: VersionTable) -> bool:
    """True where the version table did not hold the rows that the plan expected."""
    match error:
        case asyncpg.UndefinedObjectError():
            return ROWS_CHANGED in str(error)
        case asyncpg.UniqueViolationError():  # another process inserted the same row
            facts: Any = error  # asyncpg sets the attributes when it makes the error
            return (facts.schema_name, facts.table_name) == (table.schema, table.name)
        case _:
            return False


def is_journal_conflict(error: BaseException) -> bool:
    """True where the journal did not have the row that was to be updated."""
    return isinstance(error, asyncpg.UndefinedObjectError) and JOURNAL_CHANGED in str(error)


async def journal_conflict(session: Session, journal: Journal, doing: str) -> UnexpectedStateError:
    """The error for it, with who else is connected; ``doing`` as for ``version_conflict``."""
    connected: tuple[str, ...] = ()
    try:
        if not session.caller_transaction:
            connected = await _others(session)
    except (asyncpg.PostgresError, AsyncmigError):
        pass  # the conflict is the error to report
    return UnexpectedStateError(
        f"the journal {journal.sql_name} has no row, or several, of {doing} where this run wrote one:"
        " another process has changed it, and nothing of this transaction is kept",
        hint="`asyncmig status` and `asyncmig log` show what is recorded; run the same command again"
        + _advice_on(connected),
        connected=connected,
    )


def lacks_column(error: BaseException, journal: Journal) -> bool:
    """True where the journal has lost a column that asyncmig writes."""
    return isinstance(
        error, asyncpg.UndefinedColumnError
    ) and f'of relation "{journal.name}"' in str(error)


def missing_column(error: BaseException, journal: Journal) -> ConfigError:
    """The error for it."""
    return ConfigError(
        f"the table {journal.sql_name} is not a journal of asyncmig: {error}",
        hint="restore the column, or rename the table: a new journal is created, or set `journal_table` to "
        "another name",
    )


async def version_conflict(
    session: Session, table: VersionTable, doing: str, expected: Iterable[str]
) -> UnexpectedStateError:
    """The error, with what the table holds and who else is connected.

    Args:
        session: its transaction is rolled back; in a caller's transaction nothing more can be asked.
        table: the version table.
        doing: what was rolled back: ``the upgrade of revision ae1``.
        expected: the rows that the plan expected.
    """
    wanted = tuple(sorted(expected))
    found: tuple[str, ...] | None = None
    connected: tuple[str, ...] = ()
    try:
        if not session.caller_transaction:
            rows = await session.fetch(f"SELECT version_num::text AS row FROM {table.sql_name}")
            found = tuple(sorted(row["row"] for row in rows))
            connected = await _others(session)
    except (asyncpg.PostgresError, AsyncmigError):
        pass  # the conflict is the error to report
    holds = "does not hold the rows" if found is None else f"holds {_listed(found)}"
    return UnexpectedStateError(
        f"the version table {holds} where {doing} expected {_listed(wanted)}: another process has "
        "changed it, and nothing of this transaction is kept",
        hint="run one migration tool at a time; when the other one is done, run the same command again"
        + _advice_on(connected),
        expected=wanted,
        found=found,
        connected=connected,
    )


async def _others(session: Session) -> tuple[str, ...]:
    return tuple(
        f"pid {row['pid']} ({row['application_name'] or 'unnamed'}, {row['role']}, {row['state']})"
        for row in await session.fetch(_CONNECTED)
    )


def _advice_on(connected: tuple[str, ...]) -> str:
    return f". Connected now: {'; '.join(connected)}" if connected else ""


def _listed(rows: tuple[str, ...]) -> str:
    return listed(rows, empty="nothing")
