"""Keys of a run, of backfills and of the tables of the bookkeeping."""

from __future__ import annotations

from asyncmig.config.keys.key import Key
from asyncmig.config.value_types import (
    BOOLEAN,
    DURATION,
    LIMIT,
    PER_MIGRATION,
    TEXT,
    choice,
    integer,
)

__all__ = ["BACKFILLS", "BOOKKEEPING", "EXECUTION"]

_EXECUTION = "Execution"

_BACKFILLS = "Backfills"

_BOOKKEEPING = "Bookkeeping tables"

EXECUTION: tuple[Key, ...] = (
    Key(
        name="role",
        kind=TEXT,
        group=_EXECUTION,
        doc="Role for `SET ROLE` at the beginning; it owns the objects that are created.",
    ),
    Key(
        name="search_path",
        kind=TEXT,
        group=_EXECUTION,
        doc="The `search_path` that revisions run with, as PostgreSQL writes it.",
    ),
    Key(
        name="transaction",
        kind=choice("revision", "all"),
        group=_EXECUTION,
        doc="One transaction for each revision, or one for all revisions of a run.",
    ),
    Key(
        name="transaction_per_migration",
        field="transaction",
        kind=PER_MIGRATION,
        alembic="transaction_per_migration",
        lenient=True,
        group=_EXECUTION,
        doc='Alembic\'s name: true is `transaction = "revision"`, false is `"all"`.',
    ),
    Key(
        name="transactional_ddl",
        kind=BOOLEAN,
        alembic="transactional_ddl",
        lenient=True,
        group=_EXECUTION,
        doc="False runs every statement separately, without transactions.",
    ),
    Key(
        name="lock",
        kind=BOOLEAN,
        group=_EXECUTION,
        doc="Take the advisory lock that allows only one runner at a time.",
    ),
    Key(
        name="lock_wait",
        kind=LIMIT,
        group=_EXECUTION,
        doc='How long to wait while another runner holds that lock; `"none"` waits forever.',
    ),
    Key(
        name="lock_timeout",
        kind=LIMIT,
        group=_EXECUTION,
        doc="PostgreSQL's `lock_timeout`: how long a statement may wait for a lock before its phase is"
        ' rolled back and retried. 0 means no limit; `"none"` keeps the server\'s setting.',
    ),
    Key(
        name="lock_retries",
        kind=integer(0),
        group=_EXECUTION,
        doc="Number of retries of a phase that failed on a lock, a deadlock or a serialization failure. The"
        " first attempts wait a tenth of a second for a lock, later ones longer, the last `lock_timeout`.",
    ),
    Key(
        name="statement_timeout",
        kind=LIMIT,
        group=_EXECUTION,
        doc="PostgreSQL's `statement_timeout`. 0 means no limit; `\"none\"` keeps the server's setting.",
    ),
    Key(
        name="safe_rewrites",
        kind=BOOLEAN,
        alembic="safe_rewrites",
        group=_EXECUTION,
        doc="Replace directives that would hold a strong lock while they read or rewrite a table by phases"
        " that do not, on tables that the plan does not create. `asyncmig init` writes `true`. See"
        " [Safe rewrites](safe-rewrites.md).",
    ),
    Key(
        name="wait_for_transactions",
        kind=DURATION,
        group=_EXECUTION,
        doc="How long a phase of a safe rewrite waits for long transactions on its table before it asks for"
        " its lock, so that other queries do not queue behind it. 0 does not look for them.",
    ),
    Key(
        name="psycopg2_compat",
        former="lenient_bind",
        kind=BOOLEAN,
        group=_EXECUTION,
        doc="Let the connection of `op.get_bind()` accept what psycopg2 accepts: several statements in"
        " one text, parameters without a type, dates as text, DDL while a result is open. Always on for"
        " projects that are configured by `alembic.ini` or `[tool.alembic]`. Former name: `lenient_bind`.",
    ),
)

BACKFILLS: tuple[Key, ...] = (
    Key(
        name="backfill_batch_time",
        kind=DURATION,
        group=_BACKFILLS,
        doc="How long a batch of a backfill should take: its rows are locked for that time. The size of the"
        " batches follows it.",
    ),
    Key(
        name="backfill_batch_size",
        kind=integer(1),
        group=_BACKFILLS,
        doc="Rows of the first batch.",
    ),
    Key(
        name="backfill_largest_batch",
        kind=integer(1),
        group=_BACKFILLS,
        doc="The most rows of a batch.",
    ),
    Key(
        name="backfill_replica_lag",
        kind=LIMIT,
        group=_BACKFILLS,
        doc='Batches wait while a standby has replayed nothing newer than this; `"none"` does not look.',
    ),
    Key(
        name="backfill_archive_queue",
        kind=integer(0),
        group=_BACKFILLS,
        doc="Batches wait while more files of the write-ahead log wait to be archived, and while archiving"
        " fails; 0 does not look.",
    ),
    Key(
        name="backfill_pause_for_vacuum",
        kind=BOOLEAN,
        group=_BACKFILLS,
        doc="Batches wait while a vacuum works on the table, also one that was started by hand.",
    ),
    Key(
        name="backfill_busy_percent",
        kind=integer(1, 100),
        group=_BACKFILLS,
        doc="While other sessions write in the database, the batches of a worker take this percentage of the"
        " time: each takes that part of `backfill_batch_time` (5 ms or more), and a pause follows. 100 does"
        " not look for them.",
    ),
)

BOOKKEEPING: tuple[Key, ...] = (
    Key(
        name="version_table",
        kind=TEXT,
        alembic="version_table",
        lenient=True,
        group=_BOOKKEEPING,
        doc="The table of applied revisions, the same as Alembic's.",
    ),
    Key(
        name="version_table_schema",
        kind=TEXT,
        alembic="version_table_schema",
        lenient=True,
        group=_BOOKKEEPING,
        doc="The schema of the version table and of the journal; it must exist.",
        default="the first of the search path",
    ),
    Key(
        name="version_table_pk",
        kind=BOOLEAN,
        alembic="version_table_pk",
        lenient=True,
        group=_BOOKKEEPING,
        doc="Give the version table a primary key when it is created.",
    ),
    Key(
        name="journal",
        kind=BOOLEAN,
        group=_BOOKKEEPING,
        doc="Write the journal: what ran, when, by whom, how long. Without it an interrupted run cannot be"
        " continued, and a database ahead of the code is not recognized.",
    ),
    Key(
        name="journal_table",
        kind=TEXT,
        group=_BOOKKEEPING,
        doc="The table of the journal, in the schema of the version table.",
    ),
)
