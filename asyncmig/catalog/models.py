"""The DDL of the models for scratch schemas."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.dialects.postgresql import DOMAIN, ENUM, ExcludeConstraint
from sqlalchemy.dialects.postgresql.named_types import CreateDomainType, CreateEnumType
from sqlalchemy.exc import IdentifierError, SQLAlchemyError
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
from sqlalchemy.types import NullType

from asyncmig.catalog.foreign_keys import foreign_target, placeholder_table, resolved
from asyncmig.catalog.model_statement import ModelStatement, Part
from asyncmig.catalog.named_types import NamedTypes
from asyncmig.catalog.object_name import ObjectName
from asyncmig.ddl.compilation import clean_layout
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.base.sqlalchemy_private import (
    applies_to_dialect,
    is_added_later,
    is_rendered,
    metadata_sequences,
    table_prefixes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Sequence as Several

    from sqlalchemy.schema import Constraint, DDLElement, MetaData, Sequence, Table

    from asyncmig.catalog.foreign_keys import ForeignTarget
    from asyncmig.catalog.model import Enum

__all__ = ["Models"]

_TEMPORARY = frozenset({"TEMP", "TEMPORARY"})

_KEYS: Mapping[object, str] = {
    CheckConstraint: "ck",
    ForeignKeyConstraint: "fk",
    PrimaryKeyConstraint: "pk",
    UniqueConstraint: "uq",
    Index: "ix",
}
"""The keys of naming conventions for the classes that can be keys too."""


class _Element(NamedTuple):
    """A ``ModelStatement`` before it is compiled."""

    ddl: DDLElement
    kind: str
    item: Any
    part: Part | None = None
    table: Table | None = None
    leads_to: tuple[ObjectName, ...] = ()
    locks: int = 0


class Models:
    """The models of one or several ``MetaData``, which together describe one database.

    Args:
        metadatas: the ``MetaData``; if two of them have the same table, the first one is used.
        default_schema: the schema of models without one.
        server_version: ``(18, 1)``.
        schema_translate_map: schemas by the schemas in the models that they replace; None stands for
            models without a schema.

    Attributes:
        missing: tables of foreign keys that neither the models nor the database have; set by who looked.
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
        self.missing: frozenset[ObjectName] = frozenset()
        self._translate = dict(schema_translate_map or {})
        self._dialect = MigrationDialect(server_version)
        # CONCURRENTLY is not part of the definition of an index, and cannot run in a transaction
        self._dialect._supports_create_index_concurrently = False  # noqa: SLF001 - no public switch
        self._compiler = self._dialect.ddl_compiler(self._dialect, None)  # type: ignore[arg-type]  # no element
        self._named_types = NamedTypes(self._dialect, self.schema_of)
        self.tables: dict[tuple[str, str], Table] = {}
        for metadata in metadatas:
            for table in metadata.tables.values():
                # a temporary table belongs to its session, not to a schema of the database
                if _TEMPORARY.isdisjoint(word.upper() for word in table_prefixes(table)):
                    self.tables.setdefault((self.schema_of(table), table.name), table)

    def schema_of(self, item: Any) -> str:
        """The schema of a table, sequence or type."""
        return self._meant(item.schema)

    def _meant(self, schema: str | None) -> str:
        return str(self._translate.get(schema, schema) or self.default_schema)

    @cached_property
    def schemas(self) -> frozenset[str]:
        """The schemas of the models: that of each ``MetaData``, and those of its objects."""
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
        """The schemas of the models, and those of placeholders."""
        names = (*self.outside, *self.borrowed)
        return self.schemas | {name.schema for name in names}

    @cached_property
    def outside(self) -> Mapping[ObjectName, Table]:
        """Placeholders for tables outside of the models, with the columns that foreign keys refer to.

        They replace the real tables, so that building the models does not lock these. A foreign key that
        gives its columns no type has none: its table is refused.
        """
        keys: dict[ObjectName, list[ForeignTarget]] = {}
        for table in self.tables.values():
            for key in table.foreign_key_constraints:
                target = foreign_target(key)
                name = ObjectName(self._meant(target.schema), target.table)
                if tuple(name) not in self.tables and not _lacks_type(target):
                    keys.setdefault(name, []).append(target)
        return {name: placeholder_table(targets) for name, targets in keys.items()}

    def _problem(self, item: _Element) -> tuple[str, str] | None:
        """Why a table or foreign key is refused although SQLAlchemy might compile it, and what to do."""
        if isinstance(item.ddl, CreateTable) and item.table is not None:
            for key in item.table.foreign_key_constraints:
                name = self._target(key)
                if tuple(name) not in self.tables and _lacks_type(foreign_target(key)):
                    columns = ", ".join(key.column_keys)
                    problem = (
                        f"the foreign key ({columns}) refers to {'.'.join(name)}, which is not in the models,"
                        " so that the type of the column is unknown"
                    )
                    return (
                        problem,
                        "are all models imported? for a table outside the models, give the column a type",
                    )
        if item.part is not None and (missing := self.missing.intersection(item.leads_to)):
            [name] = missing
            hint = (
                "are all models imported, and is the name correct? if other migrations create it, run them"
                " first"
            )
            return (
                f"it refers to {'.'.join(name)}, which exists neither in the models nor in the database",
                hint,
            )
        return None

    @cached_property
    def borrowed(self) -> frozenset[ObjectName]:
        """The types that only placeholders for tables outside of the models use."""
        return frozenset(self._named_types.of_tables(self.outside.values())) - self._types.keys()

    @cached_property
    def _types(self) -> Mapping[ObjectName, ENUM | DOMAIN]:
        return self._named_types.of_tables(self.tables.values())

    @property
    def lacks_labels(self) -> bool:
        """True if a model names an enum type without labels, which are then read from the database."""
        return any(isinstance(item, ENUM) and not item.enums for item in self._types.values())

    def statements(
        self, scratch: Mapping[str, str], enums: Mapping[ObjectName, Enum]
    ) -> list[ModelStatement]:
        """All DDL in an order in which it can be executed.

        Args:
            scratch: the scratch schema for each of ``schemas_to_build``.
            enums: the enum types of the database, for types without labels in the models.

        Returns:
            the statements; one that SQLAlchemy cannot compile has a ``problem``.
        """
        # only schemas that the models use are built
        meant = {name: self._meant(name) for name in (None, *self._translate)}
        translate: dict[str | None, str] = {}
        translate.update(scratch)
        translate.update({name: scratch[to] for name, to in meant.items() if to in scratch})
        return [self._statement(item, translate) for item in self._elements(enums)]

    def _statement(self, item: _Element, translate: Mapping[str | None, str]) -> ModelStatement:
        sql, problem, hint = "", None, None
        try:
            if (found := self._problem(item)) is None:
                sql = self._compile(item.ddl, translate)
            else:
                problem, hint = found
        except (SQLAlchemyError, AssertionError, AttributeError, TypeError) as error:
            # an unnamed index is an AssertionError in SQLAlchemy, an invalid default one of the others
            problem = str(error).partition("\n")[0] or "SQLAlchemy gives no reason"
        return ModelStatement(
            sql=sql,
            subject=f"{item.kind} {self._label(item.item)}",
            kind=item.kind,
            name=ObjectName(self.schema_of(item.item), str(item.item.name)),
            part=item.part,
            table=self._independent_name(item.table),
            leads_to=item.leads_to,
            locks=item.locks,
            problem=problem,
            hint=hint,
        )

    def named_constraints(self) -> frozenset[tuple[str, str, str]]:
        """Schema, table and name of each constraint that is named in the models."""
        preparer = self._dialect.identifier_preparer
        found = set()
        for (schema, table_name), table in self.tables.items():
            for constraint in table.constraints:
                if constraint.name is None:
                    continue
                try:
                    name = preparer.format_constraint(constraint)
                except IdentifierError:
                    continue  # too long, so that its table is refused
                if name is not None:
                    plain = name[1:-1].replace('""', '"') if name.startswith('"') else name
                    found.add((schema, table_name, plain))
        return frozenset(found)

    @property
    def conventions(self) -> frozenset[str]:
        """The kinds (``ck``, ``pk`` ...) for which a naming convention changes complete names."""
        return frozenset(
            _KEYS.get(kind, str(kind))
            for metadata in self.metadatas
            for kind, pattern in metadata.naming_convention.items()
            if "%(constraint_name)s" in str(pattern)
        )

    def _compile(self, element: DDLElement, translate: Mapping[str | None, str]) -> str:
        if isinstance(element, CreateTable):
            # SQLAlchemy checks the length when it creates the table; PostgreSQL would truncate the name
            self._dialect.validate_identifier(element.element.name)
        return clean_layout(
            str(
                element.compile(
                    dialect=self._dialect,
                    schema_translate_map=dict(translate),
                    render_schema_translate=True,
                )
            )
        )

    def _elements(self, enums: Mapping[ObjectName, Enum]) -> Iterator[_Element]:
        yield from self._type_elements(enums)
        for sequence in self._sequences():
            yield _Element(CreateSequence(sequence), "sequence", sequence, locks=1)
        for table in (*self.outside.values(), *self.tables.values()):
            # foreign keys follow when all tables exist, so that the order of tables does not matter
            created = CreateTable(table, include_foreign_key_constraints=[])
            yield _Element(created, "table", table, table=table, locks=_locks(table))
        for table in self.tables.values():
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                if applies_to_dialect(index, self._compiler):
                    part = Part("index", (str(index.name),))
                    yield _Element(CreateIndex(index), "table", table, part, table, locks=1)
        for table in self.tables.values():
            for constraint in self._in_order(table):
                if isinstance(constraint, ForeignKeyConstraint):
                    # after all indexes, because it can refer to the columns of a unique index
                    part = Part("foreign key", tuple(column.name for column in constraint.columns))
                    leads_to = (self._target(constraint),)
                    added = _added(resolved(constraint))
                    yield _Element(added, "table", table, part, table, leads_to)
                elif is_added_later(constraint, self._compiler):
                    part = Part("constraint", (str(constraint.name),))
                    yield _Element(_added(constraint), "table", table, part, table)
            if table.comment is not None:
                yield _Element(SetTableComment(table), "table", table, table=table)
            for column in table.columns:
                if column.comment is not None:
                    yield _Element(SetColumnComment(column), "table", table, table=table)
            for constraint in self._in_order(table):
                if constraint.comment is not None and constraint.name is not None:
                    yield _Element(SetConstraintComment(constraint), "table", table, table=table)

    def _target(self, key: ForeignKeyConstraint) -> ObjectName:
        target = foreign_target(key)
        return ObjectName(self._meant(target.schema), target.table)

    def _independent_name(self, table: Table | None) -> ObjectName | None:
        """The name of a table that depends only on those that its foreign keys refer to."""
        if table is None or self._inherits:
            return None
        return ObjectName(self.schema_of(table), table.name)

    @cached_property
    def _inherits(self) -> bool:
        return any(
            table.dialect_options["postgresql"]["inherits"] for table in self.tables.values()
        )

    def _type_elements(self, enums: Mapping[ObjectName, Enum]) -> Iterator[_Element]:
        for name, named in {
            **self._named_types.of_tables(self.outside.values()),
            **self._types,
        }.items():
            if isinstance(named, DOMAIN):
                yield _Element(CreateDomainType(named), "domain", named)
                continue
            known = enums.get(name)
            labels = named.enums or (known.labels if known is not None else ())
            if labels is not named.enums:
                named = ENUM(*labels, name=named.name, schema=named.schema)  # noqa: PLW2901 - completed
            yield _Element(CreateEnumType(named), "enum", named)

    def _in_order(self, table: Table) -> list[Constraint]:
        return [
            constraint
            for constraint in sorted(table.constraints, key=_creation_order)
            if is_rendered(constraint, self._compiler) or is_added_later(constraint, self._compiler)
        ]

    def _sequences(self) -> Iterator[Sequence]:
        seen = set()
        for metadata in self.metadatas:
            for sequence in metadata_sequences(metadata):
                key = (self.schema_of(sequence), sequence.name)
                if key not in seen:
                    seen.add(key)
                    yield sequence

    def _label(self, item: Any) -> str:
        return f"{item.schema}.{item.name}" if item.schema else str(item.name)

    def _subject(self, table: Table) -> str:
        return f"table {self._label(table)}"


def _lacks_type(target: ForeignTarget) -> bool:
    return any(isinstance(type_, NullType) for type_ in target.types)


def _locks(table: Table) -> int:
    """The locks on a table, its TOAST table with its index, and on indexes and sequences of CREATE TABLE."""
    indexed = (PrimaryKeyConstraint, UniqueConstraint, ExcludeConstraint)
    with_index = [item for item in table.constraints if isinstance(item, indexed)]
    counted = [item for item in table.columns if item.identity is not None]
    serial = table.autoincrement_column is not None and not counted
    return 3 + len(with_index) + len(counted) + serial


def _creation_order(constraint: Constraint) -> int:
    order: int = constraint._creation_order  # noqa: SLF001 - the order of CREATE TABLE
    return order


def _added(constraint: Constraint) -> AddConstraint:
    """ALTER TABLE ... ADD, without the change that ``AddConstraint`` makes to the constraint."""
    rule = constraint._create_rule  # noqa: SLF001 - the models are not changed
    statement = AddConstraint(constraint)
    constraint._create_rule = rule  # noqa: SLF001 - same
    return statement
