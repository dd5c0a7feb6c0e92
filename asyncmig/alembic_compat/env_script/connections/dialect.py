"""SQLAlchemy dialects of the engines that an ``env.py`` makes: psycopg2's habits, asyncpg's connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import registry
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

from asyncmig.alembic_compat.psycopg2_compat.dialect import LenientDialect

if TYPE_CHECKING:
    from asyncmig.alembic_compat.env_script.connections.connecting import Connector
    from asyncmig.alembic_compat.env_script.connections.dbapi import EnvConnection

__all__ = ["ASYNC_DRIVER", "SYNC_DRIVER", "EnvDialect", "register_dialects"]

SYNC_DRIVER = "postgresql+asyncmig_env"
ASYNC_DRIVER = "postgresql+asyncmig_env_async"


class EnvDialect(LenientDialect):
    """The dialect of ``create_engine`` in an ``env.py``.

    Args:
        asyncmig_connector: makes the connections.
        kwargs: what SQLAlchemy's own dialects take. psycopg2's settings of how it executes many rows and
            encodes text are accepted, for they change no result.
    """

    driver = "psycopg2"
    is_async = False
    supports_statement_cache = True

    def __init__(
        self,
        asyncmig_connector: Connector,
        executemany_mode: Any = None,
        executemany_batch_page_size: Any = None,
        executemany_values_page_size: Any = None,
        use_native_hstore: Any = None,
        client_encoding: Any = None,
        dbapi: Any = None,
        paramstyle: Any = None,
        **kwargs: Any,
    ) -> None:
        del executemany_mode, executemany_batch_page_size, executemany_values_page_size
        del use_native_hstore, client_encoding, dbapi, paramstyle
        super().__init__((14, 0), **kwargs)
        self._connector = asyncmig_connector
        self._schema: str | None = None
        self._first: EnvConnection | None = None
        self._schema_is_read = False

    @classmethod
    def import_dbapi(cls) -> Any:
        """No driver has to be installed."""
        from asyncmig.alembic_compat.psycopg2_compat.driver import DriverModule

        return DriverModule

    def create_connect_args(self, url: Any) -> Any:
        """The URL as libpq's keywords, which ``do_connect`` listeners may change."""
        names = url.translate_connect_args(username="user", database="dbname")
        query = dict(url.query)
        if isinstance(hosts := query.get("host"), tuple):
            # several servers, each perhaps with its port
            pairs = [host.partition(":") for host in hosts]
            query["host"] = ",".join(host for host, _, _ in pairs)
            if any(port for _, _, port in pairs):
                query["port"] = ",".join(port or "5432" for _, _, port in pairs)
        return ([], {**names, **query})

    def connect(self, *cargs: Any, **cparams: Any) -> Any:
        """Connect."""
        return self._connector.connect(self, cargs, cparams)

    def initialize(self, connection: Any) -> None:
        """Ask the server for nothing that the driver knows."""
        first: EnvConnection = connection.connection.dbapi_connection
        self._first, self._server_version = first, first.version
        super().initialize(connection)  # type: ignore[no-untyped-call]  # SQLAlchemy's

    def _get_default_schema_name(self, connection: Any) -> Any:
        del connection
        return None

    def _get_server_version_info(self, connection: Any) -> tuple[int, ...]:
        found: EnvConnection = connection.connection.dbapi_connection
        return found.version

    @property  # read from the server when it is first asked for
    def default_schema_name(self) -> str | None:
        """The schema that was the first of the search path when the first connection was made."""
        self.read_default_schema()
        return self._schema

    @default_schema_name.setter  # SQLAlchemy declares an attribute, which cannot be read on demand
    def default_schema_name(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, name: str | None
    ) -> None:
        # SQLAlchemy sets what `_get_default_schema_name` gave; other values are the user's
        if name is not None:
            self._schema, self._schema_is_read = name, True

    def read_default_schema(self) -> None:
        """Ask the server, before a statement changes the search path."""
        first = self._first
        if self._schema_is_read or first is None or first.is_gone:
            return
        self._schema_is_read = True
        self._schema = first.wait(
            lambda: first.driver_connection.fetchval("SELECT pg_catalog.current_schema()")
        )

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        """What was asked for."""
        if dbapi_connection.autocommit:
            return "AUTOCOMMIT"
        return dbapi_connection.isolation or "READ COMMITTED"

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """For the transactions to come."""
        dbapi_connection.set_isolation_level(level)

    def reset_isolation_level(self, dbapi_conn: Any) -> None:
        """As it was when the connection was made."""
        dbapi_conn.set_isolation_level(self._on_connect_isolation_level or "READ COMMITTED")

    def set_readonly(self, connection: Any, value: Any) -> None:
        """The execution option ``postgresql_readonly``."""
        connection.readonly = value

    def get_readonly(self, connection: Any) -> Any:
        """See ``set_readonly``."""
        return bool(connection.readonly)

    def set_deferrable(self, connection: Any, value: Any) -> None:
        """The execution option ``postgresql_deferrable``; refused where it asks for something."""
        connection.set_session(deferrable=value)

    def get_deferrable(self, connection: Any) -> Any:
        """See ``set_deferrable``."""
        del connection
        return False

    def get_driver_connection(self, connection: Any) -> Any:
        """The connection with psycopg2's methods."""
        return connection

    @classmethod
    def get_pool_class(cls, url: Any) -> Any:
        """SQLAlchemy's default for PostgreSQL."""
        del url
        return AsyncAdaptedQueuePool if cls.is_async else QueuePool

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Ask the server, as ``pool_pre_ping`` wants it."""
        dbapi_connection.ping()
        return True

    def do_terminate(self, dbapi_connection: Any) -> None:
        """Drop the connection."""
        dbapi_connection.terminate()


class EnvAsyncDialect(EnvDialect):
    """The dialect of ``create_async_engine`` in an ``env.py`` for other drivers than asyncpg."""

    driver = "psycopg_async"
    is_async = True
    supports_statement_cache = True
    has_terminate = True


def register_dialects() -> None:
    """Let ``create_engine`` find both dialects by the names that no user writes."""
    for url, name in ((SYNC_DRIVER, "EnvDialect"), (ASYNC_DRIVER, "EnvAsyncDialect")):
        registry.register(url.replace("+", "."), __name__, name)
