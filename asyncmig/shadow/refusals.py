"""Objects of the models that cannot be created in the shadow: they are reported, and the others compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.database.server_errors import sqlstate_of
from asyncmig.errors import RefusedModelsError
from asyncmig.results import RefusedObject
from asyncmig.shadow.build_errors import ABSENT
from asyncmig.sql.lexer import Kind, identifier_value, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import asyncpg

    from asyncmig.catalog.model import Catalog, Constraint, Table
    from asyncmig.catalog.model_statement import ModelStatement
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.results import Difference
    from asyncmig.shadow.build_errors import BuildErrors

__all__ = ["Refusal", "Refusals", "is_about_the_object", "keep_refused", "refused_models"]

T = TypeVar("T")

_OF_THE_SERVER = frozenset({"08", "25", "40", "53", "57", "58", "XX"})
"""Classes of SQLSTATEs that say something about the server or the session."""

_NOT_COMPILED = "does `CreateTable(...)` of SQLAlchemy compile it? are all models imported?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A statement that was refused, and what is reported about its object."""

    statement: ModelStatement
    object: RefusedObject


def is_about_the_object(error: asyncpg.PostgresError) -> bool:
    """True if the server refuses an object, and not every statement at this moment."""
    state = sqlstate_of(error) or ""
    return state[:2] not in _OF_THE_SERVER and state != "55P03"


@dataclass(slots=True)
class Refusals:
    """The refused statements of one build, in order."""

    found: list[Refusal] = field(default_factory=list)

    def add_uncompiled(self, statement: ModelStatement) -> None:
        """Add a statement with a problem, such as one that SQLAlchemy cannot compile."""
        self._add(statement, str(statement.problem), statement.hint or _NOT_COMPILED)

    def add(
        self, statement: ModelStatement, error: asyncpg.PostgresError, errors: BuildErrors
    ) -> None:
        """Add a statement that the server rejects."""
        if sqlstate_of(error) in ABSENT:
            message = str(error).partition("\n")[0]
            for refusal in self._objects:
                if re.search(rf"\b{re.escape(refusal.statement.name.name)}\b", message):
                    self._add_dependent(statement, refusal)
                    return
        self.found.append(Refusal(statement=statement, object=errors.refused(error, statement)))

    def excludes(self, statement: ModelStatement) -> bool:
        """True if a statement is about a refused object, or names one; the latter is added.

        It is not sent: the name could mean an object of the database, which the statement would lock.
        """
        of_table = statement.kind == "table"
        names: frozenset[str] = frozenset()
        if self.found and statement.part is None:
            names = _names_in(statement.sql)
            if of_table and not ({"inherits", "partition"} & names):
                names = frozenset()
        for refusal in self._objects:
            refused = refusal.statement
            if of_table and refused.kind == "table" and statement.name == refused.name:
                return True
            if refused.name.name in names or (
                refused.kind == "table" and refused.name in statement.leads_to
            ):
                self._add_dependent(statement, refusal)
                return True
        return False

    @property
    def _objects(self) -> list[Refusal]:
        """The refused objects that are not parts of tables."""
        return [refusal for refusal in self.found if refusal.statement.part is None]

    def _add_dependent(self, statement: ModelStatement, refusal: Refusal) -> None:
        subject = refusal.object.subject
        self._add(statement, f"it names {subject}, which is refused", f"correct {subject} first")

    def _add(self, statement: ModelStatement, reason: str, hint: str) -> None:
        part = None if statement.part is None else str(statement.part)
        reported = RefusedObject(subject=statement.subject, part=part, reason=reason, hint=hint)
        self.found.append(Refusal(statement=statement, object=reported))


def _names_in(sql: str) -> frozenset[str]:
    return frozenset(
        identifier_value(token.text)
        for token in tokens(sql)
        if token.kind in {Kind.WORD, Kind.QUOTED}
    )


def refused_models(
    refused: Sequence[RefusedObject], differences: Sequence[Difference] = (), *, then: str = ""
) -> RefusedModelsError:
    """The error to raise.

    Args:
        refused: the refused objects, at least one.
        differences: those of the other objects.
        then: what follows from it, for the hint.
    """
    first = refused[0]
    who = "asyncmig cannot create" if first.sqlstate is None else "PostgreSQL rejects"
    more = len(refused) - 1
    others = f"; {more} more {'object is' if more == 1 else 'objects are'} refused" if more else ""
    message = f"{who} the models: {first}{others}"
    return RefusedModelsError(
        message,
        hint="; ".join(filter(None, (first.hint, then))) or None,
        refused=tuple(refused),
        differences=tuple(differences),
        subject=first.subject,
        part=first.part,
        sql=first.sql,
        position=first.position,
        sqlstate=first.sqlstate,
        server_hint=first.server_hint,
    )


def keep_refused(wanted: Catalog, actual: Catalog, refusals: Sequence[Refusal]) -> Catalog:
    """Copy refused objects from the database into the catalog of the models, so that they do not differ."""
    for refusal in refusals:
        statement = refusal.statement
        if statement.kind == "table" and statement.part is not None:
            wanted = _with_part(wanted, actual, statement)
        else:
            wanted = _with_object(wanted, actual, statement)
    return wanted


def _with_part(wanted: Catalog, actual: Catalog, statement: ModelStatement) -> Catalog:
    table, existing = wanted.tables.get(statement.name), actual.tables.get(statement.name)
    part = statement.part
    if table is None or existing is None or part is None:
        return wanted
    indexes = {
        name: index
        for name, index in existing.indexes.items()
        if part.kind == "index" and name in part.names
    }

    def is_part(item: Constraint) -> bool:
        if item.kind == "f":
            return part.kind == "foreign key" and item.columns == part.names
        return part.kind == "constraint" and item.name in part.names

    constraints = {name: item for name, item in existing.constraints.items() if is_part(item)}
    kept: Table = replace(
        table,
        indexes={**indexes, **table.indexes},
        constraints={**constraints, **table.constraints},
    )
    return replace(wanted, tables={**wanted.tables, table.name: kept})


def _with_object(wanted: Catalog, actual: Catalog, statement: ModelStatement) -> Catalog:
    name, kind = statement.name, statement.kind
    if kind == "table":
        return replace(wanted, tables=_as_in(wanted.tables, actual.tables, name))
    if kind == "sequence":
        return replace(wanted, sequences=_as_in(wanted.sequences, actual.sequences, name))
    if kind == "enum":
        return replace(wanted, enums=_as_in(wanted.enums, actual.enums, name))
    if kind == "domain":
        return replace(wanted, domains=_as_in(wanted.domains, actual.domains, name))
    entities = wanted.entities
    plain = name.name.partition("(")[0]
    kept = {
        key: item
        for key, item in actual.entities.by_key.items()
        if key.kind == kind and _is_named(key.schema, key.name, name)
    }
    grants = {
        key: item
        for key, item in actual.entities.grants.items()
        if kind == "grant" and _is_named(key.schema, key.name.partition("(")[0], name, plain)
    }
    return replace(
        wanted,
        entities=replace(
            entities,
            by_key={**kept, **entities.by_key},
            grants={**grants, **entities.grants},
        ),
    )


def _as_in(
    wanted: Mapping[ObjectName, T], actual: Mapping[ObjectName, T], name: ObjectName
) -> dict[ObjectName, T]:
    """The objects of the models, with the one of this name as in the database."""
    found = {key: item for key, item in wanted.items() if key != name}
    if name in actual:
        found[name] = actual[name]
    return found


def _is_named(schema: str, own: str, name: ObjectName, plain: str | None = None) -> bool:
    return own == (plain or name.name) and schema in {"", name.schema}
