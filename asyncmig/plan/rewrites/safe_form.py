"""The values of a rewrite: the phases that replace a directive, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.sql.default_names import default_name
from asyncmig.sql.escaping.text_escaping import escape_backslashes
from asyncmig.sql.lexer import identifier_value
from asyncmig.sql.reader import Reader, SqlName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.schema import Constraint

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.plan.rewrites.facts import ScriptFacts

__all__ = ["NotRewritten", "Rewrite", "RewriteContext", "SafeForm", "raw_sql"]


@dataclass(frozen=True, slots=True)
class SafeForm:
    """The operations that replace a directive; each phase is committed before the next begins."""

    phases: tuple[tuple[MigrateOperation, ...], ...]


@dataclass(frozen=True, slots=True)
class NotRewritten:
    """A directive that keeps its plain form, and why; the plan shows it."""

    reason: str


@dataclass(frozen=True, slots=True)
class RewriteContext:
    """What a rewrite has beside its operation.

    Attributes:
        compilation: names and expressions as SQL.
        facts: of the plan and of the database.
        rewrite: rewrites another operation; for an operation that consists of several.
    """

    compilation: Compilation
    facts: ScriptFacts
    rewrite: Callable[[MigrateOperation], SafeForm | NotRewritten | None]

    def relation(self, name: str, schema: str | None) -> SqlName:
        """A relation as the catalogs name it, in the schema that the run uses."""
        text = self.compilation.qualified(name, self.compilation.translate_schema(schema))
        return Reader(text).name() or SqlName(schema, name)

    def alter_table(self, name: str, schema: str | None) -> str:
        """The beginning of ALTER TABLE, in the schema that the run uses."""
        return self.compilation.alter_table(name, self.compilation.translate_schema(schema))

    def constraint_name(self, constraint: Constraint) -> str | None:
        """The name of a constraint, by itself or by the naming convention; None leaves it to PostgreSQL."""
        if constraint.name is None:
            return None
        text = self.compilation.preparer.format_constraint(constraint)
        return identifier_value(text) if text else None

    def key_name(
        self, constraint: Constraint, table: str, columns: Sequence[str], label: str
    ) -> str:
        """The name of a key as the plain form gives it: its own, or the one that PostgreSQL chooses."""
        joined = "" if label == "pkey" else "_".join(columns)
        return self.constraint_name(constraint) or default_name(table, joined, label)


Rewrite: TypeAlias = Callable[[Any, RewriteContext], SafeForm | NotRewritten | None]
"""The rewrite of one class of operations; None where the plain form needs none."""


def raw_sql(sql: str) -> ExecuteSQLOp:
    """SQL for which there is no directive."""
    return ExecuteSQLOp(escape_backslashes(sql))
