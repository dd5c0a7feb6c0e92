"""Constraints of a catalog as SQLAlchemy's schema items and as operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from asyncmig.diff.schema_items.script_sql import unwrapped
from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.exclusions import CreateExcludeConstraintOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp

if TYPE_CHECKING:
    from asyncmig.catalog.model import Constraint, ForeignKey, Table
    from asyncmig.diff.schema_items.script_sql import ScriptSql
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["add_constraint", "constraint_item", "constraint_using", "key_index"]

_ELEMENT = r"[a-z_][a-z0-9_]* WITH [-+*/<>=~!@#%^&|`?]+"
_EXCLUSION = re.compile(
    rf"EXCLUDE USING (?P<method>[a-z_]+) \((?P<elements>{_ELEMENT}(?:, {_ELEMENT})*)\)"
)
_ACTIONS = {"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


def constraint_item(script: ScriptSql, item: Constraint) -> sa.Constraint | None:
    """A constraint for ``create_table``; None if it must be added separately."""
    timing = _timing(item)
    match item.kind:
        case "p" if _is_plain(script, item, "PRIMARY KEY"):
            return sa.PrimaryKeyConstraint(*item.columns, name=item.name, **timing)
        case "u" if _is_plain(script, item, "UNIQUE NULLS NOT DISTINCT"):
            return sa.UniqueConstraint(
                *item.columns, name=item.name, **timing, postgresql_nulls_not_distinct=True
            )
        case "u" if _is_plain(script, item, "UNIQUE"):
            return sa.UniqueConstraint(*item.columns, name=item.name, **timing)
        case "c" if _is_plain_check(item) and item.validated:
            return sa.CheckConstraint(script.text(unwrapped(item.expression or "")), name=item.name)
        case "f" if (reference := item.reference) and _is_plain_key(item):
            # SQLAlchemy splits the target at each dot, except those in the schema
            divided = any("." in name for name in (reference.table.name, *reference.columns))
            if not item.validated or divided:
                return None
            target = script.qualified_name(reference.table)
            return sa.ForeignKeyConstraint(
                list(item.columns),
                [f"{target}.{column}" for column in reference.columns],
                name=item.name,
                **_actions(reference),
                **timing,
            )
        case _:
            return None


def add_constraint(script: ScriptSql, table: Table, item: Constraint) -> MigrateOperation:
    """ADD CONSTRAINT, as SQL where no directive can express the constraint."""
    name, schema = table.name.name, script.schema(table.name)
    later = {} if item.validated else {"postgresql_not_valid": True}
    timing = _timing(item)
    match item.kind:
        case "p" if _is_plain(script, item, "PRIMARY KEY"):
            return CreatePrimaryKeyOp(item.name, name, list(item.columns), schema=schema, **timing)
        case "u" if _is_plain(script, item, "UNIQUE NULLS NOT DISTINCT"):
            timing["postgresql_nulls_not_distinct"] = True
            return CreateUniqueConstraintOp(
                item.name, name, list(item.columns), schema=schema, **timing
            )
        case "u" if _is_plain(script, item, "UNIQUE"):
            return CreateUniqueConstraintOp(
                item.name, name, list(item.columns), schema=schema, **timing
            )
        case "c" if _is_plain_check(item):
            condition = script.text(unwrapped(item.expression or ""))
            return CreateCheckConstraintOp(item.name, name, condition, schema=schema, **later)
        case "f" if (reference := item.reference) and _is_plain_key(item):
            places: dict[str, Any] = {
                "source_schema": schema,
                "referent_schema": script.schema(reference.table),
            }
            return CreateForeignKeyOp(
                item.name,
                name,
                reference.table.name,
                list(item.columns),
                list(reference.columns),
                **{key: value for key, value in places.items() if value is not None},
                **_actions(reference),
                **timing,
                **later,
            )
        case "x" if (pairs := _plain_exclusion(item)) is not None:
            using, *elements = pairs
            return CreateExcludeConstraintOp(
                item.name, name, elements, schema=schema, using=using[0], **timing
            )
        case _:
            valid = "" if item.validated else " NOT VALID"
            return ExecuteSQLOp(
                f"ALTER TABLE {script.qualified(table.name)} ADD CONSTRAINT "
                f"{script.quote(item.name)} {script.local(item.definition)}{valid}"
            )


def key_index(script: ScriptSql, table: Table, item: Constraint, name: str) -> CreateIndexOp | None:
    """CREATE INDEX CONCURRENTLY for a unique constraint or primary key; None for other constraints."""
    distinct = item.definition.startswith("UNIQUE NULLS NOT DISTINCT")
    words = "PRIMARY KEY" if item.kind == "p" else "UNIQUE" + " NULLS NOT DISTINCT" * distinct
    if item.kind not in "pu" or not _is_plain(script, item, words):
        return None
    keywords: dict[str, Any] = {"postgresql_nulls_not_distinct": True} if distinct else {}
    return CreateIndexOp(
        name,
        table.name.name,
        list(item.columns),
        schema=script.schema(table.name),
        unique=True,
        postgresql_concurrently=True,
        **keywords,
    )


def constraint_using(script: ScriptSql, table: Table, item: Constraint, index: str) -> ExecuteSQLOp:
    """ADD CONSTRAINT ... USING INDEX with the index of ``key_index``, which PostgreSQL renames."""
    name = script.quote(item.name)
    kind = "PRIMARY KEY" if item.kind == "p" else "UNIQUE"
    timing = " DEFERRABLE" * item.deferrable + " INITIALLY DEFERRED" * item.deferred
    return ExecuteSQLOp(
        f"ALTER TABLE {script.qualified(table.name)} ADD CONSTRAINT {name} {kind} "
        f"USING INDEX {script.quote(index)}{timing}"
    )


def _is_plain(script: ScriptSql, item: Constraint, words: str) -> bool:
    columns = ", ".join(map(script.quote, item.columns))
    return item.definition.partition(" DEFERRABLE")[0] == f"{words} ({columns})"


def _plain_exclusion(item: Constraint) -> list[tuple[str, str]] | None:
    """The method, then columns with their operators; None if the constraint has more than these."""
    found = _EXCLUSION.fullmatch(item.definition.partition(" DEFERRABLE")[0])
    if found is None:
        return None
    pairs = (element.split(" WITH ") for element in found["elements"].split(", "))
    return [(found["method"], ""), *((column, operator) for column, operator in pairs)]


def _is_plain_check(item: Constraint) -> bool:
    return item.definition == f"CHECK ({item.expression})"


def _is_plain_key(item: Constraint) -> bool:
    definition = item.definition
    return not any(
        word in definition for word in ("PERIOD ", " NOT ENFORCED", "SET NULL (", "SET DEFAULT (")
    )


def _timing(item: Constraint) -> dict[str, Any]:
    timing: dict[str, Any] = {"deferrable": True} if item.deferrable else {}
    if item.deferred:
        timing["initially"] = "DEFERRED"
    return timing


def _actions(reference: ForeignKey) -> dict[str, Any]:
    actions = {
        "onupdate": _ACTIONS.get(reference.on_update),
        "ondelete": _ACTIONS.get(reference.on_delete),
        "match": "FULL" if reference.match == "f" else None,
    }
    return {name: value for name, value in actions.items() if value is not None}
