"""Names and texts of a catalog as scripts spell them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlalchemy as sa

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.sql.text_escaping import escape_colons

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.catalog.model import Catalog, Column, ObjectName, TypeName

__all__ = ["ScriptSql", "parameters", "unwrapped"]

_PREPARER = MigrationDialect().identifier_preparer
_PIECES = re.compile(r"""('(?:[^']|'')*'(?:::regclass)?|"(?:[^"]|"")*")""")
_CONSTANT = re.compile(r"'(?P<value>(?:[^'\\]|'')*)'::(?P<type>.+)", re.DOTALL)
_MODIFIERS = re.compile(r"\([\d,-]+\)")
_LONG = {"bpchar": "character", "bpchar[]": "character[]", '"bit"': "bit"}


class ScriptSql:
    """Spells what one catalog says: its default schema goes without a word.

    Args:
        catalog: the one.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        schema = re.escape(_PREPARER.quote(catalog.default_schema))
        self._qualified = re.compile(rf'(?<![\w."]){schema}\.(?=[\w"]+(?![\w"]*\())')

    def schema(self, name: ObjectName) -> str | None:
        """The schema as scripts say it: None for the default one."""
        return None if name.schema == self.catalog.default_schema else name.schema

    def qualified(self, name: ObjectName) -> str:
        """A name within SQL."""
        schema = self.schema(name)
        quoted = _PREPARER.quote(name.name)
        return f"{_PREPARER.quote(schema)}.{quoted}" if schema else quoted

    def quote(self, name: str) -> str:
        """An identifier within SQL."""
        return _PREPARER.quote(name)

    def local(self, sql: str) -> str:
        """The server's text without the default schema, which scripts leave to the search path."""
        parts = _PIECES.split(sql)
        for number, part in enumerate(parts):
            if number % 2 == 0:
                parts[number] = self._qualified.sub("", part)
            elif part.endswith("'::regclass"):
                parts[number] = "'" + self._qualified.sub("", part[1:])
        return "".join(parts)

    def text(self, sql: str) -> sa.TextClause:
        """The server's text as ``sa.text``: no colon of it is a parameter."""
        return sa.text(escape_colons(self.local(sql)))

    def default(self, column: Column) -> str | sa.TextClause | None:
        """A default as ``server_default`` takes it: a constant of the column's type as a string."""
        if column.default is None:
            return None
        constant = _CONSTANT.fullmatch(column.default)
        if constant is not None and _takes_constants(column.type):
            type_ = constant["type"]
            if _MODIFIERS.sub("", column.type.text) == _LONG.get(type_, type_):
                return constant["value"].replace("''", "'")
        return self.text(column.default)

    def qualified_name(self, name: ObjectName) -> str:
        """A table as foreign keys of SQLAlchemy name it."""
        schema = self.schema(name)
        return f"{schema}.{name.name}" if schema else name.name


def _takes_constants(type_: TypeName) -> bool:
    """True where ``DEFAULT 'x'`` is printed as ``'x'::type``, whatever else the column's type says.

    Not so for domains, for intervals, whose precision is printed too, and for names of objects, which
    are looked up.
    """
    plain = type_.kind in {"b", "e", "r", "m"}
    return plain and not type_.name.name.startswith(("interval", "reg"))


def parameters(options: Iterable[str]) -> dict[str, str]:
    """Storage parameters by their names."""
    return {name: value for name, _, value in (option.partition("=") for option in options)}


def unwrapped(sql: str) -> str:
    """An expression without the brackets around all of it."""
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
