"""Row-level security: policies, and enabling it for a table."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.drop_object import DropObjectOp
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CreatePolicyOp",
    "DisableRlsOp",
    "DropPolicyOp",
    "EnableRlsOp",
    "PolicyDirectives",
]

Command: TypeAlias = Literal["all", "select", "insert", "update", "delete"]


@dataclass(eq=False)
class CreatePolicyOp(MigrateOperation, directive="create_policy"):
    """``CREATE POLICY``."""

    policy_name: str
    table_name: str
    _: KW_ONLY
    schema: str | None = None
    permissive: bool = True
    command: Command = "all"
    roles: str | Sequence[str] = "public"
    using: str | None = None
    check: str | None = None

    def reverse(self) -> DropPolicyOp:
        """``DROP POLICY``, which can be reversed again."""
        return DropPolicyOp(self.policy_name, self.table_name, schema=self.schema, original=self)


@dataclass(eq=False)
class DropPolicyOp(DropObjectOp[CreatePolicyOp], directive="drop_policy"):
    """``DROP POLICY``."""

    policy_name: str
    table_name: str


@dataclass(eq=False)
class RowSecurityOp(MigrateOperation):
    """Base of the operations that enable and disable row-level security of a table."""

    table_name: str
    _: KW_ONLY
    schema: str | None = None
    force: bool = False


@dataclass(eq=False)
class EnableRlsOp(RowSecurityOp, directive="enable_rls"):
    """``ALTER TABLE ... ENABLE ROW LEVEL SECURITY``."""

    def reverse(self) -> DisableRlsOp:
        """``DISABLE ROW LEVEL SECURITY``."""
        return DisableRlsOp(self.table_name, schema=self.schema, force=self.force)


@dataclass(eq=False)
class DisableRlsOp(RowSecurityOp, directive="disable_rls"):
    """``ALTER TABLE ... DISABLE ROW LEVEL SECURITY``; ``force`` also removes FORCE."""

    def reverse(self) -> EnableRlsOp:
        """``ENABLE ROW LEVEL SECURITY``."""
        return EnableRlsOp(self.table_name, schema=self.schema, force=self.force)


class PolicyDirectives(Directives):
    """Directives for row-level security."""

    def create_policy(
        self,
        policy_name: str,
        table_name: str,
        *,
        schema: str | None = None,
        permissive: bool = True,
        command: Command = "all",
        roles: str | Sequence[str] = "public",
        using: str | None = None,
        check: str | None = None,
    ) -> None:
        """Create a policy. ACCESS EXCLUSIVE on its table, for a moment.

        Args:
            policy_name: of the policy.
            table_name: of its table.
            schema: of the table.
            permissive: False for a restrictive policy.
            command: ``all``, ``select``, ``insert``, ``update`` or ``delete``.
            roles: the roles it applies to; one or several.
            using: the condition of visible rows, as SQL.
            check: the condition of new rows, as SQL.

        Example::

            op.enable_rls("book")
            op.create_policy("own_books", "book", using="owner = current_user")
        """
        self.invoke(
            CreatePolicyOp(
                policy_name,
                table_name,
                schema=schema,
                permissive=permissive,
                command=command,
                roles=roles,
                using=using,
                check=check,
            )
        )

    def drop_policy(
        self,
        policy_name: str,
        table_name: str,
        *,
        schema: str | None = None,
        if_exists: bool = False,
    ) -> None:
        """Drop a policy. ACCESS EXCLUSIVE on its table, for a moment.

        Example::

            op.drop_policy("own_books", "book", if_exists=True)
        """
        self.invoke(DropPolicyOp(policy_name, table_name, schema=schema, if_exists=if_exists))

    def enable_rls(
        self, table_name: str, *, schema: str | None = None, force: bool = False
    ) -> None:
        """Enable row-level security; with ``force``, also for the owner of the table. ACCESS EXCLUSIVE.

        Without a policy only the owner sees rows.

        Example::

            op.enable_rls("book", force=True)
        """
        self.invoke(EnableRlsOp(table_name, schema=schema, force=force))

    def disable_rls(
        self, table_name: str, *, schema: str | None = None, force: bool = False
    ) -> None:
        """Disable row-level security; ``force`` also removes FORCE. ACCESS EXCLUSIVE.

        Example::

            op.disable_rls("book")
        """
        self.invoke(DisableRlsOp(table_name, schema=schema, force=force))
