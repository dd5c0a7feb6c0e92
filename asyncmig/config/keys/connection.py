"""Keys of the connection."""

from __future__ import annotations

from asyncmig.config.keys.key import Key
from asyncmig.config.settings import SSL_MODES
from asyncmig.config.value_types import (
    DURATION,
    LIMIT,
    PATH,
    TABLE,
    TEXT,
    choice,
    integer,
)

__all__ = ["CONNECTION"]

_CONNECTION = "Connection"

CONNECTION: tuple[Key, ...] = (
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
        doc="Timeout of one attempt to connect; 0 means no limit.",
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
)
