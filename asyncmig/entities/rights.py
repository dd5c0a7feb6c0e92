"""Extensions, row-level security, and who may do what."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from asyncmig.entities.declared import comment_on, compiled, qualified
from asyncmig.operations.directives.extensions import CreateExtensionOp
from asyncmig.operations.directives.grants import GrantOp, RevokeOp
from asyncmig.operations.directives.policies import CreatePolicyOp, EnableRlsOp

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Extension", "Grant", "Policy", "Revoke", "RowSecurity"]

Granted: TypeAlias = Literal["table", "sequence", "schema", "function", "procedure"]


@dataclass(frozen=True)
class Extension:
    """An extension.

    Args:
        name: of the extension.
        schema: of its objects; None for the default one, or wherever it is already.
        version: None for the newest, or whichever is there already.

    Example::

        Extension("citext", version="1.6")
    """

    kind: ClassVar[str] = "extension"
    name: str
    _: KW_ONLY
    schema: str | None = None
    version: str | None = None

    def sql(self) -> list[str]:
        """The statement that creates it where it is not."""
        return compiled([CreateExtensionOp(self.name, schema=self.schema, version=self.version)])


@dataclass(frozen=True)
class Policy:
    """A policy of row-level security; ``RowSecurity`` makes the table heed it.

    Example::

        Policy("own", "document", command="select", using="owner = current_user", roles=["app"])
    """

    kind: ClassVar[str] = "policy"
    name: str
    table: str
    _: KW_ONLY
    schema: str | None = None
    permissive: bool = True
    command: Literal["all", "select", "insert", "update", "delete"] = "all"
    roles: str | Sequence[str] = "public"
    using: str | None = None
    check: str | None = None
    comment: str | None = None

    def sql(self) -> list[str]:
        """The statements that create it where it is not."""
        create = CreatePolicyOp(
            self.name,
            self.table,
            schema=self.schema,
            permissive=self.permissive,
            command=self.command,
            roles=self.roles,
            using=self.using,
            check=self.check,
        )
        place = f"{qualified(None, self.name)} ON {qualified(self.schema, self.table)}"
        return compiled([create, *comment_on("POLICY", place, self.comment)])


@dataclass(frozen=True)
class RowSecurity:
    """A table heeds its policies; with ``force``, for its owner too.

    Example::

        RowSecurity("document", force=True)
    """

    kind: ClassVar[str] = "row_security"
    table: str
    _: KW_ONLY
    schema: str | None = None
    force: bool = False

    @property
    def name(self) -> str:
        """The table's."""
        return self.table

    def sql(self) -> list[str]:
        """The statements that switch it on."""
        return compiled([EnableRlsOp(self.table, schema=self.schema, force=self.force)])


@dataclass(frozen=True)
class Grant:
    """Rights on one object. What is declared for an object is all that others than its owner have.

    Args:
        privileges: one or several: ``select``, ``update (title)``, ``all`` ...
        object_name: a table or view, or what ``object_kind`` says; of a function with its arguments' types.
        roles: one or several, which exist; ``public`` is everybody.
        object_kind: of the object.
        schema: of the object.
        with_grant_option: they may pass it on.

    Example::

        Grant(["select", "update (title)"], "book", "app")
        Grant("execute", "total(numeric, real)", ["app"], object_kind="function")
    """

    kind: ClassVar[str] = "grant"
    privileges: str | Sequence[str]
    object_name: str
    roles: str | Sequence[str]
    _: KW_ONLY
    object_kind: Granted = "table"
    schema: str | None = None
    with_grant_option: bool = False

    @property
    def name(self) -> str:
        """The object's, and who gets it."""
        roles = self.roles if isinstance(self.roles, str) else ", ".join(self.roles)
        return f"{self.object_name} to {roles}"

    def sql(self) -> list[str]:
        """The GRANT."""
        grant = GrantOp(
            self.privileges,
            self.object_name,
            self.roles,
            kind=self.object_kind,
            schema=self.schema,
            with_grant_option=self.with_grant_option,
        )
        return compiled([grant])


@dataclass(frozen=True)
class Revoke:
    """Rights that PostgreSQL gives by default, and that an object shall not have.

    Example::

        Revoke("execute", "total(numeric, real)", "public", object_kind="function")
    """

    kind: ClassVar[str] = "grant"
    privileges: str | Sequence[str]
    object_name: str
    roles: str | Sequence[str]
    _: KW_ONLY
    object_kind: Granted = "table"
    schema: str | None = None

    @property
    def name(self) -> str:
        """The object's, and from whom it is taken."""
        roles = self.roles if isinstance(self.roles, str) else ", ".join(self.roles)
        return f"{self.object_name} from {roles}"

    def sql(self) -> list[str]:
        """The REVOKE."""
        revoke = RevokeOp(
            self.privileges,
            self.object_name,
            self.roles,
            kind=self.object_kind,
            schema=self.schema,
        )
        return compiled([revoke])
