"""An operation as the call of its directive: ``op.drop_table("book", schema="shop")``.

The signature of the directive tells the arguments, their order and their defaults; the operation has
the values, by the same names. Arguments that have their default are left out.
"""

from __future__ import annotations

from functools import cache
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from asyncmig.operations.facade import Operations
from asyncmig.render.source.layout import Call, Code, ListCode
from asyncmig.render.source.sql_literals import sql_literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.render.code.schema_items import ItemWriter

__all__ = ["directive_call", "keywords"]

_ATTRIBUTES = {"old_table_name": "table_name"}
"""Attributes whose names differ from those of the arguments."""

_ONE_OR_SEVERAL = frozenset({"events", "object_name", "privileges", "roles"})

_CONVENTIONS = {
    "create_check_constraint": "ck",
    "create_exclude_constraint": "ex",
    "create_foreign_key": "fk",
    "create_index": "ix",
    "create_primary_key": "pk",
    "create_unique_constraint": "uq",
    "drop_index": "ix",
}
"""The naming convention that applies to the first argument of a directive."""


def directive_call(
    operation: MigrateOperation, items: ItemWriter, more: Mapping[str, Any] | None = None
) -> Call:
    """The call of the directive that makes an operation.

    Args:
        operation: an operation of asyncmig.
        items: writes the values.
        more: further keyword arguments, such as dialect options.
    """
    positional: list[tuple[str | None, Code]] = []
    named: dict[str, Code] = {}
    last: dict[str, Code] = {}
    for parameter in _parameters(operation.directive):
        name = parameter.name
        value = getattr(operation, _ATTRIBUTES.get(name, name))
        is_required = parameter.default is Parameter.empty
        if not is_required and _is_default(value, parameter.default):
            continue
        code = _argument(operation.directive, name, value, items)
        if parameter.kind is not Parameter.KEYWORD_ONLY:
            positional.append((None, code))
        elif is_required:  # the body of a function: it is long
            last[name] = code
        else:
            named[name] = code
    named |= keywords(items, more or {})
    return Call(items.op(operation.directive), (*positional, *named.items(), *last.items()))


def keywords(items: ItemWriter, values: Mapping[str, Any]) -> dict[str, Code]:
    """Keyword arguments without those that are None or False."""
    return {
        name: items.value(value)
        for name, value in values.items()
        if value is not None and value is not False
    }


@cache
def _parameters(directive: str) -> tuple[Parameter, ...]:
    """The parameters of a directive that scripts need; ``existing_*`` only serve to reverse it."""
    # not getattr(Operations, ...): a user's directive may have the same name
    function = next(
        vars(cls)[directive] for cls in Operations.__mro__[1:] if directive in vars(cls)
    )
    return tuple(
        parameter
        for name, parameter in signature(function).parameters.items()
        if name != "self"
        and not name.startswith("existing_")
        and parameter.kind is not Parameter.VAR_KEYWORD
    )


def _is_default(value: Any, default: Any) -> bool:
    if value is None or (isinstance(value, list | tuple | dict) and not value):
        return not default
    return type(value) is type(default) and bool(value == default)


def _argument(directive: str, name: str, value: Any, items: ItemWriter) -> Code:
    match name:
        case "constraint_name" | "index_name" if directive in _CONVENTIONS:
            return items.name(value, _CONVENTIONS[directive])
        case "definition":
            return sql_literal(str(value), items.imports, exact=False)
        case "body" | "sqltext" if isinstance(value, str):
            return sql_literal(value, items.imports, exact=True)
        case "condition":
            return items.condition(value)
        case "columns":
            return ListCode(tuple(map(items.column_name, value)))
        case _ if name in _ONE_OR_SEVERAL and not isinstance(value, str) and len(value) == 1:
            return items.value(value[0])
        case _:
            return items.value(value)
