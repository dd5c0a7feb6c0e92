"""Row-level security of tables: enabled or not, forced or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import RowSecurity
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.operations.directives.policies import DisableRlsOp, EnableRlsOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["RowSecurityKind"]

_OFF = (False, False)


class RowSecurityKind(EntityKind[RowSecurity]):
    """Makes operations from row-level security."""

    def create(self, entity: RowSecurity) -> Iterator[MigrateOperation]:
        yield from self._switch(entity, _OFF, _state(entity))

    def drop(self, entity: RowSecurity) -> Iterator[MigrateOperation]:
        yield from self._switch(entity, _state(entity), _OFF)

    def change(self, before: RowSecurity, after: RowSecurity) -> Iterator[MigrateOperation]:
        yield from self._switch(after, _state(before), _state(after))

    def label(self, entity: RowSecurity) -> str:
        return f"TABLE {self._place(entity.key)}"

    def _switch(
        self, entity: RowSecurity, was: tuple[bool, bool], will: tuple[bool, bool]
    ) -> Iterator[MigrateOperation]:
        name, schema = entity.key.name, self._schema(entity.key)
        forcing = was[1] != will[1]
        if will[0] and not was[0]:
            yield EnableRlsOp(name, schema=schema, force=forcing and will[1])
            forcing = forcing and not will[1]
        elif was[0] and not will[0]:
            yield DisableRlsOp(name, schema=schema, force=forcing and was[1])
            forcing = forcing and not was[1]
        if forcing:
            word = "FORCE" if will[1] else "NO FORCE"
            yield raw_sql(f"ALTER {self.label(entity)} {word} ROW LEVEL SECURITY")


def _state(security: RowSecurity) -> tuple[bool, bool]:
    return (security.enabled, security.forced)
