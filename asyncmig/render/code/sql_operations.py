"""Operations as a section of a SQL revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.base.containers import flatten
from asyncmig.plan.model import PhaseKind
from asyncmig.plan.phases import split_phases
from asyncmig.render.source.comments import comment_lines
from asyncmig.render.warnings.script_scope import ScriptScope
from asyncmig.render.warnings.warnings import review_warnings
from asyncmig.sql.backfills.parse import backfill_mark
from asyncmig.sql.classify import classify
from asyncmig.sql.escaping.carriage_returns import escape_carriage_returns
from asyncmig.sql.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.plan.model import Phase

__all__ = ["render_sql", "sql_statements"]

_DIALECT = MigrationDialect()


def render_sql(operations: Iterable[MigrateOperation]) -> str:
    """SQL with phases where PostgreSQL requires a commit; empty for no operations.

    Args:
        operations: in order; they need no database.

    Raises:
        DirectiveError: an operation cannot become SQL.
    """
    comments: dict[int, str] = {}
    statements: list[Statement] = []
    all_operations = list(flatten(operations))
    script = ScriptScope.of(all_operations)
    for operation in all_operations:
        comment = "\n".join(comment_lines(review_warnings(operation, script), mark="--"))
        for statement in sql_statements(operation):
            statements.append(statement)
            if comment:
                comments[id(statement)] = comment
                comment = ""
    return "\n".join(_lines(statements, comments))


def sql_statements(operation: MigrateOperation) -> Iterator[Statement]:
    """The statements of an operation, as they are split into phases.

    Raises:
        DirectiveError: the operation cannot become SQL.
    """
    for compiled in compile_operation(operation, _DIALECT):
        facts = classify(compiled.sql)
        yield Statement(
            sql=escape_carriage_returns(compiled.sql),
            transactional=facts.transactional
            and not (compiled.autocommit or operation.in_autocommit),
            enum_label=facts.enum_label,
            backfill=compiled.backfill,
        )


def _lines(statements: list[Statement], comments: dict[int, str]) -> Iterator[str]:
    kind = PhaseKind.TRANSACTION
    first = True
    for phase in split_phases(statements):
        if phase.kind is not kind or kind is PhaseKind.BACKFILL:
            kind = phase.kind
            yield _mark(phase) if first else f"\n{_mark(phase)}"
        first = False
        for statement in phase.statements:
            comment = comments.get(id(statement))
            if comment is not None:
                yield comment
            yield f"{statement.sql};"


def _mark(phase: Phase) -> str:
    definition = phase.statements[0].backfill
    return f"-- phase: {phase.kind}" if definition is None else backfill_mark(definition)
