"""The table of configuration keys, for the loader, the error messages and the reference in the docs."""

from __future__ import annotations

from typing import NamedTuple

from asyncmig.config.settings import SSL_MODES
from asyncmig.config.value_types import (
    BOOLEAN,
    DATABASES,
    DURATION,
    FOLDERS,
    HOOKS,
    LIMIT,
    LINT,
    LOCATION,
    LOCATIONS,
    MODULE,
    NAMES,
    OBJECTS,
    PATH,
    PER_MIGRATION,
    SCHEMAS,
    TABLE,
    TEXT,
    Kind,
    choice,
    integer,
)

__all__ = ["BY_NAME", "KEYS", "Key"]


class Key(NamedTuple):
    """One key of a configuration file.

    Attributes:
        name: as native files write it.
        field: the field of ``Settings``; None if it has the same name.
        kind: the kind of its value.
        doc: its description in the reference.
        group: its heading there.
        default: the default in the reference, where that of ``Settings`` does not show it.
        alembic: the name in Alembic's files; None if it has no meaning there.
        former: an earlier name, which files may still have.
        also: names in other tools, for suggestions in messages.
        lenient: in Alembic's files a value that does not parse is an option of the user.
        per_database: a database's table may have it, too.
        secret: the value may hold a password.
    """

    name: str
    kind: Kind
    doc: str
    group: str
    field: str | None = None
    default: str | None = None
    alembic: str | None = None
    former: str | None = None
    also: tuple[str, ...] = ()
    lenient: bool = False
    per_database: bool = True
    secret: bool = False

    @property
    def target(self) -> str:
        """The field of ``Settings``."""
        return self.field or self.name


_WHERE = "Files and folders"
_CONNECTION = "Connection"
_BOOKKEEPING = "Bookkeeping tables"
_EXECUTION = "Execution"
_BACKFILLS = "Backfills"
_WRITING = "New revision files"
_COMPARING = "Comparing with models"
_LINT = "Lint"

KEYS: tuple[Key, ...] = (
    Key(
        name="script_location",
        kind=LOCATION,
        alembic="script_location",
        group=_WHERE,
        also=("directory", "migrations", "migrations_path", "script_directory", "location"),
        doc="The script directory. Its folder `versions` contains the revision files, unless"
        " `version_locations` names others. It may contain custom templates.",
        default='"migrations"',
    ),
    Key(
        name="version_locations",
        kind=LOCATIONS,
        alembic="version_locations",
        group=_WHERE,
        doc="The folders that contain revision files.",
        default="`<script_location>/versions`",
    ),
    Key(
        name="recursive_version_locations",
        kind=BOOLEAN,
        alembic="recursive_version_locations",
        group=_WHERE,
        doc="Also read revision files in subfolders of the version locations; hidden folders are skipped.",
    ),
    Key(
        name="prepend_sys_path",
        kind=FOLDERS,
        alembic="prepend_sys_path",
        group=_WHERE,
        also=("sys_path", "pythonpath", "python_path"),
        doc="Folders to insert at the front of `sys.path` before models, hooks or revisions are imported."
        " In Alembic's files there is no default.",
        default='`["."]`',
    ),
    Key(
        name="sourceless",
        kind=BOOLEAN,
        alembic="sourceless",
        group=_WHERE,
        doc="Accept compiled revisions (`.pyc`) without a source file.",
    ),
    Key(
        name="target_metadata",
        kind=OBJECTS,
        group=_WHERE,
        also=("metadata", "models"),
        doc="The models' `MetaData`, as `module:name`, for autogenerate and `check`."
        ' Several are a list: `["app.models:Base.metadata", "audit.models:metadata"]`.',
    ),
    Key(
        name="hooks",
        kind=MODULE,
        group=_WHERE,
        doc="A module with functions of these names: `include_name`, `include_object`,"
        " `process_revision_directives`, `render_item`, `on_version_apply`, `throttle_backfill`.",
    ),
    Key(
        name="plugins",
        kind=NAMES,
        group=_WHERE,
        doc="Installed plugins to use: they are imported before revisions and may add directives."
        " `asyncmig list_plugins` shows what is installed.",
        default="none",
    ),
    Key(
        name="databases",
        kind=DATABASES,
        alembic="databases",
        group=_WHERE,
        per_database=False,
        doc="One table for each database, chosen with `-n NAME`; its keys override the common ones."
        " See [Several databases](#several-databases).",
        default="none",
    ),
    Key(
        name="url",
        kind=TEXT,
        alembic="sqlalchemy.url",
        group=_CONNECTION,
        also=("sqlalchemy", "sqlalchemy_url", "database_url", "dsn", "db_url", "uri"),
        secret=True,
        doc="The database. See [The URL](#the-url).",
    ),
    Key(
        name="connect_timeout",
        kind=DURATION,
        group=_CONNECTION,
        doc="Timeout of one attempt to connect; 0 is no limit.",
    ),
    Key(
        name="wait_for_database",
        kind=DURATION,
        group=_CONNECTION,
        doc="How long to retry while the server is starting; 0 tries once.",
    ),
    Key(
        name="command_timeout",
        kind=LIMIT,
        group=_CONNECTION,
        doc="asyncpg's timeout for an answer, measured by the client. Prefer `statement_timeout`, which the"
        " server enforces.",
    ),
    Key(
        name="application_name",
        kind=TEXT,
        group=_CONNECTION,
        doc="The name in `pg_stat_activity`, unless the URL gives one.",
    ),
    Key(
        name="sslmode",
        kind=choice(*SSL_MODES),
        group=_CONNECTION,
        also=("ssl",),
        doc="libpq's SSL mode: `disable`, `allow`, `prefer`, `require`, `verify-ca` or"
        " `verify-full`.",
        default='asyncpg\'s: `"prefer"`',
    ),
    Key(
        name="sslrootcert",
        kind=PATH,
        group=_CONNECTION,
        doc="File with the certificates of the authorities (CA) that may sign the server's certificate.",
    ),
    Key(name="sslcert", kind=PATH, group=_CONNECTION, doc="The client's certificate."),
    Key(name="sslkey", kind=PATH, group=_CONNECTION, doc="The key of the client's certificate."),
    Key(
        name="statement_cache_size",
        kind=integer(0),
        group=_CONNECTION,
        doc="Size of asyncpg's cache of prepared statements. It is off by default, because DDL makes cached"
        " statements stale.",
    ),
    Key(
        name="connect_args",
        kind=TABLE,
        alembic="sqlalchemy.connect_args",
        lenient=True,
        group=_CONNECTION,
        secret=True,
        doc="Further keyword arguments for `asyncpg.connect`; they override the URL's arguments and the"
        " keys above.",
        default="`{}`",
    ),
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
        ' rolled back and retried. 0 is no limit; `"none"` keeps the server\'s setting.',
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
        doc="PostgreSQL's `statement_timeout`. 0 is no limit; `\"none\"` keeps the server's setting.",
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
        " time: each takes that part of `backfill_batch_time` (20 ms or more), and a pause follows. 100 does"
        " not look for them.",
    ),
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
    Key(
        name="revision_format",
        kind=choice("python", "sql"),
        group=_WRITING,
        doc="The format of new revisions; `--sql-file` overrides it.",
    ),
    Key(
        name="file_template",
        kind=TEXT,
        alembic="file_template",
        group=_WRITING,
        doc="The name of a new file, without its suffix. Tokens: `%(rev)s`, `%(slug)s`,"
        " `%(epoch)s`, `%(year)d`, `%(month).2d`, `%(day).2d`, `%(hour).2d`, `%(minute).2d`,"
        " `%(second).2d`."
        " A `/` creates folders, which need `recursive_version_locations`.",
    ),
    Key(
        name="timezone",
        kind=TEXT,
        alembic="timezone",
        group=_WRITING,
        doc="The time zone of the creation date and of `file_template`, such as `Europe/Berlin`.",
        default="local time",
    ),
    Key(
        name="truncate_slug_length",
        kind=integer(1),
        alembic="truncate_slug_length",
        group=_WRITING,
        doc="Maximum length of `%(slug)s` in characters; it is cut at the end of a word.",
    ),
    Key(
        name="output_encoding",
        kind=TEXT,
        alembic="output_encoding",
        group=_WRITING,
        doc="The encoding of new files.",
    ),
    Key(
        name="revision_environment",
        kind=BOOLEAN,
        alembic="revision_environment",
        group=_WRITING,
        doc="Alembic's projects: run `env.py` for every `revision`, not for `--autogenerate` only.",
    ),
    Key(
        name="post_write_hooks",
        kind=HOOKS,
        alembic="post_write_hooks",
        group=_WRITING,
        doc="Programs to run over a new file. See [Post-write hooks](#post-write-hooks).",
        default="none",
    ),
    Key(
        name="compare_type",
        kind=BOOLEAN,
        alembic="compare_type",
        lenient=True,
        group=_COMPARING,
        doc="Compare the types of columns.",
    ),
    Key(
        name="compare_server_default",
        kind=BOOLEAN,
        alembic="compare_server_default",
        lenient=True,
        group=_COMPARING,
        doc="Compare the defaults of columns.",
    ),
    Key(
        name="include_schemas",
        kind=BOOLEAN,
        alembic="include_schemas",
        lenient=True,
        group=_COMPARING,
        doc="Compare all schemas, not only the default one and those of the models.",
    ),
    Key(
        name="concurrent_indexes",
        kind=BOOLEAN,
        group=_COMPARING,
        doc="Let `revision --autogenerate` create and drop indexes of existing tables with CONCURRENTLY.",
    ),
    Key(
        name="schema_translate_map",
        kind=SCHEMAS,
        group=_COMPARING,
        doc="The schema to use instead of that of the models, as SQLAlchemy's option of that name; the"
        ' empty key is for models without a schema: `{ "" = "acme", tenant = "acme_data" }`.',
        default="`{}`",
    ),
    Key(
        name="shadow_url",
        kind=TEXT,
        group=_COMPARING,
        secret=True,
        doc="The database in which the models are built for a comparison, or"
        ' `"embedded"` for a private server of the extra `embedded`. `ASYNCMIG_SHADOW_URL` overrides it.'
        " See [Building the models elsewhere](autogenerate.md#building-the-models-elsewhere).",
        default="the database itself",
    ),
    Key(
        name="shadow_cache",
        kind=BOOLEAN,
        group=_COMPARING,
        doc="Cache the models as PostgreSQL prints them in the user's cache folder, so that unchanged models"
        " are not built again.",
    ),
    Key(
        name="managed_entities",
        kind=NAMES,
        group=_COMPARING,
        doc="Kinds of entities whose undeclared objects are dropped, even if none is declared:"
        " `view`, `materialized_view`, `function`, `procedure`, `aggregate`, `trigger`, `policy`,"
        " `row_security`, `rule`, `statistics`, `composite_type`, `event_trigger`, `extension`, `grant`.",
        default="the declared kinds",
    ),
    Key(
        name="lint",
        kind=LINT,
        group=_LINT,
        doc="What `asyncmig lint` reports: `disable`, `enable`, `start_after`, `small_table_rows`, `fail_on`,"
        " `severity`. See [Settings](lint.md#settings).",
        default="`{}`",
    ),
)

BY_NAME = {key.name: key for key in KEYS} | {key.former: key for key in KEYS if key.former}
