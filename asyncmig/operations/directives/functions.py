"""Functions and procedures: ``create_function``, ``drop_function``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.drop_object import DropObjectOp
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CreateFunctionOp", "DropFunctionOp", "FunctionDirectives"]

Volatility: TypeAlias = Literal["immutable", "stable", "volatile"]


@dataclass(eq=False)
class CreateFunctionOp(MigrateOperation, directive="create_function"):
    """``CREATE FUNCTION``. With ``replace``, ``existing`` is the function before, for reversing."""

    function_name: str
    arguments: str = ""
    _: KW_ONLY
    body: str
    schema: str | None = None
    replace: bool = False
    returns: str | None = "void"
    language: str = "plpgsql"
    volatility: Volatility | None = None
    strict: bool = False
    security_definer: bool = False
    leakproof: bool = False
    parallel: Literal["safe", "restricted", "unsafe"] | None = None
    cost: float | None = None
    rows: float | None = None
    settings: Mapping[str, str] | None = None
    procedure: bool = False
    existing: CreateFunctionOp | None = None

    def reverse(self) -> CreateFunctionOp | DropFunctionOp:
        """``DROP FUNCTION``, which can be reversed again; for a replacement, the function before."""
        if self.replace and self.existing is not None:
            return replace(self.existing, replace=True, existing=replace(self, existing=None))
        return DropFunctionOp(
            self.function_name,
            self.arguments,
            schema=self.schema,
            procedure=self.procedure,
            original=self,
        )


@dataclass(eq=False)
class DropFunctionOp(DropObjectOp[CreateFunctionOp], directive="drop_function"):
    """``DROP FUNCTION``."""

    function_name: str
    arguments: str | None = None
    _: KW_ONLY
    cascade: bool = False
    procedure: bool = False


class FunctionDirectives(Directives):
    """Directives for functions."""

    def create_function(
        self,
        function_name: str,
        arguments: str = "",
        *,
        body: str,
        schema: str | None = None,
        replace: bool = False,
        returns: str | None = "void",
        language: str = "plpgsql",
        volatility: Volatility | None = None,
        strict: bool = False,
        security_definer: bool = False,
        leakproof: bool = False,
        parallel: Literal["safe", "restricted", "unsafe"] | None = None,
        cost: float | None = None,
        rows: float | None = None,
        settings: Mapping[str, str] | None = None,
        procedure: bool = False,
    ) -> None:
        """Create a function or procedure. Locks no table.

        Args:
            function_name: of the function.
            arguments: between its parentheses, as SQL: ``"price numeric, share real DEFAULT 1"``.
            body: the source, without dollar quotes, which are added.
            returns: a type, ``trigger``, ``TABLE (...)``, ``SETOF ...``; None with OUT arguments.
            language: ``plpgsql``, ``sql`` ...
            schema: of the function.
            replace: ``OR REPLACE``; arguments and result must stay the same.
            volatility: ``immutable``, ``stable`` or ``volatile``, the default.
            strict: NULL arguments give NULL.
            security_definer: runs with the privileges of its owner; set ``search_path`` in ``settings``.
            leakproof: reveals nothing about its arguments except by its result.
            parallel: ``safe``, ``restricted`` or ``unsafe``, the default.
            cost: of one call, in units of ``cpu_operator_cost``.
            rows: estimated number of rows of a set.
            settings: settings while it runs: ``{"search_path": "shop, pg_temp"}``; the values
                are SQL.
            procedure: ``PROCEDURE``, which has no result: ``returns`` is ignored.

        Example::

            op.create_function(
                "touch", returns="trigger", body="BEGIN NEW.updated_at := now(); RETURN NEW; END"
            )
        """
        self.invoke(
            CreateFunctionOp(
                function_name,
                arguments,
                body=body,
                returns=returns,
                language=language,
                schema=schema,
                replace=replace,
                volatility=volatility,
                strict=strict,
                security_definer=security_definer,
                leakproof=leakproof,
                parallel=parallel,
                cost=cost,
                rows=rows,
                settings=settings,
                procedure=procedure,
            )
        )

    def drop_function(
        self,
        function_name: str,
        arguments: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool = False,
        cascade: bool = False,
        procedure: bool = False,
    ) -> None:
        """Drop a function or procedure; with ``cascade``, also the triggers, defaults and views that use it.

        Args:
            function_name: of the function.
            arguments: as in ``create_function``; None if only one function has the name.
            schema: of the function.
            if_exists: ``IF EXISTS``.
            cascade: ``CASCADE``.
            procedure: ``PROCEDURE``.

        Example::

            op.drop_function("touch", if_exists=True)
        """
        self.invoke(
            DropFunctionOp(
                function_name,
                arguments,
                schema=schema,
                if_exists=if_exists,
                cascade=cascade,
                procedure=procedure,
            )
        )
