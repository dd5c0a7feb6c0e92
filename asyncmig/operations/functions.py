"""Functions: ``create_function``, ``drop_function``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from asyncmig.operations.directives import Directives
from asyncmig.operations.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CreateFunctionOp", "DropFunctionOp", "FunctionDirectives"]

Volatility: TypeAlias = Literal["immutable", "stable", "volatile"]


@dataclass(eq=False)
class CreateFunctionOp(MigrateOperation):
    """``CREATE FUNCTION``."""

    directive: ClassVar[str] = "create_function"

    function_name: str
    arguments: str = ""
    _: KW_ONLY
    body: str
    returns: str | None = "void"
    language: str = "plpgsql"
    schema: str | None = None
    replace: bool = False
    volatility: Volatility | None = None
    strict: bool = False
    security_definer: bool = False
    parallel: Literal["safe", "restricted", "unsafe"] | None = None
    settings: Mapping[str, str] | None = None

    def reverse(self) -> DropFunctionOp:
        """``DROP FUNCTION``, which can be reversed again."""
        return DropFunctionOp(self.function_name, self.arguments, schema=self.schema, original=self)


@dataclass(eq=False)
class DropFunctionOp(MigrateOperation):
    """``DROP FUNCTION``. ``original`` creates it again."""

    directive: ClassVar[str] = "drop_function"

    function_name: str
    arguments: str | None = None
    _: KW_ONLY
    schema: str | None = None
    if_exists: bool = False
    cascade: bool = False
    original: CreateFunctionOp | None = None

    def reverse(self) -> CreateFunctionOp:
        """``CREATE FUNCTION``.

        Raises:
            ValueError: its definition is not known.
        """
        if self.original is None:
            raise ValueError(f"cannot create function {self.function_name} again: it is unknown")
        return replace(self.original)


class FunctionDirectives(Directives):
    """Directives for functions."""

    def create_function(
        self,
        function_name: str,
        arguments: str = "",
        *,
        body: str,
        returns: str | None = "void",
        language: str = "plpgsql",
        schema: str | None = None,
        replace: bool = False,
        volatility: Volatility | None = None,
        strict: bool = False,
        security_definer: bool = False,
        parallel: Literal["safe", "restricted", "unsafe"] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Create a function. Locks no table.

        Args:
            function_name: of the function.
            arguments: between its parentheses, as SQL: ``"price numeric, share real DEFAULT 1"``.
            body: the source, without dollar quotes: they are put around it.
            returns: a type, ``trigger``, ``TABLE (...)``, ``SETOF ...``; None where OUT arguments say it.
            language: ``plpgsql``, ``sql`` ...
            schema: of the function.
            replace: say ``OR REPLACE``; arguments and result must stay the same.
            volatility: ``immutable``, ``stable`` or ``volatile``, the default.
            strict: NULL arguments give NULL.
            security_definer: runs with its owner's rights; set ``search_path`` among ``settings``.
            parallel: ``safe``, ``restricted`` or ``unsafe``, the default.
            settings: configuration while it runs, as ``{"search_path": "shop, pg_temp"}``; the values
                are SQL.

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
                parallel=parallel,
                settings=settings,
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
    ) -> None:
        """Drop a function; with ``cascade``, and the triggers, defaults and views that use it.

        Args:
            function_name: of the function.
            arguments: as it was created with; None where only one function has the name.
            schema: of the function.
            if_exists: say ``IF EXISTS``.
            cascade: say ``CASCADE``.

        Example::

            op.drop_function("touch", if_exists=True)
        """
        self.invoke(
            DropFunctionOp(
                function_name, arguments, schema=schema, if_exists=if_exists, cascade=cascade
            )
        )
