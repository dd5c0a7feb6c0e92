"""Operations as differences between a database and its models, for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import Computed, Identity
from sqlalchemy.sql.elements import TextClause

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.ddl.raw_sql import unescape_colons
from asyncmig.errors import DirectiveError
from asyncmig.operations.base.containers import OpContainer
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.directives.constraints import AddConstraintOp, DropConstraintOp
from asyncmig.operations.directives.enums import (
    AddEnumValueOp,
    CreateEnumOp,
    DropEnumOp,
    RenameEnumOp,
)
from asyncmig.operations.directives.functions import CreateFunctionOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.tables import RenameTableOp
from asyncmig.operations.directives.views import CreateViewOp, ReplaceViewOp
from asyncmig.operations.unsupported_change import UnsupportedChangeOp
from asyncmig.results.differences import Difference
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["differences"]

_DIALECT = MigrationDialect()
_NAME = r"""(?:"(?:[^"]|"")*"|[\w$]+)"""
_NEW = r"(?:IF\ NOT\ EXISTS\ )?"
_OPTIONS = ("start", "increment", "minvalue", "maxvalue", "cache", "cycle")
_NAMED = re.compile(
    rf"""ALTER\ TABLE\ (?:{_NAME}\.)?{_NAME}\ ADD\ (?:COLUMN|CONSTRAINT)\ {_NEW}{_NAME}\s
    |CREATE\ (?P<unique>UNIQUE\ )?INDEX\ (?:CONCURRENTLY\ )?{_NEW}{_NAME}\s
    |ALTER\ TYPE\ (?:{_NAME}\.)?{_NAME}\ ADD\ VALUE\ {_NEW}""",
    re.VERBOSE,
)
_NAMES = (
    "column_name",
    "constraint_name",
    "index_name",
    "enum_name",
    "old_enum_name",
    "sequence_name",
    "schema_name",
    "view_name",
    "function_name",
    "trigger_name",
    "policy_name",
    "extension_name",
    "object_name",
)


def differences(operations: Iterable[MigrateOperation]) -> Iterator[Difference]:
    """The differences that operations remove; one ``alter_column`` can be several differences."""
    for operation in operations:
        if isinstance(operation, OpContainer):
            yield from differences(operation.ops)
        elif isinstance(operation, AlterColumnOp):
            yield from _altered(operation)
        else:
            before, after = _comments(operation) or _definitions(operation)
            yield Difference(
                change=_change(operation),
                object=_object(operation),
                before=before,
                after=after,
                sql=_sql(operation),
                blocked_by=getattr(operation, "blocked_by", ()),
            )


def _change(operation: MigrateOperation) -> str:
    """The directive, or for an operation of the user without one, its class."""
    usual = operation.directive == MigrateOperation.directive
    if getattr(operation, "replace", False):
        return operation.directive.replace("create_", "replace_")
    return type(operation).__name__ if usual else operation.directive


def _altered(operation: AlterColumnOp) -> Iterator[Difference]:
    pairs: list[tuple[Any, Any]] = []
    if operation.modify_type is not None:
        pairs.append((_type(operation.existing_type), _type(operation.modify_type)))
    if operation.modify_nullable is not None:
        pairs.append((_null(operation.existing_nullable), _null(operation.modify_nullable)))
    if operation.modify_server_default is not False and not _keeps_constant(operation):
        pairs.append(_defaults(operation.existing_server_default, operation.modify_server_default))
    if operation.modify_comment is not False:
        pairs.append((_comment(operation.existing_comment), _comment(operation.modify_comment)))
    sql = _sql(operation)
    for before, after in pairs:
        if before != after:
            yield Difference(
                change=operation.directive,
                object=_object(operation),
                before=before,
                after=after,
                sql=sql,
            )


def _keeps_constant(operation: AlterColumnOp) -> bool:
    """True if the default is set again only because the type changes."""
    old, new = operation.existing_server_default, operation.modify_server_default
    return (
        operation.modify_type is not None
        and isinstance(old, str)
        and isinstance(new, TextClause)
        and new.text.startswith(f"{literal(old)}::")
    )


def _comments(operation: MigrateOperation) -> tuple[str, str] | None:
    if isinstance(operation, CreateTableCommentOp):
        return _comment(operation.existing_comment), _comment(operation.comment)
    if isinstance(operation, UnsupportedChangeOp):
        return operation.before, operation.after
    if isinstance(operation, DropTableCommentOp):
        return _comment(operation.existing_comment), _comment(None)
    return None


def _definitions(operation: MigrateOperation) -> tuple[str | None, str | None]:
    """The SQL definition of a dropped object (before), or of an added one (after)."""
    match operation:
        case AddColumnOp() | AddConstraintOp() | CreateIndexOp() | AddEnumValueOp():
            return None, _definition(operation)
        case DropColumnOp() | DropConstraintOp() | DropIndexOp():
            try:
                return _definition(operation.reverse()), None
            except ValueError:  # an operation of a hook may lack the definition of what it drops
                return None, None
        case CreateEnumOp():
            return None, _labels(operation.values)
        case DropEnumOp(values=[*labels]):
            return _labels(labels), None
        case RenameEnumOp():
            return None, operation.new_enum_name
        case RenameTableOp():
            return None, operation.new_table_name
        case ReplaceViewOp(existing=CreateViewOp() as former):
            return str(former.definition), str(operation.definition)
        case CreateFunctionOp(replace=True, existing=CreateFunctionOp() as former):
            return _function(former), _function(operation)
        case _:
            return None, None


def _function(operation: CreateFunctionOp) -> str:
    """The definition of a function without its name."""
    (sql,) = _sql(operation)
    return sql[sql.index("(") :]


def _labels(labels: Iterable[str]) -> str:
    return ", ".join(map(literal, labels))


def _definition(operation: MigrateOperation) -> str | None:
    """The statement that creates an object, without everything up to its name."""
    written = _sql(operation)
    found = _NAMED.match(written[0]) if written else None
    if found is None:
        return None
    return (found["unique"] or "") + " ".join(written[0][found.end() :].split())


def _sql(operation: MigrateOperation) -> tuple[str, ...]:
    if isinstance(operation, UnsupportedChangeOp):
        return ()
    try:
        return tuple(compiled.sql for compiled in compile_operation(operation, _DIALECT))
    except DirectiveError:  # an operation of the user, whose SQL is only known when it runs
        return ()


def _object(operation: Any) -> str:
    table = getattr(operation, "table_name", None) or getattr(operation, "source_table", None)
    column = getattr(operation, "column", None)
    names = [getattr(operation, name, None) for name in _NAMES]
    if column is not None:
        names.append(column.name)
    parts = [getattr(operation, "schema", None), table, *names]
    return ".".join(str(part) for part in parts if part)


def _type(type_: Any) -> str | None:
    return None if type_ is None else str(type_.compile(dialect=_DIALECT))


def _null(nullable: bool | None) -> str | None:
    return None if nullable is None else "NULL" if nullable else "NOT NULL"


def _comment(text: Any) -> str:
    return f"comment {text!r}" if isinstance(text, str) else "no comment"


def _defaults(old: Any, new: Any) -> tuple[str, str]:
    """Both defaults; of identities, with the options that differ."""
    before, after = _default(old), _default(new)
    if isinstance(old, Identity) and isinstance(new, Identity):
        options = [name for name in _OPTIONS if getattr(old, name) != getattr(new, name)]
        before, after = (
            ", ".join([text, *(f"{name} {getattr(item, name)}" for name in options)])
            for text, item in ((before, old), (after, new))
        )
    return before, after


def _default(default: Any) -> str:
    match default:
        case None | False:
            return "no default"
        case TextClause():
            return f"default {unescape_colons(default.text)}"
        case Identity():
            return "identity always" if default.always else "identity by default"
        case Computed():
            return "generated"
        case str():
            return f"default {literal(default)}"
        case _:
            return f"default {default}"
