"""Definitions of columns and constraints, as CREATE TABLE and ALTER TABLE write them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.sql.actions.action import ColumnDefinition, ConstraintDefinition, ConstraintKind

if TYPE_CHECKING:
    from asyncmig.sql.actions.cursor import Cursor

__all__ = [
    "column_definition",
    "domain_constraint",
    "is_table_constraint",
    "table_constraint",
    "type_text",
]

_END_OF_TYPE = frozenset(
    {
        "COLLATE", "CONSTRAINT", "NOT", "NULL", "DEFAULT", "CHECK", "UNIQUE", "PRIMARY", "REFERENCES",
        "GENERATED", "DEFERRABLE", "INITIALLY", "STORAGE", "COMPRESSION", "USING", "OPTIONS", ",",
    }
)  # fmt: skip
_END_OF_DEFAULT = _END_OF_TYPE - {"USING", "STORAGE", "COMPRESSION", "OPTIONS"}


def type_text(cursor: Cursor) -> str | None:
    """Take the type of a column or attribute, without its collation."""
    start = cursor.at
    if not cursor.names_ahead():
        return None
    cursor.at += 1
    cursor.until(_END_OF_TYPE)
    return cursor.text_from(start)


def column_definition(cursor: Cursor) -> ColumnDefinition | None:
    """Take a column with its type, default and constraints."""
    name = cursor.identifier()
    if name is None:
        return None
    typed = None
    if cursor.take("WITH", "OPTIONS"):  # of a table of a composite type, or of a partition
        pass
    elif cursor.names_ahead() and cursor.word not in _END_OF_TYPE:
        typed = type_text(cursor)
    column = ColumnDefinition(name=name, type=typed)
    while not cursor.at_end:
        changed = _column_clause(cursor, column)
        if changed is None:
            break
        column = changed
    return column


def _column_clause(cursor: Cursor, column: ColumnDefinition) -> ColumnDefinition | None:
    """The column with the next clause; None where no clause comes next."""
    if cursor.take("STORAGE") or cursor.take("COMPRESSION"):
        cursor.next()
        return column
    if cursor.take("OPTIONS"):
        cursor.group()
        return column
    if cursor.take("COLLATE"):
        collation = cursor.name()
        return replace(column, collation=collation.sql if collation else None)
    if cursor.take("NULL"):
        return column
    if cursor.take("DEFAULT"):
        return replace(column, default=_default(cursor))
    name = cursor.identifier() if cursor.take("CONSTRAINT") else None
    if cursor.take("GENERATED"):
        return _generated(cursor, column)
    if cursor.word == "DEFAULT" or cursor.word == "NULL":
        return column
    constraint = _column_constraint(cursor, column.name)
    if constraint is None:
        return None
    constraint = _attributes(cursor, replace(constraint, name=name))
    return replace(column, constraints=(*column.constraints, constraint))


def _default(cursor: Cursor) -> str:
    """Take the expression of DEFAULT: its first token may be NULL or NOT."""
    start = cursor.at
    if cursor.word not in ("(", "CASE"):
        cursor.next()
    cursor.until(_END_OF_DEFAULT)
    while cursor.word == "NOT" and cursor.peek(-1) == "IS":  # IS NOT DISTINCT FROM
        cursor.at += 1
        cursor.until(_END_OF_DEFAULT)
    return cursor.text_from(start)


def _generated(cursor: Cursor, column: ColumnDefinition) -> ColumnDefinition:
    always = cursor.take("ALWAYS")
    cursor.take("BY", "DEFAULT")
    cursor.take("AS")
    if cursor.take("IDENTITY"):
        cursor.group()
        return replace(column, identity="always" if always else "by default")
    generated = cursor.group()
    generation = cursor.either("STORED", "VIRTUAL").lower() or None
    return replace(column, generated=generated, generation=generation)


def _column_constraint(cursor: Cursor, column: str) -> ConstraintDefinition | None:
    columns = (column,)
    if cursor.take("NOT", "NULL"):
        return ConstraintDefinition(kind=ConstraintKind.NOT_NULL, columns=columns)
    if cursor.take("CHECK"):
        return ConstraintDefinition(kind=ConstraintKind.CHECK, expression=cursor.group())
    if cursor.take("UNIQUE"):
        _nulls(cursor)
        _index_parameters(cursor)
        return ConstraintDefinition(kind=ConstraintKind.UNIQUE, columns=columns)
    if cursor.take("PRIMARY", "KEY"):
        _index_parameters(cursor)
        return ConstraintDefinition(kind=ConstraintKind.PRIMARY_KEY, columns=columns)
    return _references(cursor, columns)


def is_table_constraint(cursor: Cursor) -> bool:
    """Whether a constraint comes next, and not a column."""
    if cursor.word == "EXCLUDE":  # no reserved word: a column may have that name
        return cursor.peek(1) in ("USING", "(")
    return cursor.word in ("CONSTRAINT", "CHECK", "UNIQUE", "PRIMARY", "FOREIGN", "NOT")


def table_constraint(cursor: Cursor) -> ConstraintDefinition | None:
    """Take a constraint that is not at a column."""
    name = cursor.identifier() if cursor.take("CONSTRAINT") else None
    constraint = _unnamed_constraint(cursor)
    if constraint is None:
        return None
    return _attributes(cursor, replace(constraint, name=name))


def domain_constraint(cursor: Cursor) -> ConstraintDefinition | None:
    """Take a constraint of a domain, whose NOT NULL names no column."""
    name = cursor.identifier() if cursor.take("CONSTRAINT") else None
    if cursor.take("NOT", "NULL"):
        constraint = ConstraintDefinition(kind=ConstraintKind.NOT_NULL, name=name)
    elif cursor.take("CHECK"):
        expression = cursor.group()
        constraint = ConstraintDefinition(
            kind=ConstraintKind.CHECK, name=name, expression=expression
        )
    else:
        return None
    return _attributes(cursor, constraint)


def _unnamed_constraint(cursor: Cursor) -> ConstraintDefinition | None:
    if cursor.take("CHECK"):
        return ConstraintDefinition(kind=ConstraintKind.CHECK, expression=cursor.group())
    if cursor.take("NOT", "NULL"):
        column = cursor.identifier()
        columns = () if column is None else (column,)
        return ConstraintDefinition(kind=ConstraintKind.NOT_NULL, columns=columns)
    if cursor.take("UNIQUE"):
        _nulls(cursor)
        return _key(cursor, ConstraintKind.UNIQUE)
    if cursor.take("PRIMARY", "KEY"):
        return _key(cursor, ConstraintKind.PRIMARY_KEY)
    if cursor.take("EXCLUDE"):
        if cursor.take("USING"):
            cursor.identifier()
        elements = cursor.group()
        _index_parameters(cursor)
        if cursor.take("WHERE"):
            cursor.group()
        return ConstraintDefinition(kind=ConstraintKind.EXCLUDE, expression=elements)
    if cursor.take("FOREIGN", "KEY"):
        return _references(cursor, cursor.column_names())
    return None


def _key(cursor: Cursor, kind: ConstraintKind) -> ConstraintDefinition:
    if cursor.take("USING", "INDEX"):
        return ConstraintDefinition(kind=kind, index=cursor.identifier())
    columns = cursor.column_names()
    _index_parameters(cursor)
    return ConstraintDefinition(kind=kind, columns=columns)


def _nulls(cursor: Cursor) -> None:
    if cursor.take("NULLS"):
        cursor.take("NOT")
        cursor.take("DISTINCT")


def _index_parameters(cursor: Cursor) -> None:
    if cursor.take("INCLUDE"):
        cursor.group()
    if cursor.take("WITH"):
        cursor.group()
    if cursor.take("USING", "INDEX", "TABLESPACE"):
        cursor.identifier()


def _references(cursor: Cursor, columns: tuple[str, ...]) -> ConstraintDefinition | None:
    if not cursor.take("REFERENCES"):
        return None
    table = cursor.name()
    referenced = cursor.column_names()
    found = ConstraintDefinition(
        kind=ConstraintKind.FOREIGN_KEY,
        columns=columns,
        references=table,
        referenced_columns=referenced,
    )
    while cursor.word in ("MATCH", "ON"):
        if cursor.next() == "MATCH":
            found = replace(found, match=cursor.next())
            continue
        is_delete = cursor.next() == "DELETE"  # or UPDATE
        start = cursor.at
        if not cursor.take("NO", "ACTION"):
            if cursor.take("SET"):
                cursor.next()
                cursor.group()
            else:
                cursor.next()
        does = cursor.text_from(start)
        found = replace(found, on_delete=does) if is_delete else replace(found, on_update=does)
    return found


def _attributes(cursor: Cursor, constraint: ConstraintDefinition) -> ConstraintDefinition:
    while True:
        if cursor.take("NOT", "VALID"):
            constraint = replace(constraint, not_valid=True)
        elif cursor.take("NOT", "ENFORCED"):
            constraint = replace(constraint, not_enforced=True)
        elif cursor.take("NO", "INHERIT"):
            constraint = replace(constraint, no_inherit=True)
        elif cursor.take("DEFERRABLE"):
            constraint = replace(constraint, deferrable=True)
        elif cursor.take("INITIALLY"):
            initially = cursor.next()
            constraint = replace(
                constraint,
                deferrable=constraint.deferrable or initially == "DEFERRED",
                initially=initially,
            )
        elif not (cursor.take("NOT", "DEFERRABLE") or cursor.take("ENFORCED")):
            return constraint
