"""Extensions, row-level security and privileges."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from asyncmig.ddl.compilation import as_list
from asyncmig.entities.declared import DeclaredEntity
from asyncmig.operations.directives.extensions import CreateExtensionOp
from asyncmig.operations.directives.grants import GrantOp, RevokeOp
from asyncmig.operations.directives.policies import CreatePolicyOp, EnableRlsOp
from asyncmig.sql.quoting import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Extension", "Grant", "Policy", "Revoke", "RowSecurity"]

Granted: TypeAlias = Literal["table", "sequence", "schema", "function", "procedure"]


@dataclass(frozen=True)
class Extension(DeclaredEntity):
    """An extension.

    Args:
        name: of the extension.
        schema: of its objects; None for the default one, or the one where it is installed.
        version: None for the default one, or the one that is installed.

    Example::

        Extension("citext", version="1.6")
    """

    kind: ClassVar[str] = "extension"
    name: str
    _: KW_ONLY
    schema: str | None = None
    version: str | None = None

    def _create(self) -> Iterator[MigrateOperation]:
        yield CreateExtensionOp(self.name, schema=self.schema, version=self.version)


@dataclass(frozen=True)
class Policy(DeclaredEntity):
    """A policy of row-level security, which ``RowSecurity`` enables for the table.

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

    def _create(self) -> Iterator[MigrateOperation]:
        yield CreatePolicyOp(self.name, self.table, **self._keywords(CreatePolicyOp))

    def _label(self) -> str:
        return f"{identifier(self.name)} ON {qualified(self.schema, self.table)}"


@dataclass(frozen=True)
class RowSecurity(DeclaredEntity):
    """Row-level security of a table is enabled; with ``force``, also for its owner.

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
        """The name of the table."""
        return self.table

    def _create(self) -> Iterator[MigrateOperation]:
        yield EnableRlsOp(self.table, schema=self.schema, force=self.force)


@dataclass(frozen=True)
class Grant(DeclaredEntity):
    """Privileges on one object. Other roles than its owner have only the declared privileges.

    Args:
        privileges: one or several: ``select``, ``update (title)``, ``all`` ...
        object_name: a table or view, or an object of ``object_kind``; a function with its argument types.
        roles: one or several existing roles; ``public`` is every role.
        object_kind: of the object.
        schema: of the object.
        with_grant_option: the roles may grant the privileges to others.

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
        """The object and the roles."""
        return f"{self.object_name} to {', '.join(as_list(self.roles))}"

    def _create(self) -> Iterator[MigrateOperation]:
        yield GrantOp(
            self.privileges,
            self.object_name,
            self.roles,
            kind=self.object_kind,
            schema=self.schema,
            with_grant_option=self.with_grant_option,
        )


@dataclass(frozen=True)
class Revoke(DeclaredEntity):
    """Privileges that PostgreSQL grants by default, and that the roles must not have.

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
        """The object and the roles."""
        return f"{self.object_name} from {', '.join(as_list(self.roles))}"

    def _create(self) -> Iterator[MigrateOperation]:
        yield RevokeOp(
            self.privileges, self.object_name, self.roles, kind=self.object_kind, schema=self.schema
        )
