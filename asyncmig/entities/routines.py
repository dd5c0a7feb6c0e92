"""Functions, procedures and triggers."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from asyncmig.ddl.directives.functions import without_defaults
from asyncmig.ddl.directives.triggers import FIRING
from asyncmig.entities.declared import DeclaredEntity
from asyncmig.operations.directives.functions import CreateFunctionOp
from asyncmig.operations.directives.triggers import CreateTriggerOp
from asyncmig.sql.quoting import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Function", "Procedure", "Trigger"]


@dataclass(frozen=True)
class Function(DeclaredEntity):
    """A function; the arguments are those of ``op.create_function``, and ``comment``.

    A function written as a complete statement is a ``SqlText``.

    Example::

        Function("total", "price numeric, share real DEFAULT 1", returns="numeric", language="sql",
                 volatility="immutable", body="SELECT price * share")
    """

    kind: ClassVar[str] = "function"
    name: str
    arguments: str = ""
    _: KW_ONLY
    body: str
    returns: str | None = "void"
    language: str = "plpgsql"
    schema: str | None = None
    volatility: Literal["immutable", "stable", "volatile"] | None = None
    strict: bool = False
    security_definer: bool = False
    leakproof: bool = False
    parallel: Literal["safe", "restricted", "unsafe"] | None = None
    cost: float | None = None
    rows: float | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    comment: str | None = None

    def _create(self) -> Iterator[MigrateOperation]:
        keywords = self._keywords(CreateFunctionOp)
        yield CreateFunctionOp(self.name, self.arguments, **keywords)

    def _label(self) -> str:
        return f"{qualified(self.schema, self.name)}({without_defaults(self.arguments)})"


@dataclass(frozen=True)
class Procedure(DeclaredEntity):
    """A procedure.

    Example::

        Procedure("tidy", "days integer", body="BEGIN DELETE FROM log; END")
    """

    kind: ClassVar[str] = "procedure"
    name: str
    arguments: str = ""
    _: KW_ONLY
    body: str
    language: str = "plpgsql"
    schema: str | None = None
    security_definer: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    comment: str | None = None

    def _create(self) -> Iterator[MigrateOperation]:
        keywords = self._keywords(CreateFunctionOp) | {"returns": None, "procedure": True}
        yield CreateFunctionOp(self.name, self.arguments, **keywords)

    def _label(self) -> str:
        return f"{qualified(self.schema, self.name)}({without_defaults(self.arguments)})"


@dataclass(frozen=True)
class Trigger(DeclaredEntity):
    """A trigger; the arguments are those of ``op.create_trigger``, and these.

    Args:
        schema: of its table.
        fires: ``origin``, the default; ``disabled``; ``replica`` or ``always``, which depend on
            ``session_replication_role``.
        comment: of the trigger.

    Example::

        Trigger("book_touched", "book", "before", ["insert", "update of title"], "touch()")
    """

    kind: ClassVar[str] = "trigger"
    name: str
    table: str
    moment: Literal["before", "after", "instead of"]
    events: str | Sequence[str]
    function: str
    _: KW_ONLY
    schema: str | None = None
    for_each: Literal["row", "statement"] = "row"
    when: str | None = None
    referencing: str | None = None
    constraint: bool = False
    deferrable: bool | None = None
    initially: str | None = None
    fires: Literal["origin", "disabled", "replica", "always"] = "origin"
    comment: str | None = None

    def _create(self) -> Iterator[MigrateOperation | str]:
        keywords = self._keywords(CreateTriggerOp)
        yield CreateTriggerOp(
            self.name, self.table, self.moment, self.events, self.function, **keywords
        )
        if self.fires != "origin":
            table = qualified(self.schema, self.table)
            yield f"ALTER TABLE {table} {FIRING[self.fires]} TRIGGER {identifier(self.name)}"

    def _label(self) -> str:
        return f"{identifier(self.name)} ON {qualified(self.schema, self.table)}"
