"""The contexts that hooks receive."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import inspect, text

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.engine import Connection, Dialect, Inspector
    from sqlalchemy.schema import MetaData, Table

__all__ = ["AutogenContext", "ComparisonContext"]


class ComparisonContext:
    """The part of Alembic's ``MigrationContext`` that exists while models are compared.

    It is the first argument of ``process_revision_directives`` and of the ``compare_*`` functions.

    Args:
        opts: the options, including ``config``, ``script`` and ``environment_context``.
        connect: opens a connection when a hook uses it; None if there is none.
        heads: the rows of the version table.
    """

    as_sql = False
    transactional_ddl = True

    def __init__(
        self,
        opts: Mapping[str, Any],
        *,
        connect: Callable[[], Connection] | None = None,
        heads: Sequence[str] = (),
    ) -> None:
        self.opts: dict[str, Any] = dict(opts)
        self.dialect: Dialect = MigrationDialect()
        self._connect = connect
        self._heads = tuple(heads)

    @cached_property
    def connection(self) -> Connection | None:
        """SQLAlchemy's connection to the compared database, or None."""
        return None if self._connect is None else self._connect()

    def disconnect(self) -> None:
        """Forget the connection, which is closed with its session."""
        self.__dict__.pop("connection", None)
        self._connect = None

    @property
    def bind(self) -> Connection | None:
        """The same as ``connection``."""
        return self.connection

    @property
    def config(self) -> Any:
        """The ``Config`` of Alembic's API."""
        return self.opts.get("config")

    @property
    def script(self) -> Any:
        """The ``ScriptDirectory`` of Alembic's API."""
        return self.opts.get("script")

    @property
    def environment_context(self) -> Any:
        """The ``EnvironmentContext`` of Alembic's API."""
        return self.opts.get("environment_context")

    def is_offline_mode(self) -> bool:
        """False, because a comparison needs a database."""
        return self.as_sql

    def get_current_heads(self) -> tuple[str, ...]:
        """The rows of the version table."""
        return self._heads

    def get_current_revision(self) -> str | None:
        """The row of the version table; None if it is empty or has several."""
        return self._heads[0] if len(self._heads) == 1 else None

    def execute(self, sql: Any, execution_options: dict[str, Any] | None = None) -> None:
        """Run SQL on the connection."""
        connection = self.connection
        if connection is None:
            raise ConfigError("this hook has no connection to execute SQL on")
        statement = text(sql) if isinstance(sql, str) else sql
        connection.execute(statement, execution_options=execution_options)


class AutogenContext:
    """The first argument of renderers and comparators, and an argument of ``render_item``.

    Attributes:
        metadata: the models: one ``MetaData``, or a sequence.
        imports: lines of imports for the script; a hook can add to it.
        opts: the options.
        dialect: SQLAlchemy's for PostgreSQL.
        migration_context: the context of the comparison.
    """

    def __init__(
        self,
        migration_context: ComparisonContext,
        metadata: MetaData | Sequence[MetaData] | None = None,
        *,
        include_name: Callable[..., bool] | None = None,
        include_object: Callable[..., bool] | None = None,
    ) -> None:
        self.migration_context = migration_context
        self.metadata = metadata
        self.opts = migration_context.opts
        self.dialect = migration_context.dialect
        self.imports: set[str] = set()
        self._include_name = include_name
        self._include_object = include_object

    @property
    def connection(self) -> Connection | None:
        """SQLAlchemy's connection to the compared database, or None."""
        return self.migration_context.connection

    @cached_property
    def inspector(self) -> Inspector:
        """SQLAlchemy's reflection of that database.

        Raises:
            TypeError: there is no connection.
        """
        connection = self.connection
        if connection is None:
            raise TypeError("there is no connection to inspect")
        return inspect(connection)

    @property
    def sorted_tables(self) -> list[Table]:
        """The tables of the models, each after those that its foreign keys refer to."""
        return [table for metadata in self._several for table in metadata.sorted_tables]

    @property
    def table_key_to_table(self) -> dict[str, Table]:
        """The tables of the models by key."""
        return {key: table for metadata in self._several for key, table in metadata.tables.items()}

    @property
    def _several(self) -> tuple[MetaData, ...]:
        match self.metadata:
            case None:
                return ()
            case list() | tuple() as several:
                return tuple(several)
            case one:
                return (cast("MetaData", one),)

    def run_name_filters(
        self, name: str | None, type_: str, parent_names: dict[str, str | None]
    ) -> bool:
        """The result of ``include_name`` for a name of the database."""
        return self._include_name is None or bool(self._include_name(name, type_, parent_names))

    def run_object_filters(
        self, object_: Any, name: str | None, type_: str, reflected: bool, compare_to: Any
    ) -> bool:
        """The result of ``include_object`` for an object."""
        return self._include_object is None or bool(
            self._include_object(object_, name, type_, reflected, compare_to)
        )

    run_filters = run_object_filters
