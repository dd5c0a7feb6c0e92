"""``alembic.migration`` and ``alembic.runtime.migration``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations import context
from asyncmig.operations.op_proxy import current

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from asyncmig.alembic_compat.version_rows import StandaloneContext

__all__ = ["MigrationContext"]


class _Kind(type):
    """Makes ``isinstance(op.get_context(), MigrationContext)`` true."""

    def __instancecheck__(cls, instance: object) -> bool:
        from asyncmig.alembic_compat.version_rows import StandaloneContext

        return isinstance(instance, context.MigrationContext | StandaloneContext)


class MigrationContext(metaclass=_Kind):
    """The way to a context that is not ``op.get_context()``."""

    @classmethod
    def configure(
        cls,
        connection: Connection | None = None,
        url: Any = None,
        dialect_name: str | None = None,
        dialect: Any = None,
        environment_context: Any = None,
        dialect_opts: dict[str, Any] | None = None,
        opts: dict[str, Any] | None = None,
    ) -> context.MigrationContext | StandaloneContext:
        """The context of the running script, or one that reads a version table.

        Args:
            connection: where the version table is.
            url: without effect, like the arguments below.
            dialect_name: without effect.
            dialect: without effect.
            environment_context: without effect.
            dialect_opts: without effect.
            opts: ``version_table`` and ``version_table_schema``, and what else a caller reads.
        """
        del url, dialect_name, dialect, environment_context, dialect_opts
        from asyncmig.alembic_compat.version_rows import StandaloneContext
        from asyncmig.errors import ScriptError

        try:
            running = current()
        except ScriptError:
            return StandaloneContext(connection, opts or {})
        return running.get_context()
