"""SQLAlchemy's PostgreSQL dialect, for SQL without parameters.

No driver is involved: every value becomes a literal, ``%`` and ``:`` are not escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDDLCompiler, PGDialect
from sqlalchemy.exc import CompileError
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from asyncmig.ddl.literal import typed_literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Dialect
    from sqlalchemy.schema import Column, Computed
    from sqlalchemy.sql.elements import BindParameter, TextClause
    from sqlalchemy.types import TypeEngine

__all__ = ["MigrationDialect", "with_schema_map"]


class LiteralCompiler(PGCompiler):
    """Renders values as PostgreSQL literals of their type.

    In arguments of functions, lists of selected columns, CASE, arithmetic and ``text()`` the server
    cannot infer the type of a literal, so a cast is added: ``'2026-01-01'::DATE``. Elsewhere (values
    of INSERT and UPDATE, comparisons) it is inferred.
    """

    _explicit_types = False

    def visit_bindparam(  # type: ignore[override]  # keyword arguments are SQLAlchemy's
        self,
        bindparam: BindParameter[Any],
        within_columns_clause: bool = False,
        explicit_types: bool = False,
        in_text: bool = False,
        **kw: Any,
    ) -> str:
        outer = self._explicit_types
        self._explicit_types = explicit_types or within_columns_clause or in_text
        try:
            text: str = super().visit_bindparam(  # type: ignore[no-untyped-call]
                bindparam, within_columns_clause=within_columns_clause, **kw
            )
        finally:
            self._explicit_types = outer
        # "x -:y" would become a comment
        return f"({text})" if in_text and text.startswith("-") else text

    def render_literal_bindparam(  # type: ignore[override]  # same
        self, bindparam: BindParameter[Any], **kw: Any
    ) -> str:
        is_null = bindparam.value is None and bindparam.callable is None
        converts = isinstance(bindparam.type, TypeDecorator) or bindparam.type.should_evaluate_none
        if is_null and converts and not bindparam.expanding:
            # a decorator may convert None, and JSON makes its null of it
            return self.render_literal_value(None, bindparam.type)
        return super().render_literal_bindparam(  # type: ignore[no-untyped-call, no-any-return]
            bindparam, **kw
        )

    def render_literal_value(self, value: Any, type_: TypeEngine[Any]) -> str:
        return typed_literal(value, type_, self.dialect, explicit=self._explicit_types)

    def visit_textclause(self, textclause: TextClause, *args: Any, **kw: Any) -> str:
        kw["in_text"] = True
        return super().visit_textclause(  # type: ignore[no-untyped-call, no-any-return]
            textclause, *args, **kw
        )

    def visit_function(self, func: Any, *args: Any, **kw: Any) -> str:
        kw["explicit_types"] = True
        return super().visit_function(func, *args, **kw)

    def visit_case(self, clause: Any, **kw: Any) -> str:
        kw["explicit_types"] = True
        return super().visit_case(clause, **kw)  # type: ignore[no-untyped-call, no-any-return]

    def visit_binary(self, binary: Any, *args: Any, **kw: Any) -> str:
        if not operators.is_comparison(binary.operator):
            kw["explicit_types"] = True
        return super().visit_binary(  # type: ignore[no-untyped-call, no-any-return]
            binary, *args, **kw
        )


class MigrationDDLCompiler(PGDDLCompiler):
    """Renders generated columns for all versions of PostgreSQL."""

    def get_column_specification(self, column: Column[Any], **kw: Any) -> str:
        """A column's definition.

        SQLAlchemy adapts the type to the dialect because a column of the primary key may become
        SERIAL. For other columns this is skipped: it takes most of the time.
        """
        if column.primary_key:
            return super().get_column_specification(  # type: ignore[no-untyped-call, no-any-return]
                column, **kw
            )
        type_ = self.dialect.type_compiler_instance.process(
            column.type, type_expression=column, identifier_preparer=self.preparer
        )
        parts = [self.preparer.format_column(column), type_]
        default = self.get_column_default_string(column)
        if default is not None:
            parts += ("DEFAULT", default)
        if column.computed is not None:
            parts.append(self.process(column.computed))
        if column.identity is not None:
            parts.append(self.process(column.identity))
            if column.nullable:
                parts.append("NULL")
        elif not column.nullable:
            parts.append("NOT NULL")
        return " ".join(parts)

    def visit_computed_column(self, generated: Computed, **_: Any) -> str:
        expression = self.sql_compiler.process(
            generated.sqltext, include_table=False, literal_binds=True
        )
        return f"GENERATED ALWAYS AS ({expression}){self._storage(generated)}"

    def _storage(self, generated: Computed) -> str:
        """STORED, unless VIRTUAL is given or is the default of the server.

        Without a keyword PostgreSQL 18 creates a virtual column, and older versions raise an error.
        SQLAlchemy 2.1 omits the keyword if the server is unknown.
        """
        server: tuple[int, ...] | None = getattr(self.dialect, "server_version_info", None)
        has_virtual = server is not None and server >= (18,)
        if generated.persisted is None:
            return "" if has_virtual else " STORED"
        if generated.persisted:
            return " STORED"
        if server is not None and not has_virtual:
            raise CompileError(
                f"PostgreSQL {server[0]} has no virtual columns, only stored "
                "generated columns: Computed(..., persisted=True)"
            )
        return " VIRTUAL"


class MigrationDialect(PGDialect):
    """The dialect that operations are compiled with.

    Args:
        server_version: such as ``(18, 1)``; None for SQL that all versions accept.
        schema_translate_map: the schema to write instead of one that a ``Table``, an enum type or a
            sequence names, as SQLAlchemy's execution option of that name; None is no schema.

    Attributes:
        schema_translate_map: as given.
    """

    driver = "asyncpg"
    statement_compiler = LiteralCompiler
    ddl_compiler = MigrationDDLCompiler
    supports_statement_cache = True

    def __init__(
        self,
        server_version: tuple[int, ...] | None = None,
        *,
        schema_translate_map: Mapping[str | None, str | None] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("paramstyle", "named")  # with others "%" is doubled in the text
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]  # SQLAlchemy's
        self._backslash_escapes = False  # standard_conforming_strings is on since PostgreSQL 9.1
        if server_version is not None:
            self.server_version_info = server_version
        self.schema_translate_map: dict[str | None, str | None] = dict(schema_translate_map or {})
        if self.schema_translate_map:
            self.identifier_preparer.schema_for_object = self._schema_of  # type: ignore[assignment]  # a table may have none

    def _schema_of(self, item: Any) -> str | None:
        schema: str | None = item.schema
        if not item._use_schema_map:  # noqa: SLF001 - what SQLAlchemy asks: sa.table() is never translated
            return schema
        return self.schema_translate_map.get(schema, schema)


def with_schema_map(dialect: Dialect, schemas: Mapping[str | None, str | None]) -> Dialect:
    """The dialect with this ``schema_translate_map``."""
    if getattr(dialect, "schema_translate_map", {}) == schemas:
        return dialect
    server = getattr(dialect, "server_version_info", None)
    return MigrationDialect(server, schema_translate_map=schemas)
