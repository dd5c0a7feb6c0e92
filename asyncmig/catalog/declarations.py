"""Declared entities as SQL for scratch schemas."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import ON_TABLES, EntityKey, EventTrigger, Need
from asyncmig.catalog.model_statement import ModelStatement
from asyncmig.catalog.object_name import ObjectName
from asyncmig.entities.declared import UnquotedPolicy
from asyncmig.entities.event_triggers import parse_event_trigger
from asyncmig.errors import ConfigError
from asyncmig.sql.lexer import Kind, identifier_value, tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from asyncmig.catalog.models import Models
    from asyncmig.entities import Entity
    from asyncmig.sql.lexer import Token

__all__ = ["Declarations"]

_EARLY = ("extension", "sequence", "composite_type", "function", "procedure", "aggregate")
_LATE = (
    "view",
    "materialized_view",
    "trigger",
    "policy",
    "row_security",
    "rule",
    "statistics",
    "grant",
)
_NAMES = (Kind.WORD, Kind.QUOTED)
_ON_RELATION = ON_TABLES | {"grant"}
_BEFORE_TABLE = {"row_security": "ALTER", "rule": "TO", "statistics": "FROM"}
_BY_NAME = frozenset({"NEXTVAL", "CURRVAL", "SETVAL"})
_OBJECT_KINDS = frozenset({"TABLE", "SEQUENCE", "FUNCTION", "PROCEDURE", "ROUTINE", "ONLY"})


class Declarations:
    """The declared entities of one comparison.

    Args:
        entities: the entities in the order of their registration.
        models: the models beside which they are declared.
    """

    def __init__(self, entities: Iterable[Entity], models: Models) -> None:
        self.entities = tuple(entities)
        self._models = models
        self.default_schema = models.default_schema
        self._own = {(self._schema(item), item.name) for item in self.entities}
        known = self._own | models.names
        self.entities = tuple(
            item.on_known_table(known) if isinstance(item, UnquotedPolicy) else item
            for item in self.entities
        )

    def _schema(self, entity: Entity) -> str:
        return entity.schema or self.default_schema

    @property
    def schemas(self) -> frozenset[str]:
        """The schemas of the entities; event triggers have none."""
        return frozenset(
            self._schema(entity) for entity in self.entities if entity.kind != "event_trigger"
        )

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of which at least one entity is declared."""
        return frozenset(entity.kind for entity in self.entities)

    @property
    def event_triggers(self) -> dict[EntityKey, EventTrigger]:
        """The declared event triggers by key; they are compared without being created in the shadow.

        Raises:
            ConfigError: a statement is no CREATE EVENT TRIGGER.
        """
        found = {}
        for entity in self._of(("event_trigger",)):
            definition = parse_event_trigger(entity.sql()[0])
            function = (definition.schema or self.default_schema, definition.function)
            key = EntityKey("event_trigger", "", entity.name)
            found[key] = EventTrigger(
                key=key,
                comment=getattr(entity, "comment", None),
                needs=frozenset({Need("routine", *function)}),
                event=definition.event,
                tags=definition.tags,
                function=function,
                fires=getattr(entity, "fires", "origin"),
            )
        return found

    def around(
        self,
        tables: Sequence[ModelStatement],
        scratch: Mapping[str, str],
        extensions: Collection[str],
    ) -> tuple[list[ModelStatement], list[ModelStatement]]:
        """The statements that tables may depend on, and those that depend on tables.

        Statements can depend on others of the same part. Some of the first part may depend on tables, and
        fail before these exist. If the first part is not empty, it includes types and sequences of the
        models, because composite types can use them.

        Args:
            tables: the statements of the models.
            scratch: the scratch schema by schema.
            extensions: the extensions that the database has.

        Raises:
            ConfigError: the object of a trigger, policy or grant is not declared.
        """
        first: list[ModelStatement] = []
        early: list[ModelStatement] = []
        late: list[ModelStatement] = []
        for entity in self._of(_EARLY):
            if entity.kind == "extension":
                if entity.name not in extensions:
                    first += self._statements(entity, scratch)
            else:
                part = late if self._waits(entity, tables) else early
                part += self._statements(entity, scratch)
        for entity in self._of(_LATE):
            late += self._statements(entity, scratch)
        if early:
            first += takewhile(lambda item: not item.subject.startswith("table "), tables)
        return [*first, *early], late

    def _of(self, kinds: Iterable[str]) -> Iterator[Entity]:
        for kind in kinds:
            yield from (entity for entity in self.entities if entity.kind == kind)

    def _waits(self, entity: Entity, tables: Iterable[ModelStatement]) -> bool:
        """True if it names a table of the models, and no table names it.

        Before the table of the models exists, the name would resolve to the one of the database.
        """
        if entity.kind == "sequence":
            return False
        own = {name for _, name in self._models.tables}
        named = (
            identifier_value(token.text)
            for sql in entity.sql()
            for token in tokens(sql)
            if token.kind in _NAMES
        )
        return any(name in own for name in named) and not any(
            entity.name in item.sql for item in tables
        )

    def in_models(
        self, statements: list[ModelStatement], scratch: Mapping[str, str]
    ) -> list[ModelStatement]:
        """The statements of the models, in which qualified names of known objects are those of the shadow."""
        known = self._own | self._models.names
        schemas = {schema for schema, _ in known}
        if not schemas:
            return statements
        mention = re.compile("|".join(map(re.escape, schemas)), re.IGNORECASE)
        return [
            replace(item, sql=_mapped(item.sql, scratch, known))
            if mention.search(item.sql)
            else item
            for item in statements
        ]

    def _statements(self, entity: Entity, scratch: Mapping[str, str]) -> Iterator[ModelStatement]:
        label = f"{entity.schema}.{entity.name}" if entity.schema else entity.name
        subject = f"{entity.kind.replace('_', ' ')} {label}"
        known = self._own | self._models.names
        parts = []
        for sql in entity.sql():
            if entity.kind in _ON_RELATION and not sql.startswith("COMMENT "):
                self._check_target(entity, sql, subject, known, scratch)
            named = _mapped(sql, scratch, known)
            parts.append(
                _with_schemas(named, scratch) if entity.kind in {"grant", "extension"} else named
            )
        yield ModelStatement(
            sql=";\n".join(parts),
            subject=subject,
            kind=entity.kind,
            name=ObjectName(self._schema(entity), entity.name),
        )

    def _check_target(
        self,
        entity: Entity,
        sql: str,
        subject: str,
        known: Collection[tuple[str, str]],
        scratch: Mapping[str, str],
    ) -> None:
        """Reject a statement that would use an object of the database instead of one in the shadow."""
        for schema, name in _targets(sql, entity.kind):
            if name is None:
                if schema not in scratch:
                    raise ConfigError(
                        f"{subject}: no model or declared entity is in schema {schema}",
                        hint="grants on a schema are compared if the schema has a model or a declared entity",
                    )
            elif (schema or self.default_schema, name) not in known:
                raise ConfigError(
                    f"{subject}: {schema or self.default_schema}.{name} is neither a model nor declared",
                    hint="declare it, or set its `schema`",
                )


def _targets(sql: str, kind: str) -> Iterator[tuple[str | None, str | None]]:
    """Schema and name of the object of a statement; the name is None if the object is a schema."""
    found = iter(tokens(sql))
    usual = _BEFORE_TABLE.get(kind, "ON")
    opening = "ALTER" if sql.startswith("ALTER TABLE") else usual
    if not any(token.word == opening for token in found):
        return
    token = next(found, None)
    while token is not None and token.word in _OBJECT_KINDS:
        token = next(found, None)
    if token is None or token.word == "ALL":
        return
    if token.word == "SCHEMA":
        token = next(found, None)
        if token is not None:
            yield identifier_value(token.text), None
        return
    if token.kind not in _NAMES:
        return
    first = identifier_value(token.text)
    if (dot := next(found, None)) is not None and dot.text == ".":
        second = next(found, None)
        if second is not None:
            yield first, identifier_value(second.text)
        return
    yield None, first


def _mapped(sql: str, scratch: Mapping[str, str], known: Collection[tuple[str, str]]) -> str:
    """SQL in which qualified names of known objects refer to scratch schemas, except in quoted text."""
    found = list(tokens(sql))
    pieces: list[str] = []
    end = 0
    for place, token in enumerate(found):
        schema = _schema_at(found, place, known)
        if schema is not None and schema in scratch:
            pieces += [sql[end : token.start], scratch[schema]]
            end = token.end
        elif token.kind is Kind.STRING and _means_object(found, place):
            inner = _mapped(token.text[1:-1], scratch, known)
            pieces += [sql[end : token.start], f"'{inner}'"]
            end = token.end
    return "".join([*pieces, sql[end:]])


def _means_object(found: list[Token], place: int) -> bool:
    """True if a string constant is the name of an object: ``nextval('a.b')``, ``'a.b'::regclass``."""
    before = [token.word for token in found[max(place - 2, 0) : place]]
    after = [token.text.lower() for token in found[place + 1 : place + 3]]
    called = len(before) == 2 and before[0] in _BY_NAME and found[place - 1].text == "("
    return called or (after[:1] == ["::"] and after[1:] in (["regclass"], ["regtype"]))


def _schema_at(found: list[Token], place: int, known: Collection[tuple[str, str]]) -> str | None:
    """The schema that a token names, if the name of a known object follows."""
    token = found[place]
    if token.kind not in _NAMES or place + 2 >= len(found) or found[place + 1].text != ".":
        return None
    name = found[place + 2]
    if name.kind not in _NAMES or (place and found[place - 1].text == "."):
        return None
    schema = identifier_value(token.text)
    return schema if (schema, identifier_value(name.text)) in known else None


def _with_schemas(sql: str, scratch: Mapping[str, str]) -> str:
    """SQL in which the schema of ``SCHEMA name`` is a scratch schema."""
    found = list(tokens(sql))
    for keyword, name in pairwise(found):
        if keyword.word == "SCHEMA" and name.kind in _NAMES:
            schema = identifier_value(name.text)
            if schema in scratch:
                return sql[: name.start] + scratch[schema] + sql[name.end :]
    return sql
