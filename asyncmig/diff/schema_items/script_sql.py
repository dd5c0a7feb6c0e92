"""Names and SQL of a catalog as they are written in scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlalchemy as sa

from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.sql.escaping.text_escaping import escape_backslashes, escape_colons
from asyncmig.sql.quoting import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.catalog.model import Catalog, Column, TypeName
    from asyncmig.catalog.object_name import ObjectName

__all__ = ["ScriptSql", "parameters", "raw_sql", "unwrapped"]

_PIECES = re.compile(r"""('(?:[^']|'')*'(?:::regclass)?|"(?:[^"]|"")*")""")
_CONSTANT = re.compile(r"'(?P<value>(?:[^'\\]|'')*)'::(?P<type>.+)", re.DOTALL)
_MODIFIERS = re.compile(r"\([\d,-]+\)")
_LONG = {"bpchar": "character", "bpchar[]": "character[]", '"bit"': "bit"}


class ScriptSql:
    """Writes names and SQL of one catalog, without its default schema.

    Args:
        catalog: the catalog.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        schema = re.escape(identifier(catalog.default_schema))
        self._qualified = re.compile(rf'(?<![\w."]){schema}\.(?=[\w"]+(?![\w"]*\())')

    def schema(self, name: ObjectName) -> str | None:
        """The schema as directives take it: None for the default one."""
        return None if name.schema == self.catalog.default_schema else name.schema

    def qualified(self, name: ObjectName) -> str:
        """A name in SQL."""
        return qualified(self.schema(name), name.name)

    def quote(self, name: str) -> str:
        """An identifier in SQL."""
        return identifier(name)

    def local(self, sql: str) -> str:
        """SQL of the server without the default schema, which scripts leave to the search path."""
        parts = _PIECES.split(sql)
        for number, part in enumerate(parts):
            if number % 2 == 0:
                parts[number] = self._qualified.sub("", part)
            elif part.endswith("'::regclass"):
                parts[number] = "'" + self._qualified.sub("", part[1:])
        return "".join(parts)

    def text(self, sql: str) -> sa.TextClause:
        """SQL of the server as ``sa.text``, in which no colon is a parameter."""
        return sa.text(escape_colons(self.local(sql)))

    def default(self, column: Column) -> str | sa.TextClause | None:
        """A default as ``server_default`` takes it: a string for a constant of the column's type."""
        if column.default is None:
            return None
        constant = _CONSTANT.fullmatch(column.default)
        if constant is not None and _takes_constants(column.type):
            type_ = constant["type"]
            if _MODIFIERS.sub("", column.type.text) == _LONG.get(type_, type_):
                return constant["value"].replace("''", "'")
        return self.text(column.default)

    def qualified_name(self, name: ObjectName) -> str:
        """A name as SQLAlchemy's ``ForeignKey`` takes it, without quotes."""
        schema = self.schema(name)
        return f"{schema}.{name.name}" if schema else name.name


def _takes_constants(type_: TypeName) -> bool:
    """True if ``DEFAULT 'x'`` is printed as ``'x'::type``, whatever modifiers the type has.

    This is not the case for domains, for intervals, whose precision is printed too, and for types such as
    ``regclass``, whose values are resolved.
    """
    plain = type_.kind in {"b", "e", "r", "m"}
    return plain and not type_.name.name.startswith(("interval", "reg"))


def raw_sql(sql: str) -> ExecuteSQLOp:
    """``op.execute`` of SQL in which no backslash before a colon is removed."""
    return ExecuteSQLOp(escape_backslashes(sql))


def parameters(options: Iterable[str]) -> dict[str, str]:
    """Storage parameters by name."""
    return {name: value for name, _, value in (option.partition("=") for option in options)}


def unwrapped(sql: str) -> str:
    """An expression without the parentheses around it."""
    if not (sql.startswith("(") and sql.endswith(")")):
        return sql
    depth = 0
    for part in re.finditer(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]""", sql):
        if part.group() == "(":
            depth += 1
        elif part.group() == ")":
            depth -= 1
            if depth == 0 and part.end() < len(sql):
                return sql
    return sql[1:-1]
