"""``generate_sql``, which every module of this package extends, and ``Compilation``, which they share."""

from __future__ import annotations

import re
from functools import cached_property, singledispatch
from typing import TYPE_CHECKING, Any, cast

from asyncmig.operations.base.errors import directive_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.engine import Dialect
    from sqlalchemy.schema import Column, Constraint
    from sqlalchemy.sql.compiler import DDLCompiler, IdentifierPreparer, SQLCompiler
    from sqlalchemy.sql.elements import ClauseElement
    from sqlalchemy.types import TypeEngine

    from asyncmig.ddl.compiled import CompiledSql
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Compilation", "as_list", "clean_layout", "generate_sql", "join_words"]

_QUOTED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")""")
_ROLE_WORDS = frozenset({"PUBLIC", "CURRENT_ROLE", "CURRENT_USER", "SESSION_USER"})


def clean_layout(sql: str) -> str:
    """SQL of SQLAlchemy without tabs and trailing blanks; quoted text does not change."""
    sql = sql.strip()
    if "\n" not in sql or "$" in sql:  # it may be dollar-quoted
        return sql
    if "'" not in sql and '"' not in sql:
        return sql.replace(" \n", "\n").replace("\t", "    ")
    parts = _QUOTED.split(sql)
    parts[::2] = [part.replace(" \n", "\n").replace("\t", "    ") for part in parts[::2]]
    return "".join(parts)


def join_words(*parts: object) -> str:
    """The parts with blanks between them, without those that are false."""
    return " ".join(str(part) for part in parts if part)


def as_list(value: str | Sequence[str]) -> list[str]:
    """One string, or several, as a list."""
    return [value] if isinstance(value, str) else list(value)


@singledispatch
def generate_sql(
    operation: MigrateOperation, compilation: Compilation
) -> Iterable[CompiledSql | str]:
    """The statements of an operation, by its class or the nearest base class that has a function.

    Raises:
        DirectiveError: no function is registered for the class.
    """
    del compilation
    name = type(operation).__name__
    raise directive_error(
        f"asyncmig cannot compile {name}",
        hint=f"register an implementation: @Operations.implementation_for({name})",
        directive=operation.directive,
    )


class Compilation:
    """The dialect and SQLAlchemy's compilers, while one operation is compiled.

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
        """An identifier, quoted where PostgreSQL needs it."""
        return self.preparer.quote(name)

    def schema(self, name: str) -> str:
        """A schema; a dotted name is quoted piece by piece, unless it is a ``quoted_name``."""
        return self.preparer.quote_schema(name)

    def qualified(self, name: str, schema: str | None) -> str:
        """An object's name with its schema."""
        return f"{self.schema(schema)}.{self.quote(name)}" if schema else self.quote(name)

    def translate_schema(self, schema: str | None) -> str | None:
        """The schema by the dialect's ``schema_translate_map``."""
        schemas: Mapping[str | None, str | None] = getattr(self.dialect, "schema_translate_map", {})
        return schemas.get(schema, schema)

    def names(self, names: Iterable[str]) -> str:
        """Identifiers, separated by commas."""
        return ", ".join(self.quote(name) for name in names)

    def role(self, name: str) -> str:
        """A role; the keywords for roles are not quoted."""
        return name.upper() if name.upper() in _ROLE_WORDS else self.quote(name)

    def roles(self, names: str | Sequence[str]) -> str:
        """Roles, separated by commas."""
        return ", ".join(map(self.role, as_list(names)))

    def alter_table(self, name: str, schema: str | None) -> str:
        """The beginning of ALTER TABLE."""
        return f"ALTER TABLE {self.qualified(name, schema)}"

    def drop(self, kind: str, name: str, operation: Any) -> str:
        """DROP of an object; ``if_exists`` and ``cascade`` are those of the operation.

        Args:
            kind: the kind of object as SQL: ``VIEW``.
            name: its name as SQL, complete.
            operation: the operation.
        """
        return join_words(
            f"DROP {kind}",
            operation.if_exists and "IF EXISTS",
            name,
            getattr(operation, "cascade", False) and "CASCADE",
        )

    def ddl(self, element: Any) -> str:
        """A DDL element of SQLAlchemy's."""
        return clean_layout(str(element.compile(dialect=self.dialect)))

    def column(self, column: Column[Any]) -> str:
        """A column's definition: name, type, default, NOT NULL."""
        return self.ddl_compiler.get_column_specification(column)

    def constraint(self, constraint: Constraint) -> str:
        """A constraint's definition."""
        return self.ddl_compiler.process(constraint)

    def type(self, type_: TypeEngine[Any]) -> str:
        """A type's name."""
        return str(self.dialect.type_compiler_instance.process(type_))

    def expression(self, clause: ClauseElement) -> str:
        """An expression with values as literals and columns without their table."""
        return self.sql_compiler.process(clause, literal_binds=True, include_table=False)
