"""``alembic_utils.on_entity_mixin``: entities that belong to a table."""

from __future__ import annotations

from asyncmig.alembic_compat.entity_facade.replaceable_entity import ReplaceableEntity
from asyncmig.alembic_compat.entity_facade.statement import coerce_to_unquoted

__all__ = ["OnEntityMixin"]


class OnEntityMixin(ReplaceableEntity):
    """An entity with an ON clause.

    Args:
        schema: of the table.
        signature: its name.
        definition: the rest of its CREATE statement.
        on_entity: the table; without a schema it is one of ``public``.
    """

    def __init__(self, schema: str, signature: str, definition: str, on_entity: str) -> None:
        super().__init__(schema, signature, definition)
        self._table = on_entity if "." in on_entity else f"public.{on_entity}"
        self.on_entity = coerce_to_unquoted(self._table)

    @property
    def identity(self) -> str:
        """What tells it from all others."""
        return f"{super().identity} {self.on_entity}"

    def to_variable_name(self) -> str:
        """A name for it in a script."""
        name = self.signature.partition("(")[0].strip()
        return f"{self.schema}_{self.on_entity.partition('.')[2]}_{name}".lower()
