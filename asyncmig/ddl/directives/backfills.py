"""``op.backfill``, ``op.backfill_with``, ``op.require_backfill``: definitions of work in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.selectable import FromClause, TableClause

from asyncmig.ddl.compilation import generate_sql
from asyncmig.ddl.compiled import CompiledSql
from asyncmig.ddl.raw_sql import unescape_colons
from asyncmig.operations.base.errors import directive_error
from asyncmig.operations.directives.backfills import BackfillOp, BackfillWithOp, RequireBackfillOp
from asyncmig.revisions.files.import_script import is_script_module
from asyncmig.sql.backfills.definition import CTID_KEY, Backfill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["backfill", "backfill_with", "require_backfill"]


@generate_sql.register(BackfillOp)
def backfill(operation: BackfillOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """One statement, which a run divides into batches."""
    _check(operation)
    table, schema = _table(operation.table, operation.schema, compilation)
    values = {
        str(getattr(column, "name", column)): _sql(value, compilation)
        for column, value in (operation.values or {}).items()
    }
    into = None
    if operation.into is not None:
        target = _from(operation.into, compilation)
        into = f"{target} ({compilation.names(values)})"
        assignments = ", ".join(values.values())
    else:
        assignments = ", ".join(
            f"{compilation.quote(column)} = {value}" for column, value in values.items()
        )
    verb = "delete" if operation.delete else "_".join(values)
    definition = Backfill(
        name=operation.name or f"{table}_{verb}",
        kind="delete" if operation.delete else "insert" if into else "update",
        table=table,
        schema=schema,
        assignments=assignments,
        source=None if operation.from_ is None else _from(operation.from_, compilation),
        join=None if operation.on is None else _sql(operation.on, compilation),
        where=None if operation.where is None else _sql(operation.where, compilation),
        into=into,
        key=CTID_KEY if operation.by == "ctid" else tuple(operation.key),
        deferred=operation.deferred,
        on_error=operation.on_error,
        batch_size=operation.batch_size,
    )
    yield CompiledSql(definition.statement(), backfill=definition)


@generate_sql.register(BackfillWithOp)
def backfill_with(operation: BackfillWithOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """The query for the rows; a run hands them to the function in batches."""
    _check_options(operation)
    table, schema = _table(operation.table, operation.schema, compilation)
    function = _function_name(operation)
    definition = Backfill(
        name=operation.name or f"{table}_{operation.function.__name__}",
        kind="function",
        table=table,
        schema=schema,
        function=function,
        columns=tuple(operation.columns),
        where=None if operation.where is None else _sql(operation.where, compilation),
        key=CTID_KEY if operation.by == "ctid" else tuple(operation.key),
        deferred=operation.deferred,
        on_error=operation.on_error,
        batch_size=operation.batch_size,
    )
    yield CompiledSql(definition.statement(), backfill=definition)


def _function_name(operation: BackfillWithOp) -> str:
    """How the function is found again: its name in the revision, or ``module:name``.

    Raises:
        DirectiveError: it is defined inside of another function, or is no function.
    """
    function = operation.function
    name, module = (getattr(function, key, None) for key in ("__qualname__", "__module__"))
    if not name or not module or "<" in name or module == "__main__":
        raise directive_error(
            f"backfill_with of {_shown(operation.table)}: {name or type(function).__name__} has no name by"
            " which a later run finds it",
            hint="define the function at the top level of the revision or of a module, with `def`",
            directive=operation.directive,
        )
    return name if is_script_module(module) else f"{module}:{name}"


@generate_sql.register(RequireBackfillOp)
def require_backfill(
    operation: RequireBackfillOp, compilation: Compilation
) -> Iterator[CompiledSql]:
    """A gate: a run checks the job of that name."""
    del compilation
    if not operation.name:
        raise directive_error(
            "require_backfill has no name",
            hint="give the name of the backfill that has to be done",
            directive=operation.directive,
        )
    definition = Backfill(name=operation.name, kind="gate", allowance=operation.finish_rows)
    yield CompiledSql(definition.statement(), backfill=definition)


def _check(operation: BackfillOp) -> None:
    """Refuse arguments that do not fit together.

    Raises:
        DirectiveError: they do not.
    """
    problem = None
    if operation.delete and (operation.values or operation.into is not None):
        problem = "delete=True takes neither values nor into", "leave out one of the two"
    elif not operation.delete and not operation.values:
        problem = "there are no values", 'give a mapping such as {"total": "price * amount"}'
    elif operation.on is not None and operation.from_ is None:
        problem = "on= needs from_=", "name the table to join, or put the condition into where="
    elif operation.from_ is not None and operation.on is None:
        problem = "from_= needs on=", "say how the tables join: on='c.id = orders.customer_id'"
    if problem is not None:
        raise _refused(operation, *problem)
    _check_options(operation)


def _check_options(operation: BackfillOp | BackfillWithOp) -> None:
    problem = None
    if operation.on_error not in {"stop", "record"}:
        problem = f"on_error={operation.on_error!r} is unknown", "it is 'stop' or 'record'"
    elif operation.batch_size is not None and operation.batch_size < 1:
        problem = f"batch_size={operation.batch_size} is not a size", "give 1 or more"
    elif isinstance(operation.key, str):
        problem = "key= is a list of columns", f"write key=[{operation.key!r}]"
    elif operation.by not in {"key", "ctid"}:
        problem = f"by={operation.by!r} is unknown", "it is 'key' or 'ctid'"
    elif operation.by == "ctid" and operation.key:
        problem = 'by="ctid" and key= name two orders', "leave out one of the two"
    elif operation.by == "ctid" and operation.where is None:
        problem = (
            'by="ctid" needs where=: a row that is changed moves in the table, and would be changed again',
            "give a condition that is false for a row that is changed",
        )
    elif isinstance(operation, BackfillWithOp) and (
        isinstance(operation.columns, str) or not operation.columns
    ):
        problem = "columns= is a list of columns", 'write columns=["id", "email"]'
    if problem is not None:
        raise _refused(operation, *problem)


def _refused(operation: BackfillOp | BackfillWithOp, problem: str, hint: str) -> Exception:
    return directive_error(
        f"{operation.directive} of {_shown(operation.table)}: {problem}",
        hint=hint,
        directive=operation.directive,
    )


def _shown(table: object) -> object:
    return getattr(table, "name", table)


def _table(table: object, schema: str | None, compilation: Compilation) -> tuple[str, str | None]:
    if isinstance(table, TableClause):
        schema = schema or getattr(table, "schema", None)
        return str(table.name), compilation.translate_schema(schema)
    return str(table), compilation.translate_schema(schema)


def _from(table: str | FromClause, compilation: Compilation) -> str:
    if isinstance(table, FromClause):
        return compilation.sql_compiler.process(table, asfrom=True, ashint=True)
    return unescape_colons(str(table))


def _sql(value: Any, compilation: Compilation) -> str:
    """An expression as SQL: text as it is written, an expression of SQLAlchemy with literals."""
    if hasattr(value, "__clause_element__"):
        value = value.__clause_element__()
    if isinstance(value, ClauseElement):
        return compilation.sql_compiler.process(value, literal_binds=True)
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return unescape_colons(value)
    raise directive_error(
        f"a backfill takes expressions, not {type(value).__name__}",
        hint=f"write it as SQL text: {str(value)!r}, or use sa.literal({value!r})",
        directive="backfill",
    )
