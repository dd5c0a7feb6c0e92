"""Functions, procedures, and the triggers that call them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from asyncmig.ddl.functions import without_defaults
from asyncmig.entities.declared import comment_on, compiled, qualified
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.functions import CreateFunctionOp
from asyncmig.operations.directives.triggers import CreateTriggerOp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["FIRING", "Function", "Procedure", "Trigger"]

FIRING: Mapping[str, str] = {
    "disabled": "DISABLE TRIGGER",
    "replica": "ENABLE REPLICA TRIGGER",
    "always": "ENABLE ALWAYS TRIGGER",
    "origin": "ENABLE TRIGGER",
}
"""What ALTER TABLE says to change when a trigger fires."""


@dataclass(frozen=True)
class Function:
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

    def sql(self) -> list[str]:
        """The statements that create it where it is not."""
        create = CreateFunctionOp(
            self.name,
            self.arguments,
            body=self.body,
            returns=self.returns,
            language=self.language,
            schema=self.schema,
            volatility=self.volatility,
            strict=self.strict,
            security_definer=self.security_definer,
            leakproof=self.leakproof,
            parallel=self.parallel,
            cost=self.cost,
            rows=self.rows,
            settings=self.settings,
        )
        place = f"{qualified(self.schema, self.name)}({without_defaults(self.arguments)})"
        return compiled([create, *comment_on("FUNCTION", place, self.comment)])


@dataclass(frozen=True)
class Procedure:
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

    def sql(self) -> list[str]:
        """The statements that create it where it is not."""
        create = CreateFunctionOp(
            self.name,
            self.arguments,
            body=self.body,
            returns=None,
            language=self.language,
            schema=self.schema,
            security_definer=self.security_definer,
            settings=self.settings,
            procedure=True,
        )
        place = f"{qualified(self.schema, self.name)}({without_defaults(self.arguments)})"
        return compiled([create, *comment_on("PROCEDURE", place, self.comment)])


@dataclass(frozen=True)
class Trigger:
    """A trigger; the arguments are those of ``op.create_trigger``, and these.

    Args:
        schema: of its table.
        fires: ``origin``, the default; ``disabled``; ``replica`` or ``always``, which heed
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

    def sql(self) -> list[str]:
        """The statements that create it where it is not."""
        table = qualified(self.schema, self.table)
        trigger = qualified(None, self.name)
        operations: list[MigrateOperation] = [
            CreateTriggerOp(
                self.name,
                self.table,
                self.moment,
                self.events,
                self.function,
                schema=self.schema,
                for_each=self.for_each,
                when=self.when,
                referencing=self.referencing,
                constraint=self.constraint,
                deferrable=self.deferrable,
                initially=self.initially,
            )
        ]
        if self.fires != "origin":
            operations.append(ExecuteSQLOp(f"ALTER TABLE {table} {FIRING[self.fires]} {trigger}"))
        operations += comment_on("TRIGGER", f"{trigger} ON {table}", self.comment)
        return compiled(operations)
