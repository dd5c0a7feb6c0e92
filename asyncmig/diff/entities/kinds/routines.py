"""Functions and procedures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from asyncmig.catalog.entities import Routine
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.operations.directives.functions import CreateFunctionOp, DropFunctionOp
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["RoutineKind"]

_LIST_SETTINGS = frozenset(
    {
        "search_path",
        "temp_tablespaces",
        "session_preload_libraries",
        "shared_preload_libraries",
        "local_preload_libraries",
        "unix_socket_directories",
        "createrole_self_grant",
    }
)
_ELEMENT = re.compile(r'"((?:[^"]|"")*)"|([^\s,]+)')


class RoutineKind(EntityKind[Routine]):
    """Makes operations from functions and procedures."""

    owned = True

    def create(self, entity: Routine) -> Iterator[MigrateOperation]:
        yield self._create(entity, replace=False)

    def drop(self, entity: Routine) -> Iterator[MigrateOperation]:
        key = entity.key
        create = self._create(entity, replace=False)
        yield DropFunctionOp(
            key.name,
            self._factory.local(key.detail),
            schema=self._schema(key),
            procedure=key.kind == "procedure",
            original=create if isinstance(create, CreateFunctionOp) else None,
        )

    def change(self, before: Routine, after: Routine) -> Iterator[MigrateOperation]:
        if _without_comment(before) != _without_comment(after):
            create = self._create(after, replace=True)
            former = self._create(before, replace=False)
            if isinstance(create, CreateFunctionOp) and isinstance(former, CreateFunctionOp):
                create.existing = former
            yield create

    def label(self, entity: Routine) -> str:
        key = entity.key
        arguments = self._factory.local(key.detail)
        return f"{key.kind.upper()} {self._place(key)}({arguments})"

    @staticmethod
    def is_replaceable(before: Routine, after: Routine) -> bool:
        return (before.result, before.identity) == (after.result, after.identity) and (
            before.defaults <= after.defaults
        )

    def _create(self, routine: Routine, *, replace: bool) -> MigrateOperation:
        local = self._factory.local
        if not routine.plain or routine.body is None:
            definition = routine.definition.strip()
            if routine.body is None:
                definition = local(definition)
            return raw_sql(
                definition if replace else definition.replace("CREATE OR REPLACE", "CREATE", 1)
            )
        usual_cost = 1 if routine.language in {"c", "internal"} else 100
        usual_rows = 1000 if routine.rows else 0
        options: dict[str, Any] = {
            "cost": routine.cost if routine.cost != usual_cost else None,
            "rows": routine.rows if routine.rows != usual_rows else None,
            "volatility": routine.volatility if routine.volatility != "volatile" else None,
            "parallel": routine.parallel if routine.parallel != "unsafe" else None,
        }
        return CreateFunctionOp(
            routine.key.name,
            local(routine.arguments),
            body=routine.body,
            returns=None if routine.result is None else local(routine.result),
            language=routine.language,
            schema=self._schema(routine.key),
            replace=replace,
            strict=routine.strict,
            security_definer=routine.security_definer,
            leakproof=routine.leakproof,
            settings=dict(map(_setting, routine.settings)) or None,
            procedure=routine.key.kind == "procedure",
            **options,
        )


def _without_comment(routine: Routine) -> tuple[object, ...]:
    return (
        routine.definition,
        routine.arguments,
        routine.body,
        routine.settings,
        routine.cost,
        routine.rows,
    )


def _setting(text: str) -> tuple[str, str]:
    """The name and the SQL value of a setting: ``search_path=shop, pg_temp``."""
    name, _, value = text.partition("=")
    if name not in _LIST_SETTINGS:
        return name, literal(value)
    elements = (
        quoted.replace('""', '"') if plain == "" else plain
        for quoted, plain in _ELEMENT.findall(value)
    )
    return name, ", ".join(map(literal, elements)) or "''"
