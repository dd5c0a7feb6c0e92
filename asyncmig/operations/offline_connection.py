"""``op.get_bind()`` in offline mode: a connection that records statements and has no results."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, NoReturn, Self

from sqlalchemy.engine import Connection

from asyncmig.errors import NeedsDatabaseError
from asyncmig.operations.directives.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.sql import Executable

    from asyncmig.operations.base.directives import Directives
    from asyncmig.operations.base.sink import Sink

__all__ = ["OfflineConnection"]


OLDEST_SERVER = (14,)


class OfflineConnection(Connection):
    """A connection for scripts that only write, so that they also work in offline mode.

    ``connection.execute(...)`` and ``metadata.create_all(connection)`` write their SQL; reading a
    result raises an error that names the line.
    """

    def __init__(self, operations: Directives, sink: Sink) -> None:
        self._operations = operations
        self._sink = sink
        self.dialect = copy(sink.dialect)
        # reflection asks for it before its first query, which then names the script's line
        self.dialect.server_version_info = self.dialect.server_version_info or OLDEST_SERVER

    def __repr__(self) -> str:
        return "<OfflineConnection: a script for psql is written>"

    @property
    def engine(self) -> OfflineConnection:  # type: ignore[override]  # as SQLAlchemy's own mock
        """The connection itself: scripts ask the engine for its dialect."""
        return self

    @property
    def closed(self) -> bool:
        """Always False."""
        return False

    @property
    def invalidated(self) -> bool:
        """Always False."""
        return False

    def execute(  # type: ignore[override]  # there are no rows to type
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        *,
        execution_options: Mapping[str, Any] | None = None,
    ) -> NoResult:
        """Write a statement, once for each set of parameters."""
        many: Sequence[Mapping[str, Any] | None] = [None]
        if isinstance(parameters, Mapping):
            many = [parameters]
        elif parameters:
            many = parameters
        for values in many:
            self._operations.invoke(
                ExecuteSQLOp(
                    statement,
                    execution_options=dict(execution_options or {}),
                    parameters=values,
                )
            )
        return NoResult(self._sink)

    def exec_driver_sql(  # type: ignore[override]  # there are no rows to type
        self,
        statement: str,
        parameters: Any = None,
        execution_options: Mapping[str, Any] | None = None,
    ) -> NoResult:
        """Write a statement as it is; parameters, which only a driver can bind, are refused."""
        if parameters:
            self._sink.bind()
        self._operations.invoke(
            ExecuteSQLOp(statement, execution_options=dict(execution_options or {}))
        )
        return NoResult(self._sink)

    def scalar(self, *_: Any, **__: Any) -> NoReturn:
        """Raise the error of ``NoResult``."""
        NoResult(self._sink).raise_error()

    def scalars(self, *_: Any, **__: Any) -> NoReturn:
        """Raise the error of ``NoResult``."""
        NoResult(self._sink).raise_error()

    def execution_options(self, **_: Any) -> OfflineConnection:
        """Accepted without effect."""
        return self

    def get_execution_options(self) -> Any:
        """Always empty."""
        return {}

    def schema_for_object(self, obj: Any) -> str | None:
        """The schema as it was declared."""
        schema: str | None = obj.schema
        return schema

    def begin(self) -> Any:
        """The revision's transaction is written by the runner."""
        return _NoTransaction()

    def begin_nested(self) -> Any:
        """No SAVEPOINT is written: in offline mode no error is caught that would roll it back."""
        return _NoTransaction()

    def commit(self) -> None:
        """The revision's transaction is written by the runner."""

    def rollback(self) -> None:
        """Without effect: nothing has been sent."""

    def close(self) -> None:
        """Without effect."""

    def in_transaction(self) -> bool:
        """Always True: the script for psql has a transaction for each revision."""
        return True

    def get_transaction(self) -> Any:
        """The revision's transaction is written by the runner; an ORM session joins it."""
        return _NoTransaction()

    def _get_required_transaction(self) -> Any:
        return _NoTransaction()

    def in_nested_transaction(self) -> bool:
        """Always False."""
        return False

    def get_nested_transaction(self) -> Any:
        """Always None."""
        return None

    def connect(self) -> OfflineConnection:
        """The connection itself."""
        return self

    def _run_ddl_visitor(self, visitorcallable: Any, element: Any, **kwargs: Any) -> None:
        """CREATE and DROP of schema objects, without the check for existing ones."""
        kwargs["checkfirst"] = False
        visitorcallable(dialect=self.dialect, connection=self, **kwargs).traverse_single(element)


class NoResult:
    """The result of a statement that was only written."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def raise_error(self) -> NoReturn:
        """Raise the error that names the line."""
        self._sink.bind()
        raise NeedsDatabaseError(
            "a result is read, and a script for psql has no results",
            hint="guard it with `if not op.get_context().as_sql:`, or run this revision online",
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.raise_error()

    def __iter__(self) -> NoReturn:
        self.raise_error()

    def __bool__(self) -> bool:
        return True


class _NoTransaction:
    """A transaction object without effect."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def commit(self) -> None:
        return

    def rollback(self) -> None:
        return

    def close(self) -> None:
        return
