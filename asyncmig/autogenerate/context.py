"""What hooks are told of the comparison that they are part of."""

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
    """As much of a migration context as there is while models are compared.

    ``process_revision_directives`` and the ``compare_*`` functions get it first.

    Args:
        opts: what was configured; ``config``, ``script`` and ``environment_context`` among it.
        connect: gives the connection, and is called when somebody asks for it; None where there is
            none to give.
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
        """SQLAlchemy's connection to the database that is compared; None where there is none."""
        return None if self._connect is None else self._connect()

    def disconnect(self) -> None:
        """Forget the connection: it is the session's, which is about to end."""
        self.__dict__.pop("connection", None)
        self._connect = None

    @property
    def bind(self) -> Connection | None:
        """The same as ``connection``."""
        return self.connection

    @property
    def config(self) -> Any:
        """The configuration object of Alembic's kind."""
        return self.opts.get("config")

    @property
    def script(self) -> Any:
        """The script directory of Alembic's kind."""
        return self.opts.get("script")

    @property
    def environment_context(self) -> Any:
        """The environment context of Alembic's kind."""
        return self.opts.get("environment_context")

    def is_offline_mode(self) -> bool:
        """False: comparing takes a database."""
        return self.as_sql

    def get_current_heads(self) -> tuple[str, ...]:
        """The rows of the version table."""
        return self._heads

    def get_current_revision(self) -> str | None:
        """The one row of the version table; None when it is empty or has several."""
        return self._heads[0] if len(self._heads) == 1 else None

    def execute(self, sql: Any, execution_options: dict[str, Any] | None = None) -> None:
        """Run SQL on the connection."""
        connection = self.connection
        if connection is None:
            raise ConfigError("there is no connection to execute SQL on in this hook")
        statement = text(sql) if isinstance(sql, str) else sql
        connection.execute(statement, execution_options=execution_options)


class AutogenContext:
    """What renderers, comparators and ``render_item`` get.

    Attributes:
        metadata: the models: one ``MetaData``, or a sequence.
        imports: lines for the top of the script; a hook may add to it.
        opts: what was configured.
        dialect: SQLAlchemy's for PostgreSQL.
        migration_context: of the comparison.
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
        """SQLAlchemy's connection to the database that is compared; None where there is none."""
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
        """The models' tables, each after those that it points to."""
        return [table for metadata in self._several for table in metadata.sorted_tables]

    @property
    def table_key_to_table(self) -> dict[str, Table]:
        """The models' tables by their keys."""
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
        """What ``include_name`` says of a name of the database."""
        return self._include_name is None or bool(self._include_name(name, type_, parent_names))

    def run_object_filters(
        self, object_: Any, name: str | None, type_: str, reflected: bool, compare_to: Any
    ) -> bool:
        """What ``include_object`` says of an object."""
        return self._include_object is None or bool(
            self._include_object(object_, name, type_, reflected, compare_to)
        )

    run_filters = run_object_filters
