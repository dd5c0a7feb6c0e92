"""Operations as a section of a SQL revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.plan.model import PhaseKind
from asyncmig.plan.phases import split_phases
from asyncmig.render.source.comments import comment_lines
from asyncmig.render.warnings.script_scope import ScriptScope, flat
from asyncmig.render.warnings.warnings import review_warnings
from asyncmig.sql.carriage_returns import escape_carriage_returns
from asyncmig.sql.classify import classify
from asyncmig.sql.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["render_sql"]


def render_sql(operations: Iterable[MigrateOperation]) -> str:
    """SQL with phases where PostgreSQL requires a commit; empty for no operations.

    Args:
        operations: in order; they need no database.

    Raises:
        DirectiveError: an operation cannot become SQL.
    """
    dialect = MigrationDialect()
    remarked: dict[int, str] = {}
    statements: list[Statement] = []
    listed = list(flat(operations))
    script = ScriptScope.of(listed)
    for operation in listed:
        remark = "\n".join(comment_lines(review_warnings(operation, script), mark="--"))
        for compiled in compile_operation(operation, dialect):
            facts = classify(compiled.sql)
            statement = Statement(
                sql=escape_carriage_returns(compiled.sql),
                transactional=facts.transactional and not compiled.autocommit,
                enum_label=facts.enum_label,
            )
            statements.append(statement)
            if remark:
                remarked[id(statement)] = remark
                remark = ""
    return "\n".join(_lines(statements, remarked))


def _lines(statements: list[Statement], remarked: dict[int, str]) -> Iterator[str]:
    kind = PhaseKind.TRANSACTION
    first = True
    for phase in split_phases(statements):
        if phase.kind is not kind:
            kind = phase.kind
            yield f"-- phase: {kind}" if first else f"\n-- phase: {kind}"
        first = False
        for statement in phase.statements:
            remark = remarked.get(id(statement))
            if remark is not None:
                yield remark
            yield f"{statement.sql};"
