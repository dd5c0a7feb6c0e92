"""Directives for entities as code: views, functions, triggers, policies, extensions, rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations.directives.extensions import CreateExtensionOp, DropExtensionOp
from asyncmig.operations.directives.functions import CreateFunctionOp, DropFunctionOp
from asyncmig.operations.directives.grants import GrantOp, RevokeOp
from asyncmig.operations.directives.policies import (
    CreatePolicyOp,
    DisableRlsOp,
    DropPolicyOp,
    EnableRlsOp,
)
from asyncmig.operations.directives.triggers import CreateTriggerOp, DropTriggerOp
from asyncmig.operations.directives.views import (
    CreateMaterializedViewOp,
    CreateViewOp,
    DropMaterializedViewOp,
    DropViewOp,
    ReplaceViewOp,
)
from asyncmig.render.source.layout import Call, Code, Listed, string
from asyncmig.render.source.sql_literals import sql_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.render.code.schema_items import ItemWriter

__all__ = ["ENTITY_WRITERS"]


def _keywords(values: Mapping[str, Any], usual: Mapping[str, Any] | None = None) -> dict[str, Code]:
    """Keyword arguments, those that say nothing left out."""
    known = usual or {}
    return {
        name: _value(value)
        for name, value in values.items()
        if value is not None and value is not False and value != {} and value != known.get(name)
    }


def _value(value: Any) -> Code:
    if isinstance(value, str):
        return string(value)
    if isinstance(value, list | tuple):
        return Listed(tuple(map(_value, value)))
    if isinstance(value, dict):
        inside = (f"{string(name)}: {_flat(item)}" for name, item in value.items())
        return "{" + ", ".join(inside) + "}"
    return repr(value)


def _flat(value: Any) -> str:
    return string(value) if isinstance(value, str) else repr(value)


def _view(operation: CreateViewOp | ReplaceViewOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op(operation.directive),
        string(operation.view_name),
        sql_text(str(operation.definition), items.imports, exact=False),
        **_keywords(
            {
                "schema": operation.schema,
                "columns": operation.columns,
                "options": operation.options,
            }
        ),
    )


def _materialized_view(operation: CreateMaterializedViewOp, items: ItemWriter) -> Code:
    keywords = {
        "schema": operation.schema,
        "columns": operation.columns,
        "options": operation.options,
        "tablespace": operation.tablespace,
        "if_not_exists": operation.if_not_exists,
    }
    written = _keywords(keywords)
    if not operation.with_data:
        written["with_data"] = "False"
    return Call.of(
        items.op("create_materialized_view"),
        string(operation.view_name),
        sql_text(str(operation.definition), items.imports, exact=False),
        **written,
    )


def _drop_view(operation: DropViewOp | DropMaterializedViewOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op(operation.directive),
        string(operation.view_name),
        **_keywords(
            {
                "schema": operation.schema,
                "if_exists": operation.if_exists,
                "cascade": operation.cascade,
            }
        ),
    )


def _function(operation: CreateFunctionOp, items: ItemWriter) -> Code:
    arguments = (string(operation.arguments),) if operation.arguments else ()
    keywords = {
        "schema": operation.schema,
        "replace": operation.replace,
        "returns": operation.returns,
        "language": operation.language,
        "volatility": operation.volatility,
        "strict": operation.strict,
        "security_definer": operation.security_definer,
        "leakproof": operation.leakproof,
        "parallel": operation.parallel,
        "cost": operation.cost,
        "rows": operation.rows,
        "settings": operation.settings,
        "procedure": operation.procedure,
    }
    written = _keywords(keywords, {"returns": "void", "language": "plpgsql"})
    if operation.returns is None and not operation.procedure:
        written["returns"] = "None"
    return Call.of(
        items.op("create_function"),
        string(operation.function_name),
        *arguments,
        **written,
        body=sql_text(operation.body, items.imports, exact=True),
    )


def _drop_function(operation: DropFunctionOp, items: ItemWriter) -> Code:
    arguments = () if operation.arguments is None else (string(operation.arguments),)
    keywords = {
        "schema": operation.schema,
        "if_exists": operation.if_exists,
        "cascade": operation.cascade,
        "procedure": operation.procedure,
    }
    return Call.of(
        items.op("drop_function"),
        string(operation.function_name),
        *arguments,
        **_keywords(keywords),
    )


def _trigger(operation: CreateTriggerOp, items: ItemWriter) -> Code:
    events = operation.events
    several = [events] if isinstance(events, str) else list(events)
    keywords = {
        "schema": operation.schema,
        "for_each": operation.for_each,
        "when": operation.when,
        "referencing": operation.referencing,
        "replace": operation.replace,
        "constraint": operation.constraint,
        "initially": operation.initially,
    }
    written = _keywords(keywords, {"for_each": "row"})
    if operation.deferrable is not None:
        written["deferrable"] = repr(operation.deferrable)
    return Call.of(
        items.op("create_trigger"),
        string(operation.trigger_name),
        string(operation.table_name),
        string(operation.moment),
        _value(several[0] if len(several) == 1 else several),
        string(operation.function),
        **written,
    )


def _drop_on_table(operation: DropTriggerOp | DropPolicyOp, items: ItemWriter) -> Code:
    name = operation.trigger_name if isinstance(operation, DropTriggerOp) else operation.policy_name
    keywords = {
        "schema": operation.schema,
        "if_exists": operation.if_exists,
        "cascade": getattr(operation, "cascade", False),
    }
    return Call.of(
        items.op(operation.directive),
        string(name),
        string(operation.table_name),
        **_keywords(keywords),
    )


def _policy(operation: CreatePolicyOp, items: ItemWriter) -> Code:
    keywords = {
        "schema": operation.schema,
        "command": operation.command,
        "roles": operation.roles,
        "using": operation.using,
        "check": operation.check,
    }
    written = _keywords(keywords, {"command": "all", "roles": "public"})
    if not operation.permissive:
        written["permissive"] = "False"
    return Call.of(
        items.op("create_policy"),
        string(operation.policy_name),
        string(operation.table_name),
        **written,
    )


def _row_security(operation: EnableRlsOp | DisableRlsOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op(operation.directive),
        string(operation.table_name),
        **_keywords({"schema": operation.schema, "force": operation.force}),
    )


def _create_extension(operation: CreateExtensionOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("create_extension"),
        string(operation.extension_name),
        **_keywords(
            {
                "schema": operation.schema,
                "version": operation.version,
                "if_not_exists": operation.if_not_exists,
                "cascade": operation.cascade,
            }
        ),
    )


def _drop_extension(operation: DropExtensionOp, items: ItemWriter) -> Code:
    return Call.of(
        items.op("drop_extension"),
        string(operation.extension_name),
        **_keywords({"if_exists": operation.if_exists, "cascade": operation.cascade}),
    )


def _right(operation: GrantOp | RevokeOp, items: ItemWriter) -> Code:
    keywords = {
        "kind": operation.kind,
        "schema": operation.schema,
        "with_grant_option": getattr(operation, "with_grant_option", False),
        "grant_option_only": getattr(operation, "grant_option_only", False),
        "cascade": getattr(operation, "cascade", False),
    }
    values = (operation.privileges, operation.object_name, operation.roles)
    return Call.of(
        items.op(operation.directive),
        *(_value(_one(value)) for value in values),
        **_keywords(keywords, {"kind": "table"}),
    )


def _one(value: Any) -> Any:
    """A list of one as that one."""
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value


ENTITY_WRITERS: Mapping[type, Any] = {
    CreateExtensionOp: _create_extension,
    CreateFunctionOp: _function,
    CreateMaterializedViewOp: _materialized_view,
    CreatePolicyOp: _policy,
    CreateTriggerOp: _trigger,
    CreateViewOp: _view,
    DisableRlsOp: _row_security,
    DropExtensionOp: _drop_extension,
    DropFunctionOp: _drop_function,
    DropMaterializedViewOp: _drop_view,
    DropPolicyOp: _drop_on_table,
    DropTriggerOp: _drop_on_table,
    DropViewOp: _drop_view,
    EnableRlsOp: _row_security,
    GrantOp: _right,
    ReplaceViewOp: _view,
    RevokeOp: _right,
}
