"""Operations as the scripts of a project that Alembic runs, too: its own directives, and SQL for the rest."""

from __future__ import annotations

import re
from dataclasses import replace
from textwrap import indent
from typing import TYPE_CHECKING

from sqlalchemy.exc import CompileError

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError
from asyncmig.operations.base.containers import OpContainer
from asyncmig.operations.directives.enums import AddEnumValueOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.unsupported_change import UnsupportedChangeOp
from asyncmig.plan.model import PhaseKind
from asyncmig.plan.phases import split_phases
from asyncmig.render.files.text import mako_template
from asyncmig.render.source.layout import Call, Code, laid_out
from asyncmig.render.source.sql_literals import sql_text
from asyncmig.sql.classify import classify
from asyncmig.sql.statement import Statement
from asyncmig.sql.text_escaping import escape_colons

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.config.settings import Settings
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.render.code.schema_items import ItemWriter

__all__ = ["ALEMBIC_DIRECTIVES", "AlembicScript", "is_for_alembic"]

_INDEX = frozenset(
    {
        *("schema", "unique", "if_not_exists", "postgresql_concurrently", "postgresql_include"),
        *("postgresql_nulls_not_distinct", "postgresql_ops", "postgresql_tablespace"),
        *("postgresql_using", "postgresql_where", "postgresql_with"),
    }
)
_TIMING = frozenset({"deferrable", "initially"})
_SCHEMA = frozenset({"schema"})

ALEMBIC_DIRECTIVES: Mapping[str, frozenset[str]] = {
    "add_column": _SCHEMA | {"if_not_exists"},
    "alter_column": _SCHEMA
    | {"comment", "existing_server_default", "existing_type", "new_column_name", "nullable"}
    | {"postgresql_using", "server_default", "type_"},
    "create_check_constraint": _SCHEMA | {"postgresql_not_valid"},
    "create_exclude_constraint": _SCHEMA | _TIMING | {"ops", "using", "where"},
    "create_foreign_key": _TIMING
    | {"match", "ondelete", "onupdate", "postgresql_not_valid"}
    | {"referent_schema", "source_schema"},
    "create_index": _INDEX,
    "create_primary_key": _SCHEMA,
    "create_table": _SCHEMA
    | {"comment", "if_not_exists", "postgresql_inherits", "postgresql_on_commit"}
    | {"postgresql_partition_by", "postgresql_tablespace", "postgresql_using", "postgresql_with"}
    | {"prefixes"},
    "create_table_comment": _SCHEMA,
    "create_unique_constraint": _SCHEMA
    | _TIMING
    | {"postgresql_include", "postgresql_nulls_not_distinct"},
    "drop_column": _SCHEMA | {"if_exists"},
    "drop_constraint": _SCHEMA | {"if_exists", "type_"},
    "drop_index": _SCHEMA | {"if_exists", "postgresql_concurrently"},
    "drop_table": _SCHEMA | {"if_exists"},
    "drop_table_comment": _SCHEMA,
    "execute": frozenset(),
    "rename_table": _SCHEMA,
}
"""The directives that Alembic has of those that generated scripts use, with the keywords that it takes."""

_DIALECT = MigrationDialect()
_IMPORTS_ALEMBIC = re.compile(r"^[ \t]*(?:from|import)[ \t]+alembic\b", re.MULTILINE)


def is_for_alembic(settings: Settings) -> bool:
    """Whether new revisions import Alembic's ``op``, because the project's ``script.py.mako`` does.

    Raises:
        FileError: the template cannot be read. Facts: ``path``.
    """
    return _IMPORTS_ALEMBIC.search(mako_template(settings) or "") is not None


class AlembicScript:
    """One function of such a script.

    Args:
        operations: all of them, in order: Alembic knows no phases, and has to be told where a statement
            cannot stand in its transaction.
    """

    def __init__(self, operations: Iterable[MigrateOperation]) -> None:
        statements: list[Statement] = []
        owners: dict[int, MigrateOperation] = {}
        for operation in _flat(operations):
            for statement in _statements(operation):
                statements.append(statement)
                owners[id(statement)] = operation
        # one transaction of Alembic's may span several scripts, of which a later one uses a new label
        phases = split_phases(statements, separate_enum_values=True)
        self._alone = {
            id(owners[id(statement)])
            for phase in phases
            if phase.kind is not PhaseKind.TRANSACTION
            for statement in phase.statements
        }

    def lines(
        self, operation: MigrateOperation, code: Code, imports: set[str], items: ItemWriter
    ) -> Iterator[str]:
        """An operation's code.

        Args:
            operation: the one.
            code: as our own scripts have it.
            imports: what had been needed before it.
            items: wrote it.
        """
        calls = [code]
        if not _is_alembics(operation, code, items):
            items.imports.intersection_update(imports)
            again = _repeatable(operation) if id(operation) in self._alone else operation
            calls = [
                Call.of(
                    items.op("execute"),
                    sql_text(escape_colons(compiled.sql), items.imports, exact=True),
                )
                for compiled in compile_operation(again, _DIALECT)
            ]
        text = "\n".join(laid_out(call) for call in calls)
        if id(operation) in self._alone:
            yield f"with {items.op('get_context')}().autocommit_block():"
            text = indent(text, "    ")
        yield text


def _is_alembics(operation: MigrateOperation, code: Code, items: ItemWriter) -> bool:
    if isinstance(operation, UnsupportedChangeOp) or not isinstance(code, Call):
        return True  # no directive: it raises an error
    known = ALEMBIC_DIRECTIVES.get(code.name.removeprefix(items.op("")))
    if known is None:
        return False
    if isinstance(operation, ExecuteSQLOp) and isinstance(operation.sqltext, str):
        return False  # Alembic takes ``:name`` in it for a parameter
    return all(name in known for name, _ in code.arguments if name is not None)


def _repeatable(operation: MigrateOperation) -> MigrateOperation:
    """What stands although the script failed after it must not fail when the script is run again."""
    if isinstance(operation, AddEnumValueOp):
        return replace(operation, if_not_exists=True)
    return operation


def _statements(operation: MigrateOperation) -> Iterator[Statement]:
    try:
        compiled = compile_operation(operation, _DIALECT)
    except (DirectiveError, CompileError):
        return  # a user's own, which a renderer of the user's writes
    for item in compiled:
        facts = classify(item.sql)
        yield Statement(
            sql=item.sql,
            transactional=facts.transactional and not item.autocommit,
            enum_label=facts.enum_label,
        )


def _flat(operations: Iterable[MigrateOperation]) -> Iterator[MigrateOperation]:
    for operation in operations:
        if isinstance(operation, OpContainer):
            yield from _flat(operation.ops)
        else:
            yield operation
