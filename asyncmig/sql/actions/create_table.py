"""CREATE TABLE, CREATE FOREIGN TABLE and CREATE TABLE AS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.actions.action import Action
from asyncmig.sql.actions.definitions import (
    column_definition,
    is_table_constraint,
    table_constraint,
)
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from asyncmig.sql.actions.action import ColumnDefinition, ConstraintDefinition
    from asyncmig.sql.actions.cursor import Cursor
    from asyncmig.sql.reader import SqlName

__all__ = ["create_table"]

_NEXT_ELEMENT = frozenset({","})
_PARENTS_OR_QUERY = frozenset({"INHERITS", "AS"})


def create_table(
    cursor: Cursor, target: str, *, temporary: bool, unlogged: bool
) -> tuple[Action, ...]:
    """What follows ``CREATE TABLE`` or ``CREATE FOREIGN TABLE``."""
    if_not_exists = cursor.take("IF", "NOT", "EXISTS")
    table = cursor.name()
    kind = ActionKind.CREATE_TABLE
    parent = None
    if cursor.take("PARTITION", "OF"):
        kind = ActionKind.CREATE_PARTITION
        parent = cursor.name()
    elif cursor.take("OF"):
        cursor.name()
    elements = _Elements(cursor)
    if cursor.take("("):
        elements.read()
    bounds = None
    if kind is ActionKind.CREATE_PARTITION:
        start = cursor.at
        if cursor.take("FOR", "VALUES", "WITH"):
            cursor.group()
        elif not cursor.take("DEFAULT") and cursor.take("FOR", "VALUES"):
            cursor.until(frozenset({"PARTITION", "USING", "WITH", "TABLESPACE", "SERVER"}))
        bounds = cursor.text_from(start)
    query = None
    cursor.until(_PARENTS_OR_QUERY)
    if cursor.take("INHERITS"):
        cursor.take("(")
        elements.references += cursor.names()
    elif cursor.take("AS"):
        kind = ActionKind.CREATE_TABLE_AS
        query = cursor.until(frozenset())
    created = Action(
        kind=kind,
        target=target,
        relation=table,
        partition=parent,
        definitions=tuple(elements.columns),
        constraints=tuple(elements.constraints),
        references=tuple(elements.all_references()),
        expression=query if query is not None else bounds,
        if_not_exists=if_not_exists,
        temporary=temporary,
        unlogged=unlogged,
        end=cursor.end_position,
    )
    return (created, *elements.not_understood)


class _Elements:
    """What is between the parentheses of CREATE TABLE."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.columns: list[ColumnDefinition] = []
        self.constraints: list[ConstraintDefinition] = []
        self.references: tuple[SqlName, ...] = ()
        self.not_understood: list[Action] = []

    def read(self) -> None:
        cursor = self.cursor
        while not cursor.at_end and not cursor.take(")"):
            start = cursor.at
            self._element()
            if cursor.word not in (",", ")"):
                cursor.until(_NEXT_ELEMENT)
                self.not_understood.append(
                    Action(
                        kind=ActionKind.UNKNOWN,
                        words=cursor.text_from(start),
                        start=cursor.tokens[start].start,
                        end=cursor.behind,
                    )
                )
            cursor.take(",")

    def _element(self) -> None:
        cursor = self.cursor
        if cursor.take("LIKE"):
            if source := cursor.name():
                self.references += (source,)
            while cursor.either("INCLUDING", "EXCLUDING"):
                cursor.next()
        elif is_table_constraint(cursor):
            if constraint := table_constraint(cursor):
                self.constraints.append(constraint)
        elif column := column_definition(cursor):
            self.columns.append(column)

    def all_references(self) -> list[SqlName]:
        """LIKE and INHERITS, then the tables of foreign keys; each once."""
        found = dict.fromkeys(self.references)
        found.update((column.references, None) for column in self.columns if column.references)
        found.update((each.references, None) for each in self.constraints if each.references)
        return list(found)
