"""``alembic_utils.replaceable_entity``: what all entities share, and those that a project declares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from asyncmig.alembic_compat.entity_facade.statement import (
    coerce_to_quoted,
    coerce_to_unquoted,
    escape_colon_for_sql,
    normalize_whitespace,
    strip_terminating_semicolon,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.sql.elements import TextClause

__all__ = [
    "ReplaceableEntity",
    "ReplaceableEntityRegistry",
    "register_entities",
    "registry",
]


class ReplaceableEntity:
    """An object of the database that is replaced as a whole.

    Args:
        schema: with or without quotes.
        signature: its name, with the arguments where it has some.
        definition: the rest of its CREATE statement.
    """

    type_: ClassVar[str] = "entity"

    def __init__(self, schema: str, signature: str, definition: str) -> None:
        self.schema = coerce_to_unquoted(normalize_whitespace(schema))
        self.signature = coerce_to_unquoted(normalize_whitespace(signature))
        self.definition = self._kept(strip_terminating_semicolon(definition))

    def _kept(self, definition: str) -> str:
        """The definition as ``sa.text`` is to read it."""
        return escape_colon_for_sql(definition)

    def __repr__(self) -> str:
        return f"<{self.identity}>"

    @classmethod
    def from_sql(cls, sql: str) -> Self:
        """The entity of a CREATE statement.

        Raises:
            SQLParseFailure: it is another one.
        """
        raise NotImplementedError(f"{cls.__name__}.from_sql")

    @classmethod
    def from_path(cls, path: Path) -> Self:
        """The entity of a file with a CREATE statement."""
        return cls.from_sql(Path(path).read_text("utf-8"))

    @property
    def literal_schema(self) -> str:
        """The schema in quotes."""
        return coerce_to_quoted(self.schema)

    @property
    def qualified(self) -> str:
        """Schema and name in quotes."""
        return f'{self.literal_schema}."{self.signature}"'

    @property
    def identity(self) -> str:
        """What tells it from all others."""
        return f"{type(self).__name__}: {self.schema}.{self.signature}"

    def to_variable_name(self) -> str:
        """A name for it in a script."""
        name = self.signature.partition("(")[0].strip().replace("-", "_")
        return f"{self.schema}_{name}".lower()

    def to_sql_statement_create(self) -> TextClause:
        """What creates it."""
        raise NotImplementedError(f"{type(self).__name__}.to_sql_statement_create")

    def to_sql_statement_drop(self, cascade: bool = False) -> TextClause:
        """What drops it."""
        raise NotImplementedError(f"{type(self).__name__}.to_sql_statement_drop")

    def to_sql_statement_create_or_replace(self) -> Iterator[TextClause]:
        """What puts it in the place of the one that is there."""
        raise NotImplementedError(f"{type(self).__name__}.to_sql_statement_create_or_replace")


class ReplaceableEntityRegistry:
    """The entities that a project declares; one for the process, as ``register_entities`` names none."""

    def __init__(self) -> None:
        self._entities: dict[str, ReplaceableEntity] = {}
        self.schemas: set[str] = set()
        self.exclude_schemas: set[str] = set()
        self.entity_types: set[type[ReplaceableEntity]] = set()

    def clear(self) -> None:
        """Forget all."""
        for kept in (self._entities, self.schemas, self.exclude_schemas, self.entity_types):
            kept.clear()

    def register(
        self,
        entities: Iterable[ReplaceableEntity],
        schemas: Iterable[str] | None = None,
        exclude_schemas: Iterable[str] | None = None,
        entity_types: Iterable[type[ReplaceableEntity]] | None = None,
    ) -> None:
        """Declare entities; one of the same identity takes the former's place."""
        self._entities.update({entity.identity: entity for entity in entities})
        self.schemas.update(schemas or ())
        self.exclude_schemas.update(exclude_schemas or ())
        self.entity_types.update(entity_types or ())

    def entities(self) -> list[ReplaceableEntity]:
        """What was declared, in order."""
        return list(self._entities.values())


registry = ReplaceableEntityRegistry()


def register_entities(
    entities: Iterable[Any],
    schemas: Iterable[str] | None = None,
    exclude_schemas: Iterable[str] | None = None,
    entity_types: Iterable[type[ReplaceableEntity]] | None = None,
) -> None:
    """Declare entities for autogenerate.

    Args:
        entities: functions, views ...
        schemas: more schemas to look at than those of the entities.
        exclude_schemas: schemas to leave alone.
        entity_types: the kinds to look at; None is all.
    """
    registry.register(entities, schemas, exclude_schemas, entity_types)
