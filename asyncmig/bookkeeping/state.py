"""The state of a database: the rows of the version table, and the partially applied revisions.

It is one query. A database without these tables costs one more, since SQL cannot read a table that may not
exist.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import asyncpg

from asyncmig.bookkeeping.backfill_tables import BackfillTables
from asyncmig.bookkeeping.journal import FailureFingerprint
from asyncmig.errors import ConfigError, DatabaseError
from asyncmig.sql.quoting import identifier, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.sql.statement import Statement

__all__ = ["DatabaseState", "PartialRevision", "PreviousAttempt", "read_state"]

# a revision is partial when its newest row is not final; the partial index on such rows keeps it cheap
_PARTIAL = """\
SELECT j.id, j.revision, j.direction, j.phase, j.kind, j.state, j.statement, j.fingerprint, j.checksum,
       j.down_revisions
FROM {journal} AS j
WHERE NOT j.final
  AND NOT EXISTS (
      SELECT FROM {journal} AS newer WHERE newer.revision = j.revision AND newer.id > j.id
  )"""

# an UPDATE through a view or past a policy may change no row, without an error
_FAULTS = """\
ARRAY(SELECT CASE c.oid WHEN pg_catalog.to_regclass({version_name}) THEN 'the version table '
             ELSE 'the journal ' END || c.oid::regclass::text ||
             CASE WHEN c.relkind NOT IN ('r', 'p') THEN ' is not a table'
             ELSE ' has row security for this role' END
      FROM pg_catalog.pg_class AS c
      WHERE c.oid IN (pg_catalog.to_regclass({version_name}), pg_catalog.to_regclass({used_journal}))
        AND (c.relkind NOT IN ('r', 'p') OR pg_catalog.row_security_active(c.oid))) AS faults"""

# what was run last, and on which parents: enough to see, without a query, that the files say the same
_NEWEST = """\
SELECT pg_catalog.json_agg(pg_catalog.json_build_array(revision, down_revisions))::text FROM (
    SELECT revision, down_revisions FROM {journal}
    WHERE direction = 'upgrade' AND final AND state = 'done' ORDER BY id DESC LIMIT 50
) AS newest"""

_OPTIMISTIC = f"""\
SELECT
    pg_catalog.pg_backend_pid() AS backend_pid,
    {_FAULTS},
    ARRAY(SELECT version_num::text FROM {{version}}) AS heads,
    (SELECT n.nspname::text FROM pg_catalog.pg_class AS c
     JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = pg_catalog.to_regclass({{version_name}})) AS schema,
    pg_catalog.to_regclass({{backfills}}) IS NOT NULL AS has_backfills,
    ({_NEWEST}) AS newest,
    open.*
FROM (SELECT 1) AS one LEFT JOIN ({{open}}) AS open ON true"""

_PRESENCE = f"""\
SELECT
    pg_catalog.pg_backend_pid() AS backend_pid,
    {_FAULTS},
    version.nspname::text AS version_schema,
    version.width AS width,
    journal.nspname::text AS journal_schema,
    pg_catalog.to_regclass({{backfills}}) IS NOT NULL AS has_backfills,
    pg_catalog.current_schema()::text AS current_schema
FROM (SELECT 1) AS one
LEFT JOIN (
    SELECT n.nspname, a.atttypmod - 4 AS width FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'version_num'
    WHERE c.oid = pg_catalog.to_regclass({{version_name}})
) AS version ON true
LEFT JOIN (
    SELECT n.nspname FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = pg_catalog.to_regclass({{journal_name}})
) AS journal ON true"""


class PreviousAttempt(Enum):
    """What an earlier run has done of a statement outside a transaction."""

    NONE = "none"
    """It was not sent."""
    ENDED = "ended"
    """A statement in its place was sent, and has ended without success; it may have left an invalid index."""
    FAILED = "failed"
    """As ``ENDED``, the same statement and by an earlier run: it may have committed a part of its work."""
    INTERRUPTED = "interrupted"
    """It was sent, and the run did not see its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialRevision:
    """A partially applied revision, from its newest row in the journal."""

    journal_id: int
    revision: str
    direction: str
    phase: int
    kind: str
    state: str
    statement: int
    fingerprint: str | None
    checksum: str | None
    down_revisions: tuple[str, ...] = ()

    @property
    def next_phase(self) -> int:
        """The first phase that is not committed."""
        return self.phase + (self.state in {"done", "caught"})

    def previous_attempt(self, statement: Statement) -> PreviousAttempt:
        """What became of its next statement, which is now ``statement``."""
        match self.state:
            case "started":
                return PreviousAttempt.INTERRUPTED
            case "done" | "caught" | "refused":
                return PreviousAttempt.NONE
            case "failed":
                failed = FailureFingerprint.parse(self.fingerprint or "").statement
                same = failed in {None, statement.fingerprint}
                return PreviousAttempt.FAILED if same else PreviousAttempt.ENDED
            case _:
                return PreviousAttempt.ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """The state of a database.

    Attributes:
        heads: rows of the version table.
        schema: where the version table is, or would be created.
        has_version_table: whether it exists; ``width`` of its column, None when not asked.
        has_journal: whether the journal exists.
        has_backfills: whether the tables of backfills exist.
        partial: the partially applied revisions.
        newest: the revisions that were run last, with their parents then; None if they were not read.
    """

    heads: frozenset[str]
    schema: str | None
    has_version_table: bool
    has_journal: bool
    has_backfills: bool
    width: int | None = None
    partial: tuple[PartialRevision, ...] = ()
    newest: tuple[tuple[str, tuple[str, ...]], ...] | None = None


async def read_state(
    session: Session, settings: Settings, *, check_tables_first: bool = False
) -> DatabaseState:
    """Read the state of a database.

    Args:
        session: any session.
        settings: the tables' names.
        check_tables_first: look first whether the tables exist, instead of trying; inside a transaction of
            the caller a failed query would end it.

    Raises:
        DatabaseError: the role may not read the tables; the hint is the GRANT.
    """
    try:
        return await _read_state(session, settings, check_tables_first=check_tables_first)
    except asyncpg.InsufficientPrivilegeError as error:
        raise await _not_readable(session, settings, error) from error


async def _read_state(
    session: Session, settings: Settings, *, check_tables_first: bool
) -> DatabaseState:
    if not check_tables_first and settings.journal and not session.in_transaction:
        try:
            return await _read_optimistically(session, settings)
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
            pass
        except asyncpg.UndefinedColumnError:
            pass  # another table of that name; the second query names it
    return await _read_existing_tables(session, settings)


async def _read_optimistically(session: Session, settings: Settings) -> DatabaseState:
    version = qualified(settings.version_table_schema, settings.version_table)
    journal = qualified(settings.version_table_schema, settings.journal_table)
    query = _OPTIMISTIC.format(
        version=version,
        version_name=literal(version),
        used_journal=literal(journal),
        backfills=literal(BackfillTables(schema=settings.version_table_schema).jobs),
        open=_PARTIAL.format(journal=journal),
        journal=journal,
    )
    rows = await session.fetch(query)
    row = rows[0]
    session.check_backend_pid(row["backend_pid"])
    _refuse_faulty(row["faults"])
    return DatabaseState(
        heads=frozenset(row["heads"]),
        schema=row["schema"],
        has_version_table=True,
        has_journal=True,
        has_backfills=row["has_backfills"],
        partial=tuple(_partial_revision(row) for row in rows if row["id"] is not None),
        newest=tuple(
            (revision, tuple(parents)) for revision, parents in json.loads(row["newest"] or "[]")
        ),
    )


async def _read_existing_tables(session: Session, settings: Settings) -> DatabaseState:
    version = qualified(settings.version_table_schema, settings.version_table)
    journal = qualified(settings.version_table_schema, settings.journal_table)
    present = (
        await session.fetch(
            _PRESENCE.format(
                version_name=literal(version),
                journal_name=literal(journal),
                used_journal=literal(journal) if settings.journal else "NULL",
                backfills=literal(BackfillTables(schema=settings.version_table_schema).jobs),
            )
        )
    )[0]
    session.check_backend_pid(present["backend_pid"])
    _refuse_faulty(present["faults"])
    schema = present["version_schema"] or settings.version_table_schema or present["current_schema"]
    if schema is None:
        raise ConfigError(
            "the search_path names no schema that exists, so there is no place for the version table",
            hint="set `version_table_schema`, or a search_path for this role",
        )
    heads: frozenset[str] = frozenset()
    if present["version_schema"] is not None:
        table = qualified(schema, settings.version_table)
        with _naming(table, "a version table", "version_table"):
            rows = await session.fetch(f"SELECT version_num::text FROM {table}")
        heads = frozenset(row["version_num"] for row in rows)
    partial: tuple[PartialRevision, ...] = ()
    has_journal = present["journal_schema"] == schema
    if has_journal:
        table = qualified(schema, settings.journal_table)
        with _naming(table, "a journal of asyncmig", "journal_table"):
            rows = await session.fetch(_PARTIAL.format(journal=table))
        partial = tuple(_partial_revision(row) for row in rows)
    return DatabaseState(
        heads=heads,
        schema=schema,
        has_version_table=present["version_schema"] is not None,
        has_journal=has_journal,
        has_backfills=present["has_backfills"],
        width=present["width"],
        partial=partial,
    )


async def _not_readable(
    session: Session, settings: Settings, error: asyncpg.PostgresError
) -> DatabaseError:
    schema = settings.version_table_schema
    names = [settings.version_table, *([settings.journal_table] if settings.journal else [])]
    tables = ", ".join(qualified(schema, name) for name in names)
    role = "the_role"
    if not session.in_transaction:  # an aborted one takes no query
        role = identifier((await session.fetch("SELECT current_user::text AS name"))[0]["name"])
    grants = [f"GRANT SELECT ON {tables} TO {role}"]
    if schema is not None:
        grants.insert(0, f"GRANT USAGE ON SCHEMA {identifier(schema)} TO {role}")
    return DatabaseError(
        f"PostgreSQL refused: {error}",
        hint=(
            f"`{'; '.join(grants)}` is enough to read the state of the database; upgrade, downgrade "
            "and stamp need INSERT, UPDATE and DELETE too"
        ),
        sqlstate="42501",
    )


def _refuse_faulty(faults: Sequence[str]) -> None:
    if faults:
        raise ConfigError(
            f"{' and '.join(faults)}, so its rows cannot be trusted",
            hint=(
                "set `version_table`, `journal_table` or `version_table_schema` to a table of its own; or,"
                " for row security, ALTER TABLE ... DISABLE ROW LEVEL SECURITY, or migrate as a role that may"
                " bypass it"
            ),
        )


@contextmanager
def _naming(table: str, what: str, setting: str) -> Iterator[None]:
    """Name a table that lacks a column: another table has the name."""
    try:
        yield
    except asyncpg.UndefinedColumnError as error:
        raise ConfigError(
            f"the table {table} is not {what}: {error}",
            hint=f"rename it or restore its columns, or set `{setting}` to another name",
        ) from error


def _partial_revision(row: Any) -> PartialRevision:
    return PartialRevision(
        journal_id=row["id"],
        revision=row["revision"],
        direction=row["direction"],
        phase=row["phase"],
        kind=row["kind"],
        state=row["state"],
        statement=row["statement"],
        fingerprint=row["fingerprint"],
        checksum=row["checksum"],
        down_revisions=tuple(row["down_revisions"]),
    )
