"""Privileges: ``grant`` and ``revoke``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GrantDirectives", "GrantOp", "RevokeOp"]

GrantedKind: TypeAlias = Literal[
    "table",
    "sequence",
    "schema",
    "database",
    "function",
    "procedure",
    "type",
    "domain",
    "language",
    "all tables in schema",
    "all sequences in schema",
    "all functions in schema",
]


@dataclass(eq=False)
class PrivilegeOp(MigrateOperation):
    """Base of the operations that give and take privileges."""

    privileges: str | Sequence[str]
    object_name: str | Sequence[str]
    roles: str | Sequence[str]
    _: KW_ONLY
    kind: GrantedKind = "table"
    schema: str | None = None


@dataclass(eq=False)
class GrantOp(PrivilegeOp, directive="grant"):
    """``GRANT``."""

    _: KW_ONLY
    with_grant_option: bool = False

    def reverse(self) -> RevokeOp:
        """``REVOKE``."""
        return RevokeOp(
            self.privileges, self.object_name, self.roles, kind=self.kind, schema=self.schema
        )


@dataclass(eq=False)
class RevokeOp(PrivilegeOp, directive="revoke"):
    """``REVOKE``."""

    _: KW_ONLY
    grant_option_only: bool = False
    cascade: bool = False

    def reverse(self) -> GrantOp:
        """``GRANT``."""
        return GrantOp(
            self.privileges,
            self.object_name,
            self.roles,
            kind=self.kind,
            schema=self.schema,
            with_grant_option=self.grant_option_only,
        )


class GrantDirectives(Directives):
    """Directives for privileges."""

    def grant(
        self,
        privileges: str | Sequence[str],
        object_name: str | Sequence[str],
        roles: str | Sequence[str],
        *,
        kind: GrantedKind = "table",
        schema: str | None = None,
        with_grant_option: bool = False,
    ) -> None:
        """Give privileges to roles. Locks no table against reads and writes.

        Args:
            privileges: ``select``, ``insert`` ..., ``all``, or ``select (title)``; one or several.
            object_name: the object; a function with its argument types: ``f(integer)``.
            roles: the roles; ``public`` is every role.
            kind: the kind of object.
            schema: of the object.
            with_grant_option: the roles may grant the privileges to others.

        Example::

            op.grant("select", "book", ["reporting", "support"], schema="shop")
            op.grant("usage", "shop", "reporting", kind="schema")
        """
        self.invoke(
            GrantOp(
                privileges,
                object_name,
                roles,
                kind=kind,
                schema=schema,
                with_grant_option=with_grant_option,
            )
        )

    def revoke(
        self,
        privileges: str | Sequence[str],
        object_name: str | Sequence[str],
        roles: str | Sequence[str],
        *,
        kind: GrantedKind = "table",
        schema: str | None = None,
        grant_option_only: bool = False,
        cascade: bool = False,
    ) -> None:
        """Take privileges from roles; with ``cascade``, also from roles that got them from these.

        Example::

            op.revoke("select", "book", "support", schema="shop")
        """
        self.invoke(
            RevokeOp(
                privileges,
                object_name,
                roles,
                kind=kind,
                schema=schema,
                grant_option_only=grant_option_only,
                cascade=cascade,
            )
        )
