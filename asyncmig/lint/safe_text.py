"""The safe form of an action, with the names of the script: what ``safe_rewrites`` makes of a directive.

An action of parsed SQL becomes the operation of the directive that would do the same, and its rewrite is
written out. Some SQL has no directive, or says more than the parser keeps. Therefore each word of the action
has to be in the text that comes out; otherwise there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import conv
from sqlalchemy.types import UserDefinedType

from asyncmig.errors import ScriptError
from asyncmig.lint.suggest import name_for
from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.directives.partitions import AttachPartitionOp, DetachPartitionOp
from asyncmig.operations.directives.views import RefreshMaterializedViewOp
from asyncmig.plan.rewrites.facts import DatabaseFacts, Partition
from asyncmig.plan.rewrites.recipe import recipe
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.escaping.text_escaping import escape_colons
from asyncmig.sql.lexer import identifier_value, tokens
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from asyncmig.lint.place import Place
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.sql.actions.action import Action, ConstraintDefinition

__all__ = ["not_null_text", "safe_text"]

_IMPLIED = frozenset(
    {"ADD", "ALTER", "COLUMN", "CONSTRAINT", "CREATE", "INDEX", "KEY", "ON", "SET"}
)
"""Words that the safe form may say in another way."""


class _Written(UserDefinedType[Any]):
    """A type as the script writes it."""

    cache_ok = True

    def __init__(self, written: str) -> None:
        self.written = written

    def get_col_spec(self, **_options: Any) -> str:
        """The type as SQL."""
        return self.written


def safe_text(action: Action, place: Place) -> str | None:
    """The phases of the safe form as SQL; None where no rewrite says all that the action says.

    Args:
        action: of the statement.
        place: the statement, and what is known before it.
    """
    make = _OPERATIONS.get(action.kind)
    operation = None if make is None else make(action)
    found = None if operation is None else _text(operation, place)
    written = place.statement.sql[action.start : action.end]
    is_complete = found is not None and _words(written) <= _words(found) | _IMPLIED
    return found if is_complete else None


def not_null_text(action: Action, column: str, place: Place) -> str | None:
    """The phases that make a column NOT NULL; None with ONLY, which a rewrite cannot say."""
    table = _table(action)
    if table is None:
        return None
    operation = AlterColumnOp(table[0], column, schema=table[1], modify_nullable=False)
    return _text(operation, place)


def _text(operation: MigrateOperation, place: Place) -> str | None:
    try:
        found = recipe(operation, _facts(place))
    except (ScriptError, SQLAlchemyError):  # SQL that the server will refuse
        return None
    if found is None:
        return None
    first, _, others = found.partition("\n")
    # one phase needs no number
    return others if "\n-- phase " not in found and first.startswith("-- phase ") else found


def _words(sql: str) -> set[str]:
    return {identifier_value(token.text).upper() for token in tokens(sql)}


def _facts(place: Place) -> DatabaseFacts:
    """What is known of the schema, as far as rewrites depend on it."""
    tables = place.schema.tables
    children: dict[str, list[str]] = {}
    for name, table in tables.items():
        if table.partition_of is not None:
            children.setdefault(table.partition_of, []).append(name)

    def below(parent: str) -> Iterator[Partition]:
        for name in sorted(children.get(parent, ())):
            kind = "p" if tables[name].kind == "partitioned" else "r"
            yield Partition(_name(name), _name(parent), kind)
        for name in sorted(children.get(parent, ())):
            yield from below(name)

    partitioned = [name for name, table in tables.items() if table.kind == "partitioned"]
    return DatabaseFacts(
        version=place.circumstances.server,
        partitions={each: tuple(below(name)) for name in partitioned for each in _spellings(name)},
        refreshable=frozenset(
            each
            for name, table in tables.items()
            if any(index.unique and index.columns for index in table.indexes.values())
            for each in _spellings(name)
        ),
        volatile_functions=frozenset(
            name for name, volatility in place.schema.volatile.items() if volatility == "v"
        ),
    )


def _name(key: str) -> SqlName:
    schema, _, name = key.rpartition(".")
    return SqlName(schema or None, name)


def _spellings(key: str) -> Iterator[SqlName]:
    """How statements may name a relation."""
    name = _name(key)
    yield name
    if name.schema is None:
        yield SqlName("public", name.name)


def _table(action: Action) -> tuple[str, str | None] | None:
    relation = action.relation
    return None if relation is None or action.only else (relation.name, relation.schema)


def _check(action: Action) -> MigrateOperation | None:
    new, table = action.new_constraint, _table(action)
    if new is None or table is None or not new.expression:
        return None
    name = new.name or identifier_value(name_for(action.relation, "check"))
    return CreateCheckConstraintOp(
        conv(name), table[0], escape_colons(new.expression), schema=table[1]
    )


def _foreign_key(action: Action) -> MigrateOperation | None:
    new, table = action.new_constraint, _table(action)
    if new is None or table is None or new.references is None or not new.referenced_columns:
        return None
    return CreateForeignKeyOp(
        _conv(new.name),
        table[0],
        new.references.name,
        list(new.columns),
        list(new.referenced_columns),
        source_schema=table[1],
        referent_schema=new.references.schema,
        **_of_foreign_key(new),
    )


def _of_foreign_key(new: ConstraintDefinition) -> dict[str, Any]:
    return {
        "onupdate": new.on_update,
        "ondelete": new.on_delete,
        "match": new.match,
        "deferrable": new.deferrable or None,
        "initially": new.initially,
    }


def _key(action: Action) -> MigrateOperation | None:
    new, table = action.new_constraint, _table(action)
    if new is None or table is None or not new.columns:
        return None
    is_primary = action.kind is ActionKind.ADD_PRIMARY_KEY
    operation = CreatePrimaryKeyOp if is_primary else CreateUniqueConstraintOp
    return operation(
        _conv(new.name),
        table[0],
        list(new.columns),
        schema=table[1],
        deferrable=new.deferrable or None,
        initially=new.initially,
    )


def _add_column(action: Action) -> MigrateOperation | None:
    new, table = action.new_column, _table(action)
    if new is None or table is None or new.type is None or action.if_not_exists:
        return None
    if new.serial or new.identity or new.generated is not None or new.collation is not None:
        return None
    items: list[Any] = []
    for each in new.constraints:
        match each.kind:
            case ConstraintKind.CHECK if each.expression:
                name = each.name or identifier_value(name_for(action.relation, new.name, "check"))
                items.append(CheckConstraint(text(escape_colons(each.expression)), name=conv(name)))
            case ConstraintKind.FOREIGN_KEY if (target := _target(each)) is not None:
                items.append(ForeignKey(target, name=_conv(each.name), **_of_foreign_key(each)))
            case ConstraintKind.UNIQUE | ConstraintKind.NOT_NULL if each.name is None:
                pass
            case _:
                return None
    column = Column(
        new.name,
        _Written(new.type),
        *items,
        nullable=not new.not_null,
        unique=new.constraint(ConstraintKind.UNIQUE) is not None,
        server_default=None if new.default is None else text(escape_colons(new.default)),
    )
    return AddColumnOp(table[0], column, schema=table[1])


def _target(key: ConstraintDefinition) -> str | None:
    """The column of a foreign key as SQLAlchemy names it; None where that cannot be told from a dot."""
    if key.references is None or len(key.referenced_columns) != 1:
        return None
    parts = [key.references.schema, key.references.name, key.referenced_columns[0]]
    named = [part for part in parts if part is not None]
    return None if any("." in part for part in named) else ".".join(named)


def _create_index(action: Action) -> MigrateOperation | None:
    table = _table(action)
    if table is None or action.index is None or not action.elements:
        return None
    where = (
        {}
        if action.expression is None
        else {"postgresql_where": text(escape_colons(action.expression))}
    )
    return CreateIndexOp(
        conv(action.index.name),
        table[0],
        [text(escape_colons(element)) for element in action.elements],
        schema=table[1],
        unique=action.unique,
        if_not_exists=action.if_not_exists or None,
        postgresql_using=action.type or False,
        **where,
    )


def _drop_index(action: Action) -> MigrateOperation | None:
    index = action.index
    return (
        None
        if index is None
        else DropIndexOp(conv(index.name), schema=index.schema, if_exists=action.if_exists or None)
    )


def _attach(action: Action) -> MigrateOperation | None:
    table, partition = _table(action), action.partition
    if table is None or partition is None or not action.expression:
        return None
    return AttachPartitionOp(
        table[0],
        partition.name,
        action.expression,
        schema=table[1],
        partition_schema=partition.schema,
    )


def _detach(action: Action) -> MigrateOperation | None:
    table, partition = _table(action), action.partition
    if table is None or partition is None:
        return None
    return DetachPartitionOp(
        table[0], partition.name, schema=table[1], partition_schema=partition.schema
    )


def _refresh(action: Action) -> MigrateOperation | None:
    view = _table(action)
    return None if view is None else RefreshMaterializedViewOp(view[0], schema=view[1])


def _conv(name: str | None) -> str | None:
    return None if name is None else conv(name)


_OPERATIONS: dict[ActionKind, Callable[[Action], MigrateOperation | None]] = {
    ActionKind.ADD_CHECK: _check,
    ActionKind.ADD_COLUMN: _add_column,
    ActionKind.ADD_FOREIGN_KEY: _foreign_key,
    ActionKind.ADD_PRIMARY_KEY: _key,
    ActionKind.ADD_UNIQUE: _key,
    ActionKind.ATTACH_PARTITION: _attach,
    ActionKind.CREATE_INDEX: _create_index,
    ActionKind.DETACH_PARTITION: _detach,
    ActionKind.DROP_INDEX: _drop_index,
    ActionKind.REFRESH_MATERIALIZED_VIEW: _refresh,
}
