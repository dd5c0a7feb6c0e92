"""Policies of row-level security."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from asyncmig.catalog.entities import Policy
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.schema_items.script_sql import unwrapped
from asyncmig.operations.directives.policies import CreatePolicyOp, DropPolicyOp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["PolicyKind"]


class PolicyKind(EntityKind[Policy]):
    """Makes operations from policies."""

    def create(self, entity: Policy) -> Iterator[MigrateOperation]:
        yield self._create(entity)

    def drop(self, entity: Policy) -> Iterator[MigrateOperation]:
        key = entity.key
        yield DropPolicyOp(
            key.name, key.detail, schema=self._schema(key), original=self._create(entity)
        )

    def label(self, entity: Policy) -> str:
        return f"POLICY {self._factory.quote(entity.key.name)} ON {self._table(entity.key)}"

    @staticmethod
    def is_replaceable(before: Policy, after: Policy) -> bool:
        return _says(before) == _says(after)

    def _create(self, policy: Policy) -> CreatePolicyOp:
        local = self._factory.local
        return CreatePolicyOp(
            policy.key.name,
            policy.key.detail,
            schema=self._schema(policy.key),
            permissive=policy.permissive,
            command=cast("Any", policy.command),
            roles=policy.roles[0] if len(policy.roles) == 1 else list(policy.roles),
            using=None if policy.using is None else local(unwrapped(policy.using)),
            check=None if policy.check is None else local(unwrapped(policy.check)),
        )


def _says(policy: Policy) -> tuple[object, ...]:
    return (policy.permissive, policy.command, policy.roles, policy.using, policy.check)
