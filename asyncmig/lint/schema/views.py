"""Views, and the columns that they use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.schema.tables import KnownSchema, KnownTable, key_of
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.names import mentioned_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.sql.actions.action import Action

__all__ = ["create_view", "forget_view"]


def create_view(schema: KnownSchema, action: Action, _sql: str) -> None:
    """Add a view, and note the columns that it uses."""
    if action.relation is not None:
        key = key_of(action.relation)
        materialized = action.kind is ActionKind.CREATE_MATERIALIZED_VIEW
        kind = "materialized view" if materialized else "view"
        forget_view(schema, key)
        schema.tables[key] = KnownTable(name=key, kind=kind, complete=False)
        for table, column in _used_columns(schema, action.expression or ""):
            known = schema.tables[table]
            known.views[column] = (*known.views.get(column, ()), key)


def forget_view(schema: KnownSchema, view: str) -> None:
    """Forget which columns a view uses."""
    for table in schema.tables.values():
        for column, views in list(table.views.items()):
            if view in views:
                table.views[column] = tuple(name for name in views if name != view)


def _used_columns(schema: KnownSchema, query: str) -> Iterator[tuple[str, str]]:
    """The columns that a query uses, as far as its text tells: those that one of its tables alone has."""
    words = {key_of(name) for name in mentioned_names(query)}
    tables = [schema.tables[word] for word in words if word in schema.tables]
    if any(not table.complete for table in tables):
        return
    for table in tables:
        others = {name for other in tables if other is not table for name in other.columns}
        for column in table.columns:
            if column in words and column not in others:
                yield table.name, column
