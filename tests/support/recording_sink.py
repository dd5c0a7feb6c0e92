"""A sink that keeps what directives say, for tests without a database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import NeedsDatabaseError
from asyncmig.operations.facade import Operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy.schema import MetaData

    from asyncmig.ddl.compiled import CompiledSql
    from asyncmig.operations.base.operation import MigrateOperation


class RecordingSink:
    """Implements ``asyncmig.operations.base.sink.Sink`` without a plan or an engine."""

    def __init__(
        self,
        *,
        offline: bool = False,
        target_metadata: MetaData | None = None,
        options: Mapping[str, Any] | None = None,
        server_version: tuple[int, ...] | None = None,
    ) -> None:
        self.offline = offline
        self.dialect = MigrationDialect(server_version)
        self.target_metadata = target_metadata
        self.options: Mapping[str, Any] = options or {}
        self.operations: list[MigrateOperation] = []
        self.statements: list[CompiledSql] = []
        self.log: list[str] = []

    @property
    def sql(self) -> list[str]:
        return [statement.sql for statement in self.statements]

    def perform(self, operation: MigrateOperation) -> None:
        self.operations.append(operation)
        self.statements.extend(compile_operation(operation, self.dialect))

    @contextmanager
    def autocommit(self) -> Iterator[None]:
        self.log.append("autocommit begins")
        yield
        self.log.append("autocommit ends")

    def bind(self) -> Any:
        raise NeedsDatabaseError("no database here")

    async def driver(self) -> Any:
        return "the asyncpg connection"

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        return [query, *args]

    def run_async(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return ("awaited", function, args, kwargs)


def record(script: Callable[[Operations], Any], **options: Any) -> RecordingSink:
    """Run a script and give what it said."""
    sink = RecordingSink(**options)
    script(Operations(sink))
    return sink


def sql_of(script: Callable[[Operations], Any], **options: Any) -> list[str]:
    """The statements of a script."""
    return record(script, **options).sql
