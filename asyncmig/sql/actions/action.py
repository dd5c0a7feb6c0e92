"""The values that a statement is parsed into."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from asyncmig.sql.actions.kinds import NOT_ANALYSED

if TYPE_CHECKING:
    from asyncmig.sql.actions.kinds import ActionKind
    from asyncmig.sql.reader import SqlName

__all__ = ["Action", "ColumnDefinition", "ConstraintDefinition", "ConstraintKind"]

_SERIAL = frozenset({"serial", "serial2", "serial4", "serial8", "bigserial", "smallserial"})


class ConstraintKind(StrEnum):
    """What a constraint demands."""

    CHECK = "check"
    FOREIGN_KEY = "foreign_key"
    UNIQUE = "unique"
    PRIMARY_KEY = "primary_key"
    EXCLUDE = "exclude"
    NOT_NULL = "not_null"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintDefinition:
    """A constraint as it is written, at a column or by itself.

    Attributes:
        kind: what it demands.
        name: None where PostgreSQL chooses it.
        columns: the columns it names; empty for CHECK, whose columns are in ``expression``.
        expression: the condition of a CHECK, without its parentheses; the elements of an EXCLUDE.
        references: the table that a foreign key refers to.
        referenced_columns: empty where the primary key is meant.
        index: the index of ``USING INDEX``.
        not_valid: existing rows are not checked.
        not_enforced: no row is checked (PostgreSQL 18).
        deferrable: it may be checked at the end of a transaction.
        initially: ``"DEFERRED"`` or ``"IMMEDIATE"`` as written.
        on_delete, on_update, match: of a foreign key, as written.
        no_inherit: children do not get it.
    """

    kind: ConstraintKind
    name: str | None = None
    columns: tuple[str, ...] = ()
    expression: str | None = None
    references: SqlName | None = None
    referenced_columns: tuple[str, ...] = ()
    index: str | None = None
    not_valid: bool = False
    not_enforced: bool = False
    deferrable: bool = False
    initially: str | None = None
    on_delete: str | None = None
    on_update: str | None = None
    match: str | None = None
    no_inherit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDefinition:
    """A column as ADD COLUMN and CREATE TABLE write it.

    Attributes:
        name: as the catalog holds it.
        type: its type as written, without the collation; None in ``CREATE TABLE ... OF``.
        collation: as written.
        default: the expression of DEFAULT as written.
        identity: ``"always"`` or ``"by default"``.
        generated: the expression of GENERATED ALWAYS AS.
        generation: ``"stored"`` or ``"virtual"`` as written; None where neither is: STORED was required
            before PostgreSQL 18, VIRTUAL is the default since.
        constraints: NOT NULL, CHECK, UNIQUE, PRIMARY KEY and REFERENCES at the column.
    """

    name: str
    type: str | None = None
    collation: str | None = None
    default: str | None = None
    identity: str | None = None
    generated: str | None = None
    generation: str | None = None
    constraints: tuple[ConstraintDefinition, ...] = ()

    def constraint(self, kind: ConstraintKind) -> ConstraintDefinition | None:
        """The first constraint of that kind."""
        return next((each for each in self.constraints if each.kind is kind), None)

    @property
    def not_null(self) -> bool:
        """NOT NULL is written; PRIMARY KEY, serial and identity imply it without that."""
        return self.constraint(ConstraintKind.NOT_NULL) is not None

    @property
    def serial(self) -> bool:
        """Its type is one of the serial types, so it gets a sequence and a volatile default."""
        return self.type is not None and self.type.lower() in _SERIAL

    @property
    def references(self) -> SqlName | None:
        """The table that a REFERENCES at the column names."""
        found = self.constraint(ConstraintKind.FOREIGN_KEY)
        return found.references if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that a statement does to one object.

    Names are as the catalog holds them (folded or unquoted, cut to 63 bytes); a schema is None where the
    statement leaves it to ``search_path``. Texts (``type``, ``default``, ``expression``) are as written.

    Attributes:
        kind: what is done.
        start, end: the place of the action in the statement, in characters.
        target: the kind of object that the command names, in capitals: ``"TABLE"``, ``"INDEX"``,
            ``"MATERIALIZED VIEW"``, ``"FUNCTION"``; ALTER TABLE accepts views, indexes and sequences, too.
        relation: the table, view or sequence; for an index, trigger, policy or rule the table it belongs
            to, where the statement names it.
        object: an object that is not a relation: a type, domain, schema, function, trigger, policy ...
        index: the index that is created, dropped, renamed or used.
        column: the column that is added, changed or dropped, under its old name.
        columns: the columns of an index or constraint that are plain names, or the columns that are written.
        constraint: the name of the constraint that is added, validated, changed or dropped.
        new_column: the definition of ADD COLUMN.
        new_constraint: the definition of ADD CONSTRAINT.
        new_name: the name, or the schema of SET SCHEMA, that the object gets.
        partition: the partition of ATTACH and DETACH, or the parent of CREATE ... PARTITION OF and INHERIT.
        references: other relations that the action names: of foreign keys, LIKE, INHERITS.
        definitions: the columns of CREATE TABLE.
        constraints: the constraints of CREATE TABLE that are not at a column.
        type: the new type of a column or attribute.
        default: the new default.
        expression: USING of a type change, WHERE of DML, the predicate of an index, the values of a
            partition, the label of an enum.
        mode: the mode of LOCK TABLE: ``"ACCESS EXCLUSIVE"``.
        words: what is left of the text, for kinds that need it (options, the object of GRANT).
        elements: the elements of an index as written.
        unique: of an index.
        only: ONLY is written: children or partitions are not changed.
        concurrently, if_exists, if_not_exists, cascade, temporary, unlogged: as the statement writes.
        where: a WHERE limits the rows.
    """

    kind: ActionKind
    start: int = 0
    end: int = 0
    target: str = ""
    relation: SqlName | None = None
    object: SqlName | None = None
    index: SqlName | None = None
    column: str | None = None
    columns: tuple[str, ...] = ()
    constraint: str | None = None
    new_column: ColumnDefinition | None = None
    new_constraint: ConstraintDefinition | None = None
    new_name: str | None = None
    partition: SqlName | None = None
    references: tuple[SqlName, ...] = ()
    definitions: tuple[ColumnDefinition, ...] = ()
    constraints: tuple[ConstraintDefinition, ...] = ()
    type: str | None = None
    default: str | None = None
    expression: str | None = None
    mode: str | None = None
    words: str = ""
    elements: tuple[str, ...] = ()
    unique: bool = False
    only: bool = False
    concurrently: bool = False
    if_exists: bool = False
    if_not_exists: bool = False
    cascade: bool = False
    temporary: bool = False
    unlogged: bool = False
    where: bool = False

    @property
    def analysed(self) -> bool:
        """False where the text does not tell what happens: DO, CALL, EXECUTE, and unknown statements."""
        return self.kind not in NOT_ANALYSED

    @property
    def table_constraints(self) -> tuple[ConstraintDefinition, ...]:
        """The constraints of CREATE TABLE that are not at a column, or that of ADD CONSTRAINT."""
        return self.constraints if self.new_constraint is None else (self.new_constraint,)

    @property
    def column_types(self) -> list[tuple[str, str | None]]:
        """The columns to which a CREATE TABLE, ADD COLUMN or change of type gives a type, with it."""
        if self.definitions or self.column is None:
            return [(column.name, column.type) for column in self.definitions]
        return [(self.column, self.type)]
