"""``Entity``, an object declared beside the models, and the base class of the kinds."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.ddl.raw_sql import unescape_colons
from asyncmig.errors import ConfigError
from asyncmig.sql.lexer import Kind, identifier_value, tokens
from asyncmig.sql.quoting import comment_on, qualified

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["DeclaredEntity", "Entity", "SqlText", "UnquotedPolicy", "from_alembic_utils"]

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
    "EVENT": "event_trigger",
    "TRIGGER": "trigger",
    "POLICY": "policy",
    "EXTENSION": "extension",
    "TYPE": "composite_type",
    "SEQUENCE": "sequence",
    "GRANT": "grant",
}
_BEFORE_NAME = frozenset(
    {"OR", "REPLACE", "TEMP", "RECURSIVE", "VIEW", "TRIGGER", "IF", "NOT", "EXISTS"}
)


class Entity(Protocol):
    """An entity. The classes of this package are entities, and so is any object with these members.

    Attributes:
        kind: ``view``, ``materialized_view``, ``function``, ``procedure``, ``aggregate``, ``trigger``,
            ``event_trigger``, ``policy``, ``row_security``, ``rule``, ``statistics``, ``extension``,
            ``composite_type``, ``sequence`` or ``grant``.
        schema: None for the default one.
        name: of the object; of a trigger or policy, without its table.
    """

    @property
    def kind(self) -> str:
        """The kind of object."""
        ...

    @property
    def schema(self) -> str | None:
        """The schema of the object."""
        ...

    @property
    def name(self) -> str:
        """The name of the object."""
        ...

    def sql(self) -> list[str]:
        """The statements that create it in an empty database."""
        ...


class DeclaredEntity:
    """Base class of entities: a frozen dataclass whose fields are named as those of its operation."""

    kind: ClassVar[str]
    kind_sql: ClassVar[str] = ""
    """The kind in SQL, where it is not ``kind`` in upper case."""

    schema: str | None

    def sql(self) -> list[str]:
        """The statements that create it in an empty database."""
        statements: list[str] = []
        for item in self._create():
            if isinstance(item, str):
                statements.append(item)
            else:
                statements += (compiled.sql for compiled in compile_operation(item, _DIALECT))
        comment: str | None = getattr(self, "comment", None)
        if comment is not None:
            kind = self.kind_sql or self.kind.upper().replace("_", " ")
            statements.append(comment_on(kind, self._label(), comment))
        return statements

    def _create(self) -> Iterable[MigrateOperation | str]:
        """Operations and SQL that create it, without its comment."""
        raise NotImplementedError

    def _label(self) -> str:
        """Its name as ``COMMENT ON`` takes it."""
        name: str = getattr(self, "name")  # noqa: B009  # a field of every dataclass below
        return qualified(self.schema, name)

    def _keywords(self, operation_class: type[Any]) -> dict[str, Any]:
        """The keyword arguments of an operation that the entity has fields for."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(operation_class)
            if field.kw_only and hasattr(self, field.name)
        }


@dataclass(frozen=True)
class SqlText:
    """An entity given by its complete statement: ``CREATE FUNCTION ...``, ``CREATE TRIGGER ...``.

    Example::

        SqlText(pathlib.Path("sql/total.sql").read_text())

    Raises:
        ConfigError: the statement creates none of the kinds.
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


@dataclass(frozen=True)
class UnquotedPolicy(SqlText):
    """A policy of alembic_utils, which removes the quotes from the name of the table.

    ``table`` is that name with its schema: ``public.CamelCase``, also in ``text``.
    """

    table: str = ""

    def on_known_table(self, known: Collection[tuple[str, str]]) -> SqlText:
        """The policy with the name in quotes, if only the name with its capitals is that of a table."""
        schema, _, name = self.table.partition(".")
        folded = schema.lower(), name.lower()
        if (schema, name) not in known or (folded != (schema, name) and folded in known):
            return self
        unquoted = re.compile(rf"(?<=\s)(on\s+){re.escape(self.table)}(?=\s)", re.IGNORECASE)
        table = qualified(schema, name)
        return replace(self, text=unquoted.sub(lambda found: found[1] + table, self.text, count=1))


def from_alembic_utils(declared: object) -> SqlText | None:
    """An object of alembic_utils, or with its methods, as text; None for anything else."""
    create = getattr(declared, "to_sql_statement_create", None)
    if create is None:
        return None
    found = create()
    statement = found[0] if isinstance(found, list | tuple) else found
    text = unescape_colons(str(getattr(statement, "text", statement)))
    kind, schema, name = _header(text)
    schema = getattr(declared, "schema", None) or schema
    table = getattr(declared, "on_entity", None)
    if kind == "policy" and isinstance(table, str):
        return UnquotedPolicy(text, kind=kind, schema=schema, name=name, table=table)
    return SqlText(text, kind=kind, schema=schema, name=name)


def _header(sql: str) -> tuple[str, str | None, str]:
    """Kind, schema and name of the object of a CREATE or GRANT statement."""
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
        f"this statement declares no entity: {sql.strip().partition(chr(10))[0][:80]!r}",
        hint="write a complete CREATE VIEW, MATERIALIZED VIEW, FUNCTION, PROCEDURE, AGGREGATE, TRIGGER, "
        "EVENT TRIGGER, POLICY, RULE, STATISTICS, EXTENSION, TYPE, SEQUENCE or GRANT statement",
    )
