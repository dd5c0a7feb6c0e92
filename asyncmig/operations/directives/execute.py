"""Raw SQL and SQLAlchemy statements: ``execute``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.sql import Executable

__all__ = ["ExecuteDirectives", "ExecuteSQLOp"]


@dataclass(eq=False, repr=False)
class ExecuteSQLOp(MigrateOperation, directive="execute", in_alembic=True):
    """Any SQL; its result is ignored."""

    sqltext: Executable | str
    _: KW_ONLY
    execution_options: dict[str, Any] | None = None
    parameters: Mapping[str, Any] | None = None

    def to_diff_tuple(self) -> tuple[str, Executable | str]:
        """The tuple of ``compare_metadata``."""
        return ("execute", self.sqltext)


class ExecuteDirectives(Directives):
    """Directive for SQL of any kind."""

    def execute(
        self, sqltext: Executable | str, *, execution_options: dict[str, Any] | None = None
    ) -> None:
        r"""Execute SQL; there is no result (``get_bind`` and ``fetch`` have one).

        A string may hold several statements, dollar quotes and comments; it is sent as written, except
        for ``\:``, which becomes ``:``. Values of ``text()`` with binds and of ``insert``,
        ``update`` and ``delete`` become literals of their type.

        Args:
            sqltext: a string, ``sa.text(...)``, or any SQLAlchemy statement or DDL.
            execution_options: ``isolation_level="AUTOCOMMIT"`` commits each statement on its own;
                ``schema_translate_map`` is applied.

        Example::

            op.execute("UPDATE book SET pages = 0 WHERE pages IS NULL")
            op.execute(sa.text("DELETE FROM book WHERE isbn = :isbn").bindparams(isbn="n/a"))
        """
        self.invoke(ExecuteSQLOp(sqltext, execution_options=execution_options))
