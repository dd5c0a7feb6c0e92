"""Safe rewrites written out: with ``safe_rewrites`` a new script shows the phases itself.

Directives of partitioned tables stay as they are, since their safe forms depend on the database that the
script runs in; the planner rewrites them there. Where a form depends on the version of the server, it is the
one that works on all versions.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.base.containers import OpContainer
from asyncmig.operations.base.operation import is_built_in
from asyncmig.operations.directives.backfills import BackfillOp
from asyncmig.plan.rewrites.facts import DatabaseFacts, ScriptFacts
from asyncmig.plan.rewrites.new_relations import NewRelations
from asyncmig.plan.rewrites.registry import safe_form
from asyncmig.plan.rewrites.safe_form import SafeForm
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from asyncmig.catalog.model import Catalog
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["partitioned_tables", "with_safe_forms"]

_DIALECT = MigrationDialect()


def partitioned_tables(*catalogs: Catalog) -> frozenset[tuple[str | None, str]]:
    """Schema and name of the partitioned tables, also without the default schema."""
    found: set[tuple[str | None, str]] = set()
    for catalog in catalogs:
        for name, table in catalog.tables.items():
            if table.partition_key is not None:
                found.add((name.schema, name.name))
                if name.schema == catalog.default_schema:
                    found.add((None, name.name))
    return frozenset(found)


def with_safe_forms(
    operations: Iterable[MigrateOperation],
    partitioned: Collection[tuple[str | None, str]],
    *,
    for_alembic: bool = False,
) -> list[MigrateOperation]:
    """The operations of a function, those of safe forms in place of the operations that have one.

    Args:
        operations: of ``upgrade`` or ``downgrade``, in order.
        partitioned: tables whose operations stay as they are.
        for_alembic: the script must also run under Alembic, which has no backfills: operations whose safe
            form has one stay as they are.
    """
    facts = ScriptFacts(DatabaseFacts(), NewRelations().for_script(""))
    return list(_replaced(operations, facts, partitioned, for_alembic=for_alembic))


def _replaced(
    operations: Iterable[MigrateOperation],
    facts: ScriptFacts,
    partitioned: Collection[tuple[str | None, str]],
    *,
    for_alembic: bool,
) -> Iterator[MigrateOperation]:
    for operation in operations:
        if isinstance(operation, OpContainer):
            container = copy(operation)
            container.ops = list(
                _replaced(operation.ops, facts, partitioned, for_alembic=for_alembic)
            )
            yield container
            continue
        form = None
        if is_built_in(type(operation)):
            if _table(operation) not in partitioned:
                form = safe_form(operation, _DIALECT, facts)
            for compiled in compile_operation(operation, _DIALECT):
                facts.relations.note(compiled.sql)
        if isinstance(form, SafeForm) and not (for_alembic and _has_backfill(form)):
            yield from _written(form)
        else:
            yield operation


def _table(operation: MigrateOperation) -> tuple[str | None, str | None]:
    name = getattr(operation, "source_table", None) or getattr(operation, "table_name", None)
    return getattr(operation, "schema", None), name


def _has_backfill(form: SafeForm) -> bool:
    return any(isinstance(operation, BackfillOp) for phase in form.phases for operation in phase)


def _written(form: SafeForm) -> Iterator[MigrateOperation]:
    """The operations in order; those behind the first phase are committed one by one."""
    for number, phase in enumerate(form.phases):
        for operation in phase:
            texts = [compiled.sql for compiled in compile_operation(operation, _DIALECT)]
            operation.in_autocommit = (
                number > 0
                and not isinstance(operation, BackfillOp)  # it makes its own phase
                and all(classify(text).transactional for text in texts)
            )
            yield operation
