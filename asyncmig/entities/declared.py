"""What is declared: an object of the database that SQLAlchemy's models have no words for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.ddl.raw_sql import unescape
from asyncmig.errors import ConfigError
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.sql.lexer import Kind, identifier_value, tokens
from asyncmig.sql.text_escaping import escape_backslashes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Entity", "SqlText", "comment_on", "compiled", "from_foreign", "qualified"]

_DIALECT = MigrationDialect()
_NAMES = (Kind.WORD, Kind.QUOTED)
_KINDS = {
    "VIEW": "view",
    "MATERIALIZED": "materialized_view",
    "FUNCTION": "function",
    "PROCEDURE": "procedure",
    "AGGREGATE": "aggregate",
    "RULE": "rule",
    "STATISTICS": "statistics",
    "TRIGGER": "trigger",
    "POLICY": "policy",
    "EXTENSION": "extension",
    "TYPE": "composite_type",
    "SEQUENCE": "sequence",
    "GRANT": "grant",
}
_BEFORE_NAME = frozenset({"OR", "REPLACE", "TEMP", "RECURSIVE", "VIEW", "IF", "NOT", "EXISTS"})


class Entity(Protocol):
    """Something declared. The classes of this package are; so is what has these members.

    Attributes:
        kind: ``view``, ``materialized_view``, ``function``, ``procedure``, ``aggregate``, ``trigger``,
            ``policy``, ``row_security``, ``rule``, ``statistics``, ``extension``, ``composite_type``,
            ``sequence`` or ``grant``.
        schema: None for the default one.
        name: of the object; of a trigger or policy, without its table.
    """

    @property
    def kind(self) -> str:
        """What it is."""
        ...

    @property
    def schema(self) -> str | None:
        """Where it is."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def sql(self) -> list[str]:
        """The statements that create it where it is not."""
        ...


def compiled(operations: Iterable[MigrateOperation]) -> list[str]:
    """The SQL of the operations that create an entity."""
    return [found.sql for item in operations for found in compile_operation(item, _DIALECT)]


@dataclass(frozen=True)
class SqlText:
    """An entity given by its complete statement: ``CREATE FUNCTION ...``, ``CREATE TRIGGER ...``.

    Example::

        SqlText(pathlib.Path("sql/total.sql").read_text())

    Raises:
        ConfigError: the statement is none that creates one of the kinds.
    """

    text: str
    kind: str = ""
    schema: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            kind, schema, name = _header(self.text)
            object.__setattr__(self, "kind", self.kind or kind)
            object.__setattr__(self, "schema", self.schema or schema)
            object.__setattr__(self, "name", name)

    def sql(self) -> list[str]:
        """The statement."""
        return [self.text.strip().rstrip(";").rstrip()]


def from_foreign(declared: object) -> SqlText | None:
    """An object of alembic_utils, or of what looks like it; None for anything else."""
    create = getattr(declared, "to_sql_statement_create", None)
    if create is None:
        return None
    found = create()
    statement = found[0] if isinstance(found, list | tuple) else found
    text = unescape(str(getattr(statement, "text", statement)))
    kind, schema, name = _header(text)
    return SqlText(text, kind=kind, schema=getattr(declared, "schema", None) or schema, name=name)


def _header(sql: str) -> tuple[str, str | None, str]:
    """Kind, schema and name that a CREATE or GRANT statement is about."""
    kind = ""
    found = tokens(sql)
    for token in found:
        if kind == "grant":
            if token.word == "ON":
                return kind, None, sql[token.end :].strip().rstrip(";")
            continue
        if not kind and token.word in _KINDS:
            kind = _KINDS[token.word]
            continue
        if kind and token.kind in _NAMES and token.text.upper() not in _BEFORE_NAME:
            first = identifier_value(token.text)
            dot = next(found, None)
            if dot is None or dot.text != ".":
                return kind, None, first
            second = next(found, None)
            if second is not None and second.kind in _NAMES:
                return kind, first, identifier_value(second.text)
            break
    raise ConfigError(
        f"what does this declare? {sql.strip().partition(chr(10))[0][:80]!r}",
        hint="a complete CREATE VIEW, MATERIALIZED VIEW, FUNCTION, PROCEDURE, AGGREGATE, TRIGGER, POLICY, "
        "RULE, STATISTICS, EXTENSION, TYPE, SEQUENCE or GRANT statement is understood",
    )


def comment_on(kind: str, place: str, comment: str | None) -> list[MigrateOperation]:
    """COMMENT ON, if there is a comment."""
    if comment is None:
        return []
    text = comment.replace("'", "''")
    return [ExecuteSQLOp(escape_backslashes(f"COMMENT ON {kind} {place} IS '{text}'"))]


def qualified(schema: str | None, name: str) -> str:
    """A name within SQL."""
    preparer = _DIALECT.identifier_preparer
    quoted = preparer.quote(name)
    return f"{preparer.quote(schema)}.{quoted}" if schema else quoted
