"""Operations as code that Alembic runs as well: its own directives, and ``op.execute`` for the rest."""

from __future__ import annotations

import re
from dataclasses import replace
from textwrap import indent
from typing import TYPE_CHECKING

from sqlalchemy.exc import CompileError

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError
from asyncmig.operations.base.containers import flatten
from asyncmig.operations.directives.enums import AddEnumValueOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.unsupported_change import UnsupportedChangeOp
from asyncmig.plan.model import PhaseKind
from asyncmig.plan.phases import split_phases
from asyncmig.render.code.sql_operations import sql_statements
from asyncmig.render.source.layout import Call, Code, format_code
from asyncmig.render.source.sql_literals import sql_literal
from asyncmig.render.templates.mako import mako_template
from asyncmig.sql.escaping.text_escaping import escape_colons

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.config.settings import Settings
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.render.code.schema_items import ItemWriter
    from asyncmig.sql.statement import Statement

__all__ = ["LIMITED", "AlembicScript", "is_for_alembic"]

LIMITED = {"create_primary_key": frozenset({"schema"})}
"""Directives to which Alembic passes no dialect options, with the keywords that it takes."""

_DIALECT = MigrationDialect()
_IMPORTS_ALEMBIC = re.compile(r"^[ \t]*(?:from|import)[ \t]+alembic\b", re.MULTILINE)


def is_for_alembic(settings: Settings) -> bool:
    """Whether new revisions import Alembic's ``op``, because the project's ``script.py.mako`` does.

    Raises:
        FileError: the template cannot be read. Facts: ``path``.
    """
    return _IMPORTS_ALEMBIC.search(mako_template(settings) or "") is not None


class AlembicScript:
    """The body of ``upgrade`` or ``downgrade`` in a script that Alembic runs as well.

    Args:
        operations: all of them, in order. Alembic has no phases: statements that cannot run in its
            transaction need an ``autocommit_block``.
    """

    def __init__(self, operations: Iterable[MigrateOperation]) -> None:
        statements: list[Statement] = []
        owners: dict[int, MigrateOperation] = {}
        for operation in flatten(operations):
            for statement in _statements(operation):
                statements.append(statement)
                owners[id(statement)] = operation
        # a transaction of Alembic may span several scripts, and a later one may use a new label
        phases = split_phases(statements, separate_enum_values=True)
        self._standalone = {
            id(owners[id(statement)])
            for phase in phases
            if phase.kind is not PhaseKind.TRANSACTION
            for statement in phase.statements
        }

    def lines(
        self, operation: MigrateOperation, code: Code, imports: set[str], items: ItemWriter
    ) -> Iterator[str]:
        """The code of an operation.

        Args:
            operation: the operation.
            code: its code in a script of asyncmig.
            imports: the imports that the script needed before it.
            items: the writer of ``code``.
        """
        calls = [code]
        if not _has_directive(operation, code):
            items.imports.intersection_update(imports)
            repeatable = _repeatable(operation) if id(operation) in self._standalone else operation
            calls = [
                Call.of(
                    items.op("execute"),
                    sql_literal(escape_colons(compiled.sql), items.imports, exact=True),
                )
                for compiled in compile_operation(repeatable, _DIALECT)
            ]
        text = "\n".join(format_code(call) for call in calls)
        if id(operation) in self._standalone:
            yield f"with {items.op('get_context')}().autocommit_block():"
            text = indent(text, "    ")
        yield text


def _has_directive(operation: MigrateOperation, code: Code) -> bool:
    """True for code that Alembic runs as it is."""
    if isinstance(operation, UnsupportedChangeOp) or not isinstance(code, Call):
        return True  # it raises an error
    if isinstance(operation, ExecuteSQLOp) and isinstance(operation.sqltext, str):
        return False  # Alembic takes ``:name`` in it for a parameter
    known = LIMITED.get(operation.directive)
    return operation.in_alembic and (
        known is None or all(name in known for name, _ in code.arguments if name is not None)
    )


def _repeatable(operation: MigrateOperation) -> MigrateOperation:
    """The operation without an error where it is already committed, because a failed script runs again."""
    if isinstance(operation, AddEnumValueOp):
        return replace(operation, if_not_exists=True)
    return operation


def _statements(operation: MigrateOperation) -> list[Statement]:
    try:
        return list(sql_statements(operation))
    except (DirectiveError, CompileError):
        return []  # an operation of the user, which a renderer of the user writes
