"""Warnings about constraints and indexes that existing rows may violate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy.sql.elements import ClauseElement, ColumnClause

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.constraints import AddConstraintOp, ValidateConstraintOp
from asyncmig.operations.directives.exclusions import CreateExcludeConstraintOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.render.warnings.script_scope import operation_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.render.warnings.script_scope import ScriptScope

__all__ = ["name_of_table", "violating_rows"]

_DIALECT = MigrationDialect()
_ORDER = re.compile(r"( ASC| DESC)?( NULLS (FIRST|LAST))?$")


def name_of_table(operation: Any) -> str:
    """The table of an operation, with its schema."""
    schema, table = operation_table(operation)
    return f"{schema}.{table}" if schema else table


def violating_rows(
    operation: AddConstraintOp | CreateIndexOp | ValidateConstraintOp, script: ScriptScope
) -> Iterator[str]:
    """The rows that make the operation fail; nothing if none can."""
    table, place = name_of_table(operation), operation_table(operation)
    if isinstance(operation, ValidateConstraintOp):
        yield f"fails if rows of {table} violate it"
        return
    unchecked = operation.kw.get("postgresql_not_valid")
    if place in script.created or unchecked or script.is_recreated(operation):
        return
    match operation:
        case CreateCheckConstraintOp():
            yield f"fails if rows of {table} violate it"
        case CreateExcludeConstraintOp():
            yield f"fails if rows of {table} conflict"
        case CreateForeignKeyOp():
            yield from _unmatched_rows(operation, script)
        case CreatePrimaryKeyOp() | CreateUniqueConstraintOp():
            yield from _duplicate_rows(operation, operation.columns, script)
        case CreateIndexOp(unique=True):
            yield from _duplicate_rows(operation, operation.columns, script)
        case _:
            return


def _unmatched_rows(operation: CreateForeignKeyOp, script: ScriptScope) -> Iterator[str]:
    place = operation_table(operation)
    columns = operation.local_cols
    # a NULL in one of several columns is enough, unless it is MATCH FULL
    enough = all if operation.kw.get("match") else any
    if enough(script.has_only_nulls(place, column) for column in columns):
        return
    schema, referent = operation.kw.get("referent_schema"), operation.referent_table
    where = f"in no row of {schema}.{referent}" if schema else f"in no row of {referent}"
    table = name_of_table(operation)
    if len(columns) == 1:
        yield f"fails if a value of {table}.{columns[0]} is {where}"
    else:
        yield f"fails if a row of {table} has {_enumeration(columns)} that are together {where}"


def _duplicate_rows(
    operation: CreatePrimaryKeyOp | CreateUniqueConstraintOp | CreateIndexOp,
    keys: Sequence[Any],
    script: ScriptScope,
) -> Iterator[str]:
    place = operation_table(operation)
    names = [_key(key) for key in keys]
    distinct_nulls = not operation.kw.get("postgresql_nulls_not_distinct")
    if any(
        script.is_identity(place, name) or (distinct_nulls and script.has_only_nulls(place, name))
        for name in names
    ):
        return
    covered = " that it covers" if operation.kw.get("postgresql_where") is not None else ""
    yield f"fails if two rows of {name_of_table(operation)}{covered} have the same {_enumeration(names)}"


def _key(key: Any) -> str:
    """The name of a column, or the expression without its sort order."""
    if isinstance(key, ColumnClause):
        return key.name
    if not isinstance(key, ClauseElement):
        return str(key)
    sql = key.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return _ORDER.sub("", str(sql))


def _enumeration(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
