"""``-- online:`` above a statement of a SQL revision: the operation of its plain form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.types import UserDefinedType

from asyncmig.errors import ScriptError
from asyncmig.operations.directives.online import (
    AlterColumnOnlineOp,
    FinishColumnOnlineOp,
    RenameColumnOnlineOp,
)
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.lexer import tokens

if TYPE_CHECKING:
    from asyncmig.operations.directives.online import OnlineOp

__all__ = ["WrittenType", "marked_operation"]

_FLAGS = {"drop_old", "fire_triggers"}
_VALUES = {"true": True, "false": False}


class WrittenType(UserDefinedType[object]):
    """A type as a statement has it."""

    cache_ok = True

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def get_col_spec(self, **_: object) -> str:
        """The type as SQL."""
        return self.sql


def marked_operation(mark: str, sql: str) -> OnlineOp:
    """The operation of a statement with its mark.

    Args:
        mark: what follows ``-- online:``, as ``drop_old=false``.
        sql: ALTER TABLE with one ALTER COLUMN TYPE, RENAME COLUMN, or DROP COLUMN.

    Raises:
        ScriptError: the mark has an unknown option, or the statement is another one.
    """
    keep, flags = _options(mark)
    actions = parse_actions(sql)
    action = actions[0] if len(actions) == 1 else None
    relation = None if action is None else action.relation
    if action is None or relation is None or action.column is None:
        raise _other_statement()
    table, schema = relation.name, relation.schema
    if keep is not None and action.kind is not ActionKind.DROP_COLUMN:
        raise _refused("it has keep=", "keep= is for DROP COLUMN, which finishes a change")
    match action.kind:
        case ActionKind.ALTER_COLUMN_TYPE if action.type is not None:
            collate = "COLLATE" in {token.word for token in tokens(sql)}
            if collate and "COLLATE" not in action.type.upper():
                raise _refused("its statement has COLLATE", "write a Python revision for it")
            return AlterColumnOnlineOp(
                table,
                action.column,
                type_=WrittenType(action.type),
                using=action.expression,
                schema=schema,
                **flags,
            )
        case ActionKind.RENAME_COLUMN if action.new_name is not None:
            if "drop_old" in flags:
                raise _refused(
                    "it has drop_old=", "a rename keeps the old name until it is finished"
                )
            return RenameColumnOnlineOp(
                table, action.column, action.new_name, schema=schema, **flags
            )
        case ActionKind.DROP_COLUMN if keep is not None and not flags:
            return FinishColumnOnlineOp(table, keep, schema=schema)
        case ActionKind.DROP_COLUMN:
            raise _refused(
                "its statement drops a column",
                "name the column that stays, and nothing else: keep=amount",
            )
    raise _other_statement()


def _options(mark: str) -> tuple[str | None, dict[str, bool]]:
    keep, flags = None, dict[str, bool]()
    for part in mark.split():
        name, _, value = part.partition("=")
        if name == "keep" and value:
            keep = value
        elif name in _FLAGS and value.lower() in _VALUES:
            flags[name] = _VALUES[value.lower()]
        else:
            raise _refused(
                f"it has {part!r}",
                "its options are drop_old=false, fire_triggers=true and keep=COLUMN",
            )
    return keep, flags


def _other_statement() -> ScriptError:
    return _refused(
        "it is not followed by one change of a column",
        "write ALTER TABLE with ALTER COLUMN ... TYPE, RENAME COLUMN, or DROP COLUMN",
    )


def _refused(what: str, hint: str) -> ScriptError:
    return ScriptError(f"the mark `-- online:` cannot be used: {what}", hint=hint)
