"""Views and materialized views as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.ddl.compilation import clean_layout, generate_sql, join_words
from asyncmig.operations.directives.views import (
    CreateMaterializedViewOp,
    CreateViewOp,
    DropMaterializedViewOp,
    DropViewOp,
    RefreshMaterializedViewOp,
    ReplaceViewOp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.sql.selectable import SelectBase

    from asyncmig.ddl.compilation import Compilation

__all__ = [
    "create_materialized_view",
    "create_view",
    "drop_materialized_view",
    "drop_view",
    "refresh_materialized_view",
    "replace_view",
]


@generate_sql.register(CreateViewOp)
def create_view(operation: CreateViewOp, compilation: Compilation) -> Iterator[str]:
    """CREATE VIEW."""
    yield _view("CREATE VIEW", operation, compilation)


@generate_sql.register(ReplaceViewOp)
def replace_view(operation: ReplaceViewOp, compilation: Compilation) -> Iterator[str]:
    """CREATE OR REPLACE VIEW."""
    yield _view("CREATE OR REPLACE VIEW", operation, compilation)


def _view(verb: str, operation: CreateViewOp | ReplaceViewOp, compilation: Compilation) -> str:
    return join_words(
        verb,
        compilation.qualified(operation.view_name, operation.schema),
        operation.columns and f"({compilation.names(operation.columns)})",
        operation.options and f"WITH ({_options(operation.options)})",
        f"AS\n{_select(operation.definition, compilation)}",
    )


@generate_sql.register(DropViewOp)
def drop_view(operation: DropViewOp, compilation: Compilation) -> Iterator[str]:
    """DROP VIEW."""
    name = compilation.qualified(operation.view_name, operation.schema)
    yield compilation.drop("VIEW", name, operation)


@generate_sql.register(CreateMaterializedViewOp)
def create_materialized_view(
    operation: CreateMaterializedViewOp, compilation: Compilation
) -> Iterator[str]:
    """CREATE MATERIALIZED VIEW."""
    data = "" if operation.with_data else "\nWITH NO DATA"
    yield join_words(
        "CREATE MATERIALIZED VIEW",
        operation.if_not_exists and "IF NOT EXISTS",
        compilation.qualified(operation.view_name, operation.schema),
        operation.columns and f"({compilation.names(operation.columns)})",
        operation.options and f"WITH ({_options(operation.options)})",
        operation.tablespace and f"TABLESPACE {compilation.quote(operation.tablespace)}",
        f"AS\n{_select(operation.definition, compilation)}{data}",
    )


@generate_sql.register(DropMaterializedViewOp)
def drop_materialized_view(
    operation: DropMaterializedViewOp, compilation: Compilation
) -> Iterator[str]:
    """DROP MATERIALIZED VIEW."""
    name = compilation.qualified(operation.view_name, operation.schema)
    yield compilation.drop("MATERIALIZED VIEW", name, operation)


@generate_sql.register(RefreshMaterializedViewOp)
def refresh_materialized_view(
    operation: RefreshMaterializedViewOp, compilation: Compilation
) -> Iterator[str]:
    """REFRESH MATERIALIZED VIEW."""
    yield join_words(
        "REFRESH MATERIALIZED VIEW",
        operation.concurrently and "CONCURRENTLY",
        compilation.qualified(operation.view_name, operation.schema),
        not operation.with_data and "WITH NO DATA",
    )


def _select(definition: str | SelectBase, compilation: Compilation) -> str:
    if isinstance(definition, str):
        return definition.strip().rstrip(";").rstrip()
    options = {"literal_binds": True}
    return clean_layout(
        str(definition.compile(dialect=compilation.dialect, compile_kwargs=options))
    )


def _options(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_option(value)}" for name, value in options.items())


def _option(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
