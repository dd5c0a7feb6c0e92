"""The models' DDL, written for scratch schemas: what the server reads to print the models' side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import ARRAY, DOMAIN, ENUM
from sqlalchemy.dialects.postgresql.named_types import CreateDomainType, CreateEnumType
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import (
    AddConstraint,
    CreateIndex,
    CreateSequence,
    CreateTable,
    SetColumnComment,
    SetConstraintComment,
    SetTableComment,
)
from sqlalchemy.types import TypeDecorator

from asyncmig.ddl.compilation import tidy
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import ConfigError
from asyncmig.operations.internals import metadata_sequences, render_as_constraint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Sequence as Several

    from sqlalchemy.schema import Constraint, DDLElement, MetaData, Sequence, Table
    from sqlalchemy.types import TypeEngine

    from asyncmig.catalog.model import Enum, ObjectName

__all__ = ["ModelStatement", "Models"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatement:
    """A statement of the models' DDL, and what of the models it is for: ``table shop.book``."""

    sql: str
    subject: str


class Models:
    """The models of one or several ``MetaData``, which together are one database.

    Args:
        metadatas: in this order; of a table that two of them have, the first counts.
        default_schema: what a model without a schema means.
        server_version: ``(18, 1)``.
    """

    def __init__(
        self,
        metadatas: Several[MetaData],
        *,
        default_schema: str,
        server_version: tuple[int, ...] | None = None,
    ) -> None:
        self.metadatas = metadatas
        self.default_schema = default_schema
        self._dialect = MigrationDialect(server_version)
        # CONCURRENTLY is about how an index is built, not about what it is, and cannot be in a transaction
        self._dialect._supports_create_index_concurrently = False  # noqa: SLF001 - no public switch
        self.tables: dict[tuple[str, str], Table] = {}
        for metadata in metadatas:
            for table in metadata.tables.values():
                self.tables.setdefault((self.schema_of(table), table.name), table)

    def schema_of(self, item: Any) -> str:
        """The schema of a table, sequence or type."""
        return str(item.schema or self.default_schema)

    @property
    def schemas(self) -> frozenset[str]:
        """The schemas that the models are about: each MetaData's own, and those of its objects."""
        found = {str(metadata.schema or self.default_schema) for metadata in self.metadatas}
        found |= {schema for schema, _ in self.tables}
        found |= {self.schema_of(sequence) for sequence in self._sequences()}
        found |= {self.schema_of(named) for named in self._named_types()}
        return frozenset(found)

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """Schema and name of each table, sequence and type."""
        others = (*self._sequences(), *self._named_types())
        return frozenset({*self.tables, *((self.schema_of(it), str(it.name)) for it in others)})

    def statements(
        self, scratch: Mapping[str, str], enums: Mapping[ObjectName, Enum]
    ) -> list[ModelStatement]:
        """Everything as DDL in the order of its dependencies.

        Args:
            scratch: for each of ``schemas``, the one to write instead.
            enums: of the database; a type that the models name without its labels has these.

        Raises:
            ConfigError: SQLAlchemy cannot compile the models. Facts: ``subject``.
        """
        translate: dict[str | None, str] = {None: scratch[self.default_schema]}
        translate.update(scratch)
        return [
            ModelStatement(sql=self._compile(element, translate, subject), subject=subject)
            for element, subject in self._elements(enums)
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
    def has_conventions(self) -> bool:
        """True when a naming convention could change a name that is given whole."""
        return any(
            "%(constraint_name)s" in str(pattern)
            for metadata in self.metadatas
            for pattern in metadata.naming_convention.values()
        )

    def _compile(
        self, element: DDLElement, translate: Mapping[str | None, str], subject: str
    ) -> str:
        try:
            return tidy(
                str(
                    element.compile(
                        dialect=self._dialect,
                        schema_translate_map=dict(translate),
                        render_schema_translate=True,
                    )
                )
            )
        except (SQLAlchemyError, AssertionError) as error:
            # an index that no convention names is met by a bare assert
            reason = str(error).partition("\n")[0] or "SQLAlchemy refuses it without a reason"
            raise ConfigError(
                f"the models cannot be written as SQL: {subject}: {reason}",
                hint="does `CreateTable(...)` of SQLAlchemy compile it? are all models imported?",
                subject=subject,
            ) from error

    def _elements(self, enums: Mapping[ObjectName, Enum]) -> Iterator[tuple[DDLElement, str]]:
        yield from self._types(enums)
        for sequence in self._sequences():
            yield CreateSequence(sequence), f"sequence {self._label(sequence)}"
        for table in self.tables.values():
            # foreign keys follow when all tables are there, so that their order does not matter
            yield CreateTable(table, include_foreign_key_constraints=[]), self._subject(table)
        for table in self.tables.values():
            subject = self._subject(table)
            for key in self._in_order(table):
                if key.__visit_name__ == "foreign_key_constraint":
                    yield _added(key), subject
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                yield CreateIndex(index), subject
            if table.comment is not None:
                yield SetTableComment(table), subject
            for column in table.columns:
                if column.comment is not None:
                    yield SetColumnComment(column), subject
            for constraint in self._in_order(table):
                if constraint.comment is not None and constraint.name is not None:
                    yield SetConstraintComment(constraint), subject

    def _types(self, enums: Mapping[ObjectName, Enum]) -> Iterator[tuple[DDLElement, str]]:
        known = {tuple(name): enum.labels for name, enum in enums.items()}
        for named in self._named_types():
            label = self._label(named)
            if isinstance(named, DOMAIN):
                yield CreateDomainType(named), f"domain {label}"
                continue
            labels = named.enums or known.get((self.schema_of(named), str(named.name)), ())
            if labels is not named.enums:
                named = ENUM(*labels, name=named.name, schema=named.schema)  # noqa: PLW2901 - completed
            yield CreateEnumType(named), f"enum {label}"

    def _in_order(self, table: Table) -> list[Constraint]:
        compiler = self._dialect.ddl_compiler(self._dialect, None)  # type: ignore[arg-type]  # no element
        return [
            constraint
            for constraint in sorted(table.constraints, key=_creation_order)
            if render_as_constraint(constraint, compiler)
        ]

    def _sequences(self) -> Iterator[Sequence]:
        seen = set()
        for metadata in self.metadatas:
            for sequence in metadata_sequences(metadata):
                key = (self.schema_of(sequence), sequence.name)
                if key not in seen:
                    seen.add(key)
                    yield sequence

    def _named_types(self) -> Iterator[ENUM | DOMAIN]:
        seen = set()
        for table in self.tables.values():
            for column in table.columns:
                for named in self._within(column.type):
                    key = (self.schema_of(named), str(named.name))
                    if key not in seen:
                        seen.add(key)
                        yield named

    def _within(self, type_: TypeEngine[Any]) -> Iterator[ENUM | DOMAIN]:
        """The enums and domains that a column's type consists of, the innermost first."""
        found: Any = type_.dialect_impl(self._dialect)
        while isinstance(found, TypeDecorator):
            found = found.impl_instance
        if isinstance(found, ARRAY) or hasattr(found, "item_type"):
            yield from self._within(found.item_type)
        if isinstance(found, DOMAIN):
            yield from self._within(found.data_type)
        if isinstance(found, ENUM | DOMAIN):
            yield found

    def _label(self, item: Any) -> str:
        return f"{item.schema}.{item.name}" if item.schema else str(item.name)

    def _subject(self, table: Table) -> str:
        return f"table {self._label(table)}"


def _creation_order(constraint: Constraint) -> int:
    order: int = constraint._creation_order  # noqa: SLF001 - the order of CREATE TABLE
    return order


def _added(constraint: Constraint) -> AddConstraint:
    """ALTER TABLE ... ADD; making one tells the constraint to leave CREATE TABLE, which is taken back."""
    rule = constraint._create_rule  # noqa: SLF001 - the models stay as they were
    statement = AddConstraint(constraint)
    constraint._create_rule = rule  # noqa: SLF001 - same
    return statement
