"""The one table of keys: the loader, the error messages and the reference in the docs read it."""

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
        field: the field of ``Settings``; None when it is the same as ``name``.
        kind: the kind of its value.
        doc: what it means, for the reference.
        group: the heading it stands under there.
        default: how the reference puts the default where ``Settings`` does not say it itself.
        alembic: the name in Alembic's own files; None when it means nothing there.
        former: an earlier name, which files may still have.
        also: what other tools call it, so that a message can point here.
        lenient: in Alembic's files a value that does not parse is a user's own option.
        per_database: may stand in a database's table as well.
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


_WHERE = "Where things are"
_CONNECTION = "Connection"
_BOOKKEEPING = "Bookkeeping tables"
_EXECUTION = "Execution"
_WRITING = "New revision files"
_COMPARING = "Comparing with models"

KEYS: tuple[Key, ...] = (
    Key(
        name="script_location",
        kind=LOCATION,
        alembic="script_location",
        group=_WHERE,
        also=("directory", "migrations", "migrations_path", "script_directory", "location"),
        doc="The script directory. Its `versions` folder holds the revision files unless"
        " `version_locations` says otherwise; templates of your own lie in it.",
        default='"migrations"',
    ),
    Key(
        name="version_locations",
        kind=LOCATIONS,
        alembic="version_locations",
        group=_WHERE,
        doc="The folders that hold revision files, when they are others than"
        " `<script_location>/versions`.",
        default="`<script_location>/versions`",
    ),
    Key(
        name="recursive_version_locations",
        kind=BOOLEAN,
        alembic="recursive_version_locations",
        group=_WHERE,
        doc="Read revision files in subfolders of the version locations too.",
    ),
    Key(
        name="prepend_sys_path",
        kind=FOLDERS,
        alembic="prepend_sys_path",
        group=_WHERE,
        also=("sys_path", "pythonpath", "python_path"),
        doc="Folders put in front of `sys.path` before models, hooks or revisions are imported."
        " In Alembic's files the default is none.",
        default='`["."]`',
    ),
    Key(
        name="sourceless",
        kind=BOOLEAN,
        alembic="sourceless",
        group=_WHERE,
        doc="Accept compiled revisions (`.pyc`) whose source file is gone.",
    ),
    Key(
        name="target_metadata",
        kind=OBJECTS,
        group=_WHERE,
        also=("metadata", "models"),
        doc="The models' `MetaData`, as `module:name`, for autogenerate and `check`."
        ' Several make a list: `["app.models:Base.metadata", "audit.models:metadata"]`.',
    ),
    Key(
        name="hooks",
        kind=MODULE,
        group=_WHERE,
        doc="A module whose functions carry the known names: `include_name`, `include_object`,"
        " `process_revision_directives`, `render_item`, `on_version_apply`.",
    ),
    Key(
        name="plugins",
        kind=NAMES,
        group=_WHERE,
        doc="Installed plugins to use: they are imported before revisions and may bring directives."
        " `asyncmig list_plugins` shows what is installed.",
        default="none",
    ),
    Key(
        name="databases",
        kind=DATABASES,
        alembic="databases",
        group=_WHERE,
        per_database=False,
        doc="One table for each database, chosen with `-n NAME`; what it says goes before the"
        " common keys. See [Several databases](#several-databases).",
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
        doc="How long one attempt to connect may take; 0 is no limit.",
    ),
    Key(
        name="wait_for_database",
        kind=DURATION,
        group=_CONNECTION,
        doc="How long to go on trying while the server is still starting; 0 tries once.",
    ),
    Key(
        name="command_timeout",
        kind=LIMIT,
        group=_CONNECTION,
        doc="asyncpg's limit on waiting for an answer. It counts on our side;"
        " prefer `statement_timeout`, which the server keeps.",
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
        doc="The certificates of the authorities that may sign the server's.",
    ),
    Key(name="sslcert", kind=PATH, group=_CONNECTION, doc="The client's certificate."),
    Key(name="sslkey", kind=PATH, group=_CONNECTION, doc="The key of the client's certificate."),
    Key(
        name="statement_cache_size",
        kind=integer(0),
        group=_CONNECTION,
        doc="asyncpg's cache of prepared statements. DDL makes cached statements stale, so there is"
        " none by default.",
    ),
    Key(
        name="connect_args",
        kind=TABLE,
        alembic="sqlalchemy.connect_args",
        lenient=True,
        group=_CONNECTION,
        secret=True,
        doc="More keyword arguments for `asyncpg.connect`; they go before the URL's arguments and"
        " before the keys above.",
        default="`{}`",
    ),
    Key(
        name="role",
        kind=TEXT,
        group=_EXECUTION,
        doc="`SET ROLE` to this before anything else, so that it owns what is created.",
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
        doc="False runs every statement on its own, without transactions.",
    ),
    Key(
        name="lock",
        kind=BOOLEAN,
        group=_EXECUTION,
        doc="Take the lock that lets only one runner work at a time.",
    ),
    Key(
        name="lock_wait",
        kind=LIMIT,
        group=_EXECUTION,
        doc='How long to wait while another runner holds that lock; `"none"` waits for ever.',
    ),
    Key(
        name="lock_timeout",
        kind=LIMIT,
        group=_EXECUTION,
        doc="PostgreSQL's `lock_timeout`: how long a statement may wait for a table's lock before"
        ' its phase is rolled back and tried again. 0 is no limit; `"none"` leaves the server\'s.',
    ),
    Key(
        name="lock_retries",
        kind=integer(0),
        group=_EXECUTION,
        doc="How often a phase that failed on a lock, a deadlock or a serialization failure is tried"
        " again. The first tries wait a tenth of a second, later ones longer, the last `lock_timeout`.",
    ),
    Key(
        name="statement_timeout",
        kind=LIMIT,
        group=_EXECUTION,
        doc="PostgreSQL's `statement_timeout`. 0 is no limit; `\"none\"` leaves the server's.",
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
        doc="The schema of the version table and of the journal; it has to be there.",
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
        doc="Keep the journal: what ran, when, by whom, how long. Without it a run that died cannot"
        " be continued, and a database ahead of the code is not recognised.",
    ),
    Key(
        name="journal_table",
        kind=TEXT,
        group=_BOOKKEEPING,
        doc="The table of the journal, beside the version table.",
    ),
    Key(
        name="revision_format",
        kind=choice("python", "sql"),
        group=_WRITING,
        doc="The language that `asyncmig revision` writes; `--sql-file` asks for one SQL file.",
    ),
    Key(
        name="file_template",
        kind=TEXT,
        alembic="file_template",
        group=_WRITING,
        doc="The name of a new file, without its ending. Tokens: `%(rev)s`, `%(slug)s`,"
        " `%(epoch)s`, `%(year)d`, `%(month).2d`, `%(day).2d`, `%(hour).2d`, `%(minute).2d`,"
        " `%(second).2d`."
        " A `/` makes folders, which need `recursive_version_locations`.",
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
        doc="The longest `%(slug)s`, in characters; it is cut at the end of a word.",
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
        doc="Programs run over a new file. See [Post-write hooks](#post-write-hooks).",
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
        doc="Compare every schema, not only the default one and those of the models.",
    ),
    Key(
        name="concurrent_indexes",
        kind=BOOLEAN,
        group=_COMPARING,
        doc="Let `revision --autogenerate` build and drop indexes of existing tables with CONCURRENTLY.",
    ),
    Key(
        name="schema_translate_map",
        kind=SCHEMAS,
        group=_COMPARING,
        doc="The schema to take instead of one that the models name, as SQLAlchemy's option of that name;"
        ' the empty key stands for models without a schema: `{ "" = "acme", tenant = "acme_data" }`.',
        default="`{}`",
    ),
    Key(
        name="shadow_url",
        kind=TEXT,
        group=_COMPARING,
        secret=True,
        doc="Where the models are built to be compared: a database that may be written to, or"
        ' `"embedded"` for a private server of the extra `embedded`. `ASYNCMIG_SHADOW_URL` goes before it.'
        " See [Building the models elsewhere](autogenerate.md#building-the-models-elsewhere).",
        default="the database itself",
    ),
    Key(
        name="shadow_cache",
        kind=BOOLEAN,
        group=_COMPARING,
        doc="Keep what PostgreSQL printed for the models in the user's cache folder, so that unchanged"
        " models are not built again.",
    ),
    Key(
        name="managed_entities",
        kind=NAMES,
        group=_COMPARING,
        doc="Kinds of entities of which undeclared ones are dropped, also where none is declared:"
        " `view`, `materialized_view`, `function`, `procedure`, `aggregate`, `trigger`, `policy`,"
        " `row_security`, `rule`, `statistics`, `composite_type`, `extension`, `grant`.",
        default="the declared kinds",
    ),
)

BY_NAME = {key.name: key for key in KEYS} | {key.former: key for key in KEYS if key.former}
