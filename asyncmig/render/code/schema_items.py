"""Schema items of SQLAlchemy as code: types, columns, constraints, defaults."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Identity,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.sql.elements import ClauseElement, TextClause
from sqlalchemy.types import NullType, TypeEngine, to_instance

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import ScriptError
from asyncmig.operations.base.model_type import model_type
from asyncmig.operations.base.sqlalchemy_private import foreign_key_target, table_prefixes
from asyncmig.render.source.layout import Call, Code, ListCode, one_line, string_literal
from asyncmig.render.source.prefixes import Prefixes
from asyncmig.revisions.files.python_ast import tree_of
from asyncmig.types import ServerType

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from sqlalchemy.schema import Constraint, Table

__all__ = ["ItemWriter"]

_IDENTITY = ("start", "increment", "minvalue", "maxvalue", "cycle", "cache")
_KINDS: Mapping[type, str] = {
    PrimaryKeyConstraint: "primary_key",
    UniqueConstraint: "unique",
    CheckConstraint: "check",
    ForeignKeyConstraint: "foreign_key",
}
"""The kinds of constraints for ``render_item``."""
_CONVENTIONS = {"primary_key": "pk", "unique": "uq", "check": "ck", "foreign_key": "fk"}
"""The same for naming conventions."""
_POSTGRESQL = "from sqlalchemy.dialects import postgresql"
_DIALECT = MigrationDialect()


class ItemWriter:
    """Writes schema items and collects the imports that they need.

    Args:
        final_names: kinds of constraints (``ck``, ``fk``, ``pk``, ``uq``) whose names are written as
            ``op.f(...)``, because a naming convention of the models would change them.
        render_item: the user's hook: called with a kind, an object and ``context``, it returns code,
            or False for the default.
        context: passed to hooks and renderers; its ``imports`` are used here as well.
        prefixes: of names in the code.
        renderer: returns the user's function for a class of operations, or None.
    """

    def __init__(
        self,
        *,
        final_names: Collection[str] = (),
        render_item: Callable[[str, Any, Any], str | bool | None] | None = None,
        context: Any = None,
        prefixes: Prefixes | None = None,
        renderer: Callable[[type], Callable[[Any, Any], Any] | None] | None = None,
    ) -> None:
        self.imports: set[str] = set() if context is None else context.imports
        self.context = context
        self.renderer = renderer
        self._final_names = final_names
        self._render_item = render_item
        self._prefixes = Prefixes() if prefixes is None else prefixes

    def op(self, name: str) -> str:
        """A directive with its prefix."""
        return f"{self._prefixes.op}{name}"

    def sa(self, name: str) -> str:
        """A name of SQLAlchemy with its prefix."""
        return f"{self._prefixes.sa}{name}"

    def name(self, name: object, kind: str | None) -> Code:
        """The name of a constraint or index; the kind is None if it is unknown."""
        if name is None:
            return "None"
        text = string_literal(str(name))
        final = self._final_names if kind is None else kind in self._final_names
        return Call.of(self.op("f"), text) if final else text

    def value(self, value: Any) -> Code:
        """Any value of an argument of a directive."""
        match value:
            case str():
                return string_literal(str(value))
            case list() | tuple():
                return ListCode(tuple(map(self.value, value)))
            case dict():
                inside = (
                    f"{self.value(key)}: {one_line(self.value(item))}"
                    for key, item in value.items()
                )
                return "{" + ", ".join(inside) + "}"
            case Column():
                return self.column(value)
            case TypeEngine() | type():
                return self.type(to_instance(value))
            case TextClause():
                return Call.of(self.sa("text"), string_literal(value.text))
            case ClauseElement():
                return Call.of(self.sa("text"), string_literal(self._sql(value)))
            case _:
                return repr(value)

    def column_name(self, column: Any) -> Code:
        """The name of a column, or an expression, as part of an index, key or view."""
        return string_literal(column.name) if isinstance(column, Column) else self.value(column)

    def condition(self, clause: Any) -> Code:
        """A condition as a string."""
        if isinstance(clause, str):
            return string_literal(clause)
        return string_literal(clause.text if isinstance(clause, TextClause) else self._sql(clause))

    def _sql(self, clause: ClauseElement) -> str:
        compiler: Any = _DIALECT.statement_compiler(_DIALECT, None)
        text = str(compiler.process(clause, literal_binds=True, include_table=False))
        return re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", text)

    def user_code(self, kind: str, item: Any) -> str | None:
        """The code that the user's hook returns for an item; None for the default."""
        if self._render_item is None:
            return None
        rendered = self._render_item(kind, item, self.context)
        return None if rendered is False or rendered is None else str(rendered)

    def type(self, type_: TypeEngine[Any]) -> Code:
        """A type."""
        model = model_type(type_)
        rendered = self.user_code("type", type_ if model is None else model)
        if rendered is not None:
            return rendered
        if isinstance(type_, NullType):
            raise ScriptError(
                "a column without a type cannot be written",
                hint="give the column a type in process_revision_directives",
            )
        kind = type(type_)
        if kind.__module__.startswith("sqlalchemy.dialects.postgresql"):
            self.imports.add(_POSTGRESQL)
            return self._postgresql(type_)
        if kind.__module__.startswith("sqlalchemy."):
            return self.sa(_type_repr(type_))
        if isinstance(type_, ServerType):
            return self._server_type(type_.sql)
        written = _type_repr(type_)
        if not _is_plain_call(written):
            return self._server_type(type_.compile(dialect=_DIALECT))
        if self._prefixes.user is not None:
            return f"{self._prefixes.user}{written}"
        self.imports.add(f"import {kind.__module__}")
        return f"{kind.__module__}.{written}"

    def _server_type(self, sql: str) -> Code:
        self.imports.add("from asyncmig.types import ServerType")
        return Call.of("ServerType", string_literal(sql))

    def _postgresql(self, type_: TypeEngine[Any]) -> Code:
        match type_:
            case postgresql.ENUM():
                keywords: dict[str, Code] = {"name": string_literal(str(type_.name))}
                if type_.schema is not None:
                    keywords["schema"] = string_literal(type_.schema)
                return Call.of("postgresql.ENUM", **keywords, create_type=repr(type_.create_type))
            case postgresql.ARRAY():
                return Call.of("postgresql.ARRAY", self.type(type_.item_type))
            case postgresql.JSON() | postgresql.JSONB() | postgresql.HSTORE():
                return f"postgresql.{type(type_).__name__}()"
            case _:
                return f"postgresql.{_type_repr(type_)}"

    def default(self, default: Any) -> Code:
        """The value of ``server_default``."""
        rendered = self.user_code("server_default", default)
        if rendered is not None:
            return rendered
        if isinstance(default, Identity):
            return self.identity(default)
        if isinstance(default, Computed):
            return self.computed(default)
        return self.value(getattr(default, "arg", default))

    def identity(self, identity: Identity) -> Code:
        """An identity with its options."""
        keywords: dict[str, Code] = {"always": "True"} if identity.always else {}
        for option in _IDENTITY:
            value = getattr(identity, option)
            if value is not None:
                keywords[option] = repr(value)
        return Call.of(self.sa("Identity"), **keywords)

    def computed(self, computed: Computed) -> Code:
        """A generated column's expression."""
        keywords: dict[str, Code] = {}
        if computed.persisted is not None:
            keywords["persisted"] = repr(computed.persisted)
        return Call.of(self.sa("Computed"), self.condition(computed.sqltext), **keywords)

    def column(self, column: Column[Any]) -> Code:
        """A column with its type, default and options."""
        rendered = self.user_code("column", column)
        if rendered is not None:
            return rendered
        items: list[Code] = [string_literal(column.name), self.type(column.type)]
        if column.computed is not None:
            items.append(self.computed(column.computed))
        if column.identity is not None:
            items.append(self.identity(column.identity))
        keywords: dict[str, Code] = {}
        if isinstance(column.autoincrement, bool):
            keywords["autoincrement"] = repr(column.autoincrement)
        default = column.server_default
        if default is not None and column.computed is None and column.identity is None:
            keywords["server_default"] = self.default(default)
        if not column.nullable and column.identity is None:
            keywords["nullable"] = "False"
        if column.comment is not None:
            keywords["comment"] = string_literal(column.comment)
        return Call.of(self.sa("Column"), *items, **keywords)

    def constraint(self, constraint: Constraint) -> Code | None:
        """A constraint within ``create_table``; None if SQLAlchemy creates it by itself."""
        kind = next((name for type_, name in _KINDS.items() if isinstance(constraint, type_)), None)
        rendered = None if kind is None else self.user_code(kind, constraint)
        if rendered is not None:
            return rendered
        keywords: dict[str, Code] = {}
        if constraint.name is not None:
            keywords["name"] = self.name(
                constraint.name, None if kind is None else _CONVENTIONS[kind]
            )
        for option in ("onupdate", "ondelete", "match", "deferrable", "initially"):
            value = getattr(constraint, option, None)
            if value is not None:
                keywords[option] = self.value(value)
        for option, value in sorted(constraint.dialect_kwargs.items()):
            keywords[option] = self.value(value)
        match constraint:
            case PrimaryKeyConstraint():
                names = [string_literal(column.name) for column in constraint.columns]
                return (
                    Call.of(self.sa("PrimaryKeyConstraint"), *names, **keywords) if names else None
                )
            case UniqueConstraint():
                names = [string_literal(column.name) for column in constraint.columns]
                return Call.of(self.sa("UniqueConstraint"), *names, **keywords)
            case CheckConstraint():
                condition = self.condition(constraint.sqltext)
                return Call.of(self.sa("CheckConstraint"), condition, **keywords)
            case ForeignKeyConstraint():
                local = ListCode(tuple(string_literal(name) for name in constraint.column_keys))
                remote = ListCode(
                    tuple(string_literal(_target(element)) for element in constraint.elements)
                )
                return Call.of(self.sa("ForeignKeyConstraint"), local, remote, **keywords)
            case _:
                raise ScriptError(
                    f"a {type(constraint).__name__} within create_table cannot be written",
                    hint="add it with op.execute after the table",
                )

    def table_items(self, table: Table, items: Iterable[Any]) -> list[Code]:
        """Columns, then constraints, of a table that is created."""
        written: list[Code] = [self.column(column) for column in table.columns]
        for item in items:
            if hasattr(item, "columns") and not hasattr(item, "type"):
                code = self.constraint(item)
                if code is not None:
                    written.append(code)
        return written

    def table_keywords(self, table: Table) -> dict[str, Code]:
        """The keyword arguments of ``create_table``."""
        keywords: dict[str, Code] = {}
        if table.schema is not None:
            keywords["schema"] = string_literal(table.schema)
        if table.comment is not None:
            keywords["comment"] = string_literal(table.comment)
        prefixes = table_prefixes(table)
        if prefixes:
            keywords["prefixes"] = self.value(prefixes)
        for option, value in sorted(table.kwargs.items()):
            keywords[option] = self.value(value)
        return keywords


def _type_repr(type_: TypeEngine[Any]) -> str:
    """A type's repr with strings in double quotes."""
    return re.sub(r"'([^'\"\\]*)'", r'"\1"', repr(type_))


def _is_plain_call(code: str) -> bool:
    """True for a repr that is a call and uses no other name; ``<...>`` is not."""
    try:
        body = tree_of(code).body
    except SyntaxError:
        return False
    match body:
        case [ast.Expr(value=ast.Call() as call)]:
            return [node for node in ast.walk(call) if isinstance(node, ast.Name)] == [call.func]
        case _:
            return False


def _target(element: Any) -> str:
    """``schema.table.column`` of a foreign key."""
    found = foreign_key_target(element)
    if found is None:
        column = element.column
        return f"{column.table.fullname}.{column.name}"
    return ".".join(part for part in (found.schema, found.table, found.column) if part)
