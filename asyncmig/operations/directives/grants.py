"""Rights: ``grant`` and ``revoke``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

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
class GrantOp(MigrateOperation):
    """``GRANT``."""

    directive: ClassVar[str] = "grant"

    privileges: str | Sequence[str]
    object_name: str | Sequence[str]
    roles: str | Sequence[str]
    _: KW_ONLY
    kind: GrantedKind = "table"
    schema: str | None = None
    with_grant_option: bool = False

    def reverse(self) -> RevokeOp:
        """``REVOKE``."""
        return RevokeOp(
            self.privileges, self.object_name, self.roles, kind=self.kind, schema=self.schema
        )


@dataclass(eq=False)
class RevokeOp(MigrateOperation):
    """``REVOKE``."""

    directive: ClassVar[str] = "revoke"

    privileges: str | Sequence[str]
    object_name: str | Sequence[str]
    roles: str | Sequence[str]
    _: KW_ONLY
    kind: GrantedKind = "table"
    schema: str | None = None
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
    """Directives for rights."""

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
        """Give rights to roles. Locks no table against reads and writes.

        Args:
            privileges: ``select``, ``insert`` ..., ``all``, or ``select (title)``; one or several.
            object_name: what they concern; of a function with its argument types: ``f(integer)``.
            roles: who gets them; ``public`` is everybody.
            kind: what the object is.
            schema: of the object.
            with_grant_option: they may pass them on.

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
        """Take rights from roles; with ``cascade``, and from whom they passed them on to.

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
