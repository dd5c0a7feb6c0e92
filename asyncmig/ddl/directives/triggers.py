"""Triggers as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import as_list, generate_sql, join_words
from asyncmig.operations.directives.triggers import CreateTriggerOp, DropTriggerOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["FIRING", "create_trigger", "drop_trigger"]

FIRING = {
    "disabled": "DISABLE",
    "replica": "ENABLE REPLICA",
    "always": "ENABLE ALWAYS",
    "origin": "ENABLE",
}
"""How ALTER TABLE sets when a trigger or rule fires."""


@generate_sql.register(CreateTriggerOp)
def create_trigger(operation: CreateTriggerOp, compilation: Compilation) -> Iterator[str]:
    """CREATE TRIGGER."""
    deferrable = operation.deferrable
    yield join_words(
        "CREATE",
        operation.replace and "OR REPLACE",
        operation.constraint and "CONSTRAINT",
        f"TRIGGER {compilation.quote(operation.trigger_name)}",
        operation.moment.upper(),
        " OR ".join(_event(event) for event in as_list(operation.events)),
        f"ON {compilation.qualified(operation.table_name, operation.schema)}",
        deferrable is not None and ("DEFERRABLE" if deferrable else "NOT DEFERRABLE"),
        operation.initially and f"INITIALLY {operation.initially.upper()}",
        operation.referencing and f"REFERENCING {operation.referencing}",
        f"FOR EACH {operation.for_each.upper()}",
        operation.when and f"WHEN ({operation.when})",
        f"EXECUTE FUNCTION {operation.function}",
    )


@generate_sql.register(DropTriggerOp)
def drop_trigger(operation: DropTriggerOp, compilation: Compilation) -> Iterator[str]:
    """DROP TRIGGER."""
    table = compilation.qualified(operation.table_name, operation.schema)
    name = f"{compilation.quote(operation.trigger_name)} ON {table}"
    yield compilation.drop("TRIGGER", name, operation)


def _event(event: str) -> str:
    """The event in capitals; column names after OF as they are."""
    verb, _, columns = event.partition(" ")
    return f"{verb.upper()} {columns}" if columns else verb.upper()
