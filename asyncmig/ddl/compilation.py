"""What the compiling functions share: quoting, SQLAlchemy's compilers, layout."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.engine import Dialect
    from sqlalchemy.schema import Column, Constraint
    from sqlalchemy.sql.compiler import DDLCompiler, IdentifierPreparer, SQLCompiler
    from sqlalchemy.sql.elements import ClauseElement
    from sqlalchemy.types import TypeEngine

__all__ = ["Compilation", "listed", "tidy", "words"]

_QUOTED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")""")
_ROLE_WORDS = frozenset({"PUBLIC", "CURRENT_ROLE", "CURRENT_USER", "SESSION_USER"})


def tidy(sql: str) -> str:
    """SQLAlchemy's layout without tabs and trailing blanks; quoted text stays as it is."""
    sql = sql.strip()
    if "\n" not in sql or "$" in sql:  # perhaps in dollar quotes
        return sql
    if "'" not in sql and '"' not in sql:
        return sql.replace(" \n", "\n").replace("\t", "    ")
    parts = _QUOTED.split(sql)
    parts[::2] = [part.replace(" \n", "\n").replace("\t", "    ") for part in parts[::2]]
    return "".join(parts)


def words(*parts: object) -> str:
    """The texts that are there, a blank between them; what is false is left out."""
    return " ".join(str(part) for part in parts if part)


def listed(value: str | Sequence[str]) -> list[str]:
    """One or several, as several."""
    return [value] if isinstance(value, str) else list(value)


class Compilation:
    """The compiling of one operation.

    Args:
        dialect: a ``MigrationDialect``; another PostgreSQL dialect renders fewer kinds of literals.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    @property
    def preparer(self) -> IdentifierPreparer:
        """Quotes identifiers."""
        return self.dialect.identifier_preparer

    @cached_property
    def ddl_compiler(self) -> DDLCompiler:
        """Compiles columns and constraints."""
        return self.dialect.ddl_compiler(self.dialect, cast("Any", None))

    @property
    def sql_compiler(self) -> SQLCompiler:
        """Compiles expressions."""
        return self.ddl_compiler.sql_compiler

    def quote(self, name: str) -> str:
        """An identifier, quoted where it must be."""
        return self.preparer.quote(name)

    def schema(self, name: str) -> str:
        """A schema; a dotted name is quoted piece by piece, unless it is a ``quoted_name``."""
        return self.preparer.quote_schema(name)

    def qualified(self, name: str, schema: str | None) -> str:
        """An object's name with its schema."""
        return f"{self.schema(schema)}.{self.quote(name)}" if schema else self.quote(name)

    def translated(self, schema: str | None) -> str | None:
        """The schema that the dialect's ``schema_translate_map`` puts in its place, if any."""
        schemas: Mapping[str | None, str | None] = getattr(self.dialect, "schema_translate_map", {})
        return schemas.get(schema, schema)

    def names(self, names: Iterable[str]) -> str:
        """Identifiers, separated by commas."""
        return ", ".join(self.quote(name) for name in names)

    def role(self, name: str) -> str:
        """A role; the words that stand for one are no names."""
        return name.upper() if name.upper() in _ROLE_WORDS else self.quote(name)

    def roles(self, names: str | Sequence[str]) -> str:
        """Roles, separated by commas."""
        return ", ".join(map(self.role, listed(names)))

    def alter_table(self, name: str, schema: str | None) -> str:
        """The beginning of ALTER TABLE."""
        return f"ALTER TABLE {self.qualified(name, schema)}"

    def ddl(self, element: Any) -> str:
        """A DDL element of SQLAlchemy's."""
        return tidy(str(element.compile(dialect=self.dialect)))

    def column(self, column: Column[Any]) -> str:
        """A column's definition: name, type, default, NOT NULL."""
        return self.ddl_compiler.get_column_specification(column)

    def constraint(self, constraint: Constraint) -> str:
        """A constraint's definition."""
        return self.ddl_compiler.process(constraint)

    def type(self, type_: TypeEngine[Any]) -> str:
        """A type's name."""
        return str(self.dialect.type_compiler_instance.process(type_))

    def string(self, text: str) -> str:
        """A text as a literal."""
        return "'" + text.replace("'", "''") + "'"

    def comment(self, text: str | None) -> str:
        """A text as a literal, or NULL."""
        return "NULL" if text is None else self.string(text)

    def expression(self, clause: ClauseElement) -> str:
        """An expression with its values as literals, columns without their table."""
        return self.sql_compiler.process(clause, literal_binds=True, include_table=False)
