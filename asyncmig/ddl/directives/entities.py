"""Objects of alembic-utils as DDL: their own SQL, split into statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.sql.elements import ClauseElement

from asyncmig.ddl.compilation import generate_sql
from asyncmig.ddl.directives.execute import compile_construct
from asyncmig.operations.base.errors import directive_error
from asyncmig.operations.directives.entities import (
    CreateEntityOp,
    DropEntityOp,
    EntityOp,
    ReplaceableEntity,
    ReplaceEntityOp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.ddl.compiled import CompiledSql

__all__ = ["create_entity", "drop_entity", "replace_entity"]


@generate_sql.register(CreateEntityOp)
def create_entity(operation: CreateEntityOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """The statements that create it."""
    yield from compile_construct(_target(operation).to_sql_statement_create(), compilation)


@generate_sql.register(DropEntityOp)
def drop_entity(operation: DropEntityOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """The statements that drop it."""
    target = _target(operation)
    # older versions of alembic-utils have no cascade
    given = {"cascade": True} if operation.cascade else {}
    yield from compile_construct(target.to_sql_statement_drop(**given), compilation)


@generate_sql.register(ReplaceEntityOp)
def replace_entity(operation: ReplaceEntityOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """The statements that replace it."""
    target = _target(operation)
    try:
        printed = target.to_sql_statement_create_or_replace()
        # older versions of alembic-utils return one statement
        statements = [printed] if isinstance(printed, ClauseElement) else list(printed)
    except NotImplementedError:
        raise directive_error(
            f"{type(target).__name__} cannot be replaced",
            hint="drop_entity and create_entity do it in two steps",
            directive=operation.directive,
        ) from None
    for statement in statements:
        yield from compile_construct(statement, compilation)


def _target(operation: EntityOp) -> ReplaceableEntity:
    given: object = operation.target
    if not isinstance(given, ReplaceableEntity) or isinstance(given, type):
        name = given.__name__ if isinstance(given, type) else type(given).__name__
        raise directive_error(
            f"{operation.directive} takes an entity, not {name}",
            hint="PGFunction, PGView, PGMaterializedView, PGTrigger, PGExtension, PGPolicy or PGGrantTable",
            directive=operation.directive,
        )
    return given
