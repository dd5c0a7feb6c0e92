"""The models' DDL, written for scratch schemas: what the server reads to print the models' side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import types
from sqlalchemy.dialects.postgresql import ARRAY, DOMAIN, ENUM, ExcludeConstraint
from sqlalchemy.dialects.postgresql.named_types import CreateDomainType, CreateEnumType, NamedType
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import (
    AddConstraint,
    CheckConstraint,
    CreateIndex,
    CreateSequence,
    CreateTable,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    SetColumnComment,
    SetConstraintComment,
    SetTableComment,
    UniqueConstraint,
)
from sqlalchemy.types import NullType, TypeDecorator

from asyncmig.catalog.foreign_keys import foreign_target, resolved, stand_in
from asyncmig.catalog.object_name import ObjectName
from asyncmig.ddl.compilation import tidy
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import ConfigError
from asyncmig.operations.base.sqlalchemy_private import (
    has_variants,
    is_added_later,
    is_meant,
    metadata_sequences,
    render_as_constraint,
    table_prefixes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Sequence as Several

    from sqlalchemy.schema import Constraint, DDLElement, MetaData, Sequence, Table
    from sqlalchemy.types import TypeEngine

    from asyncmig.catalog.foreign_keys import ForeignTarget
    from asyncmig.catalog.model import Enum

__all__ = ["ModelStatement", "Models"]

_TEMPORARY = frozenset({"TEMP", "TEMPORARY"})

_KEYS: Mapping[object, str] = {
    CheckConstraint: "ck",
    ForeignKeyConstraint: "fk",
    PrimaryKeyConstraint: "pk",
    UniqueConstraint: "uq",
    Index: "ix",
}
"""What naming conventions call the classes that they also take as keys."""


_COMPOSED = (types.TypeDecorator, types.Enum, types.ARRAY, NamedType)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatement:
    """A statement of the models' DDL.

    Attributes:
        sql: one statement, or several for one thing.
        subject: what of the models it is for: ``table shop.book``.
        part: of that what it makes, where it is not the whole: ``index ix_book_title``.
        table: that it makes, or makes something of; None where all tables may need it.
        leads_to: the tables that must be there before it.
        locks: how many it takes about, until its transaction ends.
    """

    sql: str
    subject: str
    part: str | None = None
    table: ObjectName | None = None
    leads_to: tuple[ObjectName, ...] = ()
    locks: int = 0


class _Element(NamedTuple):
    """One of these, before it is SQL."""

    ddl: DDLElement
    subject: str
    part: str | None = None
    table: Table | None = None
    leads_to: tuple[ObjectName, ...] = ()
    locks: int = 0


class Models:
    """The models of one or several ``MetaData``, which together are one database.

    Args:
        metadatas: in this order; of a table that two of them have, the first counts.
        default_schema: what a model without a schema means.
        server_version: ``(18, 1)``.
        schema_translate_map: the schema to take instead of one that the models name; None names the
            models that have no schema.
    """

    def __init__(
        self,
        metadatas: Several[MetaData],
        *,
        default_schema: str,
        server_version: tuple[int, ...] | None = None,
        schema_translate_map: Mapping[str | None, str] | None = None,
    ) -> None:
        self.metadatas = metadatas
        self.default_schema = default_schema
        self._translate = dict(schema_translate_map or {})
        self._dialect = MigrationDialect(server_version)
        # CONCURRENTLY is about how an index is built, not about what it is, and cannot be in a transaction
        self._dialect._supports_create_index_concurrently = False  # noqa: SLF001 - no public switch
        self._compiler = self._dialect.ddl_compiler(self._dialect, None)  # type: ignore[arg-type]  # no element
        self._plain: dict[type, bool] = {}
        self.tables: dict[tuple[str, str], Table] = {}
        for metadata in metadatas:
            for table in metadata.tables.values():
                # a temporary table is its session's, and in no schema of the database
                if _TEMPORARY.isdisjoint(word.upper() for word in table_prefixes(table)):
                    self.tables.setdefault((self.schema_of(table), table.name), table)

    def schema_of(self, item: Any) -> str:
        """The schema of a table, sequence or type."""
        return self._meant(item.schema)

    def _meant(self, schema: str | None) -> str:
        return str(self._translate.get(schema, schema) or self.default_schema)

    @cached_property
    def schemas(self) -> frozenset[str]:
        """The schemas that the models are about: each MetaData's own, and those of its objects."""
        found = {self._meant(metadata.schema) for metadata in self.metadatas}
        found |= {schema for schema, _ in self.tables}
        found |= {self.schema_of(sequence) for sequence in self._sequences()}
        found |= {name.schema for name in self._types}
        return frozenset(found)

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """Schema and name of each table, sequence and type."""
        sequences = ((self.schema_of(item), str(item.name)) for item in self._sequences())
        types = ((name.schema, name.name) for name in self._types)
        return frozenset({*self.tables, *sequences, *types})

    @property
    def schemas_to_build(self) -> frozenset[str]:
        """These, and those of tables that foreign keys lead to outside of the models."""
        names = (*self.outside, *self.borrowed)
        return self.schemas | {name.schema for name in names}

    @cached_property
    def outside(self) -> Mapping[ObjectName, Table]:
        """The tables that only foreign keys lead to, each with the columns that they name.

        They stand in for the real ones, so that building the models locks none of those.

        Raises:
            ConfigError: a column takes its type from one of them. Facts: ``subject``.
        """
        keys: dict[ObjectName, list[ForeignTarget]] = {}
        for table in self.tables.values():
            for key in table.foreign_key_constraints:
                target = foreign_target(key)
                name = ObjectName(self._meant(target.schema), target.table)
                if tuple(name) in self.tables:
                    continue
                if any(isinstance(type_, NullType) for type_ in target.types):
                    raise ConfigError(
                        f"{self._leading(table, key)}, which no model has, and gives the column its type",
                        hint="are all models imported? to a table of nobody's models: give the column a type",
                        subject=self._subject(table),
                    )
                keys.setdefault(name, []).append(target)
        return {name: stand_in(targets) for name, targets in keys.items()}

    def leading_to(self, name: ObjectName) -> Iterator[str]:
        """Which foreign keys lead to a table, in words."""
        for table in self.tables.values():
            for key in table.foreign_key_constraints:
                if self._target(key) == name:
                    yield self._leading(table, key)

    def _leading(self, table: Table, key: ForeignKeyConstraint) -> str:
        columns = ", ".join(key.column_keys)
        return f"{self._subject(table)}: the foreign key ({columns}) leads to {'.'.join(self._target(key))}"

    @cached_property
    def borrowed(self) -> frozenset[ObjectName]:
        """The types that only tables outside of the models use."""
        return frozenset(self._types_of(self.outside.values())) - self._types.keys()

    @cached_property
    def _types(self) -> Mapping[ObjectName, ENUM | DOMAIN]:
        return self._types_of(self.tables.values())

    @property
    def lacks_labels(self) -> bool:
        """A model names an enum type without its labels; then they are the database's."""
        return any(isinstance(item, ENUM) and not item.enums for item in self._types.values())

    def statements(
        self, scratch: Mapping[str, str], enums: Mapping[ObjectName, Enum]
    ) -> list[ModelStatement]:
        """Everything as DDL in the order of its dependencies.

        Args:
            scratch: for each of ``schemas_to_build``, the one to write instead.
            enums: of the database; a type that the models name without its labels has these.

        Raises:
            ConfigError: SQLAlchemy cannot compile the models. Facts: ``subject``.
        """
        # of others than the models name nothing is built
        meant = {name: self._meant(name) for name in (None, *self._translate)}
        translate: dict[str | None, str] = {}
        translate.update(scratch)
        translate.update({name: scratch[to] for name, to in meant.items() if to in scratch})
        return [
            ModelStatement(
                sql=self._compile(item.ddl, translate, item.subject),
                subject=item.subject,
                part=item.part,
                table=self._divisible(item.table),
                leads_to=item.leads_to,
                locks=item.locks,
            )
            for item in self._elements(enums)
        ]

    def named_constraints(self) -> frozenset[tuple[str, str, str]]:
        """Schema, table and name of each constraint whose name the models choose."""
        preparer = self._dialect.identifier_preparer
        found = set()
        for (schema, table_name), table in self.tables.items():
            for constraint in table.constraints:
                name = None if constraint.name is None else preparer.format_constraint(constraint)
                if name is not None:
                    plain = name[1:-1].replace('""', '"') if name.startswith('"') else name
                    found.add((schema, table_name, plain))
        return frozenset(found)

    @property
    def conventions(self) -> frozenset[str]:
        """The kinds (``ck``, ``pk`` ...) of which a naming convention changes names that are given whole."""
        return frozenset(
            _KEYS.get(kind, str(kind))
            for metadata in self.metadatas
            for kind, pattern in metadata.naming_convention.items()
            if "%(constraint_name)s" in str(pattern)
        )

    def _compile(
        self, element: DDLElement, translate: Mapping[str | None, str], subject: str
    ) -> str:
        try:
            if isinstance(element, CreateTable):
                # SQLAlchemy looks at it when it creates the table, and PostgreSQL cuts it off
                self._dialect.validate_identifier(element.element.name)
            return tidy(
                str(
                    element.compile(
                        dialect=self._dialect,
                        schema_translate_map=dict(translate),
                        render_schema_translate=True,
                    )
                )
            )
        except (SQLAlchemyError, AssertionError, AttributeError, TypeError) as error:
            # an index that no convention names is met by a bare assert, a default that is no text by worse
            reason = str(error).partition("\n")[0] or "SQLAlchemy refuses it without a reason"
            raise ConfigError(
                f"the models cannot be written as SQL: {subject}: {reason}",
                hint="does `CreateTable(...)` of SQLAlchemy compile it? are all models imported?",
                subject=subject,
            ) from error

    def _elements(self, enums: Mapping[ObjectName, Enum]) -> Iterator[_Element]:
        for named, label in self._type_statements(enums):
            yield _Element(named, label)
        for sequence in self._sequences():
            yield _Element(CreateSequence(sequence), f"sequence {self._label(sequence)}", locks=1)
        for table in (*self.outside.values(), *self.tables.values()):
            # foreign keys follow when all tables are there, so that their order does not matter
            created = CreateTable(table, include_foreign_key_constraints=[])
            yield _Element(created, self._subject(table), table=table, locks=_locks(table))
        for table in self.tables.values():
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                if is_meant(index, self._compiler):
                    part = f"index {index.name}"
                    yield _Element(CreateIndex(index), self._subject(table), part, table, locks=1)
        for table in self.tables.values():
            subject = self._subject(table)
            for constraint in self._in_order(table):
                if isinstance(constraint, ForeignKeyConstraint):
                    # it may lead to the columns of a unique index
                    part = f"foreign key ({', '.join(constraint.column_keys)})"
                    leads_to = (self._target(constraint),)
                    yield _Element(_added(resolved(constraint)), subject, part, table, leads_to)
                elif is_added_later(constraint, self._compiler):
                    yield _Element(_added(constraint), subject, table=table)
            if table.comment is not None:
                yield _Element(SetTableComment(table), subject, table=table)
            for column in table.columns:
                if column.comment is not None:
                    yield _Element(SetColumnComment(column), subject, table=table)
            for constraint in self._in_order(table):
                if constraint.comment is not None and constraint.name is not None:
                    yield _Element(SetConstraintComment(constraint), subject, table=table)

    def _target(self, key: ForeignKeyConstraint) -> ObjectName:
        target = foreign_target(key)
        return ObjectName(self._meant(target.schema), target.table)

    def _divisible(self, table: Table | None) -> ObjectName | None:
        """The name of a table that can be built without those that it has no foreign key to."""
        if table is None or self._inherits:
            return None
        return ObjectName(self.schema_of(table), table.name)

    @cached_property
    def _inherits(self) -> bool:
        return any(
            table.dialect_options["postgresql"]["inherits"] for table in self.tables.values()
        )

    def _type_statements(
        self, enums: Mapping[ObjectName, Enum]
    ) -> Iterator[tuple[DDLElement, str]]:
        for name, named in {**self._types_of(self.outside.values()), **self._types}.items():
            label = self._label(named)
            if isinstance(named, DOMAIN):
                yield CreateDomainType(named), f"domain {label}"
                continue
            known = enums.get(name)
            labels = named.enums or (known.labels if known is not None else ())
            if labels is not named.enums:
                named = ENUM(*labels, name=named.name, schema=named.schema)  # noqa: PLW2901 - completed
            yield CreateEnumType(named), f"enum {label}"

    def _in_order(self, table: Table) -> list[Constraint]:
        return [
            constraint
            for constraint in sorted(table.constraints, key=_creation_order)
            if render_as_constraint(constraint, self._compiler)
            or is_added_later(constraint, self._compiler)
        ]

    def _sequences(self) -> Iterator[Sequence]:
        seen = set()
        for metadata in self.metadatas:
            for sequence in metadata_sequences(metadata):
                key = (self.schema_of(sequence), sequence.name)
                if key not in seen:
                    seen.add(key)
                    yield sequence

    def _types_of(self, tables: Iterable[Table]) -> dict[ObjectName, ENUM | DOMAIN]:
        found: dict[ObjectName, ENUM | DOMAIN] = {}
        for table in tables:
            for column in table.columns:
                for named in self._within(column.type):
                    found.setdefault(ObjectName(self.schema_of(named), str(named.name)), named)
        return found

    def _within(self, type_: TypeEngine[Any]) -> Iterator[ENUM | DOMAIN]:
        """The enums and domains that a column's type consists of, the innermost first."""
        if self._is_plain(type_):
            return
        found: Any = type_.dialect_impl(self._dialect)
        while isinstance(found, TypeDecorator):
            found = found.impl_instance
        if isinstance(found, ARRAY) or hasattr(found, "item_type"):
            yield from self._within(found.item_type)
        if isinstance(found, DOMAIN):
            yield from self._within(found.data_type)
        if isinstance(found, ENUM | DOMAIN):
            yield found

    def _is_plain(self, type_: TypeEngine[Any]) -> bool:
        """True for SQLAlchemy's scalar types: they are never an enum, and adapting one takes its time."""
        kind = type(type_)
        plain = self._plain.get(kind)
        if plain is None:
            plain = kind.__module__.startswith("sqlalchemy.") and not issubclass(kind, _COMPOSED)
            self._plain[kind] = plain
        return plain and not has_variants(type_)

    def _label(self, item: Any) -> str:
        return f"{item.schema}.{item.name}" if item.schema else str(item.name)

    def _subject(self, table: Table) -> str:
        return f"table {self._label(table)}"


def _locks(table: Table) -> int:
    """Of a table, its TOAST table and that one's index, and of what is made along."""
    indexed = (PrimaryKeyConstraint, UniqueConstraint, ExcludeConstraint)
    made = [item for item in table.constraints if isinstance(item, indexed)]
    counted = [item for item in table.columns if item.identity is not None]
    serial = table.autoincrement_column is not None and not counted
    return 3 + len(made) + len(counted) + serial


def _creation_order(constraint: Constraint) -> int:
    order: int = constraint._creation_order  # noqa: SLF001 - the order of CREATE TABLE
    return order


def _added(constraint: Constraint) -> AddConstraint:
    """ALTER TABLE ... ADD; making one tells the constraint to leave CREATE TABLE, which is taken back."""
    rule = constraint._create_rule  # noqa: SLF001 - the models stay as they were
    statement = AddConstraint(constraint)
    constraint._create_rule = rule  # noqa: SLF001 - same
    return statement
