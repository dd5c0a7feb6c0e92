"""The statements that build models and declared entities in scratch schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from asyncmig.catalog.object_name import ObjectName

__all__ = ["ModelStatement", "Part"]


class Part(NamedTuple):
    """A part of a table that a statement of its own creates.

    Attributes:
        kind: ``index``, ``constraint`` or ``foreign key``.
        names: the name of the index or constraint; the columns of a foreign key.
    """

    kind: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        names = ", ".join(self.names)
        return f"{self.kind} ({names})" if self.kind == "foreign key" else f"{self.kind} {names}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatement:
    """A statement of the DDL of the models.

    Attributes:
        sql: one statement, or several for one object; empty if SQLAlchemy refuses to compile it.
        subject: the object of the models: ``table shop.book``.
        kind: the kind of the object: ``table``, ``enum``, ``sequence``, or the kind of an entity.
        name: the name of the object.
        part: the part of it that the statement creates: ``index ix_book_title``.
        table: the table that it creates or changes; None if all tables may depend on it.
        leads_to: the tables that must exist before it.
        locks: the approximate number of locks that it takes until the end of the transaction.
        problem: why it is refused before it is sent, for instance because SQLAlchemy cannot compile it.
        hint: what to do about the problem, if it is known.
    """

    sql: str
    subject: str
    kind: str
    name: ObjectName
    part: Part | None = None
    table: ObjectName | None = None
    leads_to: tuple[ObjectName, ...] = ()
    locks: int = 0
    problem: str | None = None
    hint: str | None = None
