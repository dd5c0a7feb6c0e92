"""Entities as operations: created, dropped, and changed where they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from asyncmig.catalog.entities import (
    CompositeType,
    Extension,
    MaterializedView,
    Policy,
    Routine,
    RowSecurity,
    Trigger,
    View,
)
from asyncmig.catalog.model import ObjectName
from asyncmig.diff.objects import unwrapped
from asyncmig.operations.execute import ExecuteSQLOp
from asyncmig.operations.extensions import CreateExtensionOp, DropExtensionOp
from asyncmig.operations.functions import CreateFunctionOp, DropFunctionOp
from asyncmig.operations.policies import CreatePolicyOp, DisableRlsOp, DropPolicyOp, EnableRlsOp
from asyncmig.operations.triggers import CreateTriggerOp, DropTriggerOp
from asyncmig.operations.views import (
    CreateMaterializedViewOp,
    CreateViewOp,
    DropMaterializedViewOp,
    DropViewOp,
    ReplaceViewOp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.catalog.entities import Entity, EntityKey
    from asyncmig.diff.objects import Objects
    from asyncmig.operations.operation import MigrateOperation

__all__ = ["EntityOperations", "is_replaceable", "raw"]

_TRIGGER = re.compile(
    r"""CREATE\ (?P<constraint>CONSTRAINT\ )?TRIGGER\ .+?
    \ (?P<moment>BEFORE|AFTER|INSTEAD\ OF)\ (?P<events>(?:INSERT|DELETE|UPDATE|TRUNCATE).*?)
    \ ON\ (?P<table>(?:"(?:[^"]|"")+"|[^\s".]+)\.(?:"(?:[^"]|"")+"|[^\s"]+))
    (?P<from>\ FROM\ .+?)?(?P<timing>\ (?:NOT\ )?DEFERRABLE.*?)?
    (?:\ REFERENCING\ (?P<referencing>.+?))?
    \ FOR\ EACH\ (?P<each>ROW|STATEMENT)(?:\ WHEN\ \((?P<when>.+)\))?
    \ EXECUTE\ FUNCTION\ (?P<function>.+)""",
    re.VERBOSE | re.DOTALL,
)
_FIRING = {
    "origin": "ENABLE TRIGGER",
    "disabled": "DISABLE TRIGGER",
    "replica": "ENABLE REPLICA TRIGGER",
    "always": "ENABLE ALWAYS TRIGGER",
}
_WORDS = {
    "view": "VIEW",
    "materialized_view": "MATERIALIZED VIEW",
    "function": "FUNCTION",
    "procedure": "PROCEDURE",
    "composite_type": "TYPE",
}
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


def raw(sql: str) -> ExecuteSQLOp:
    """SQL as ``op.execute`` sends it: its colons are no parameters."""
    return ExecuteSQLOp(sql.replace("\\:", "\\\\:"))


def is_replaceable(before: Entity, after: Entity) -> bool:
    """True when PostgreSQL makes the one of the other where it stands, and what stands on it stays."""
    match before, after:
        case View(), View():
            kept = after.columns[: len(before.columns)]
            return kept == before.columns and before.column_defaults == after.column_defaults
        case MaterializedView(), MaterializedView():
            return (before.query, before.columns, before.tablespace) == (
                after.query,
                after.columns,
                after.tablespace,
            )
        case Routine(), Routine():
            return (before.result, before.identity) == (after.result, after.identity) and (
                before.defaults <= after.defaults
            )
        case Trigger(), Trigger():
            same = before.definition == after.definition
            return same or not (before.constraint or after.constraint)
        case Policy(), Policy():
            return _policy_says(before) == _policy_says(after)
        case _:
            return True


def _policy_says(policy: Policy) -> tuple[object, ...]:
    return (policy.permissive, policy.command, policy.roles, policy.using, policy.check)


class EntityOperations:
    """Makes operations of what one catalog says of its entities.

    Args:
        objects: of that catalog.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def create(self, entity: Entity) -> Iterator[MigrateOperation]:
        """All of an entity that does not exist; its rights are another matter."""
        match entity:
            case View():
                yield self._create_view(entity)
                yield from self._column_defaults(entity)
            case MaterializedView():
                yield self._create_materialized(entity)
                for definition in entity.indexes.values():
                    yield raw(self._objects.local(definition))
            case Routine():
                yield self._create_routine(entity, replace=False)
            case Trigger():
                yield self._create_trigger(entity, replace=False)
                if entity.fires != "origin":
                    yield self._firing(entity)
            case Policy():
                yield self._create_policy(entity)
            case CompositeType():
                yield self._create_composite(entity)
            case RowSecurity():
                yield from self._row_security(None, entity)
            case Extension():
                yield CreateExtensionOp(
                    entity.key.name,
                    schema=self._other_schema(entity.schema),
                    version=entity.version,
                )
            case _:
                pass
        yield from self._owner(entity)
        yield from self._column_comments(None, entity)
        if entity.comment is not None:
            yield self._comment(entity)

    def drop(self, entity: Entity) -> Iterator[MigrateOperation]:
        """What takes an entity away."""
        key = entity.key
        schema = self._schema(key)
        match entity:
            case View():
                yield DropViewOp(key.name, schema=schema, original=self._create_view(entity))
            case MaterializedView():
                yield DropMaterializedViewOp(
                    key.name, schema=schema, original=self._create_materialized(entity)
                )
            case Routine():
                create = self._create_routine(entity, replace=False)
                yield DropFunctionOp(
                    key.name,
                    self._objects.local(key.detail),
                    schema=schema,
                    procedure=key.kind == "procedure",
                    original=create if isinstance(create, CreateFunctionOp) else None,
                )
            case Trigger():
                yield DropTriggerOp(key.name, key.detail, schema=schema)
            case Policy():
                yield DropPolicyOp(
                    key.name, key.detail, schema=schema, original=self._create_policy(entity)
                )
            case CompositeType():
                yield raw(f"DROP TYPE {self._place(key)}")
            case RowSecurity():
                yield from self._row_security(entity, None)
            case Extension():
                yield DropExtensionOp(
                    key.name, schema=self._other_schema(entity.schema), version=entity.version
                )
            case _:
                pass

    def change(self, before: Entity, after: Entity) -> Iterator[MigrateOperation]:
        """What makes one entity of another where it stands; they are ``is_replaceable``."""
        match before, after:
            case View(), View():
                yield from self._replace_view(before, after)
            case MaterializedView(), MaterializedView():
                yield from self._alter_materialized(before, after)
            case Routine(), Routine():
                if _without_comment(before) != _without_comment(after):
                    yield self._create_routine(after, replace=True)
            case Trigger(), Trigger():
                if before.definition != after.definition:
                    yield self._create_trigger(after, replace=True)
                if before.fires != after.fires or (
                    before.definition != after.definition and after.fires != "origin"
                ):
                    yield self._firing(after)
            case CompositeType(), CompositeType():
                yield from self._alter_composite(before, after)
            case RowSecurity(), RowSecurity():
                yield from self._row_security(before, after)
            case Extension(), Extension():
                yield from self._alter_extension(before, after)
            case _:
                pass
        yield from self._column_comments(before, after)
        if before.comment != after.comment:
            yield self._comment(after)

    # names

    def _schema(self, key: EntityKey) -> str | None:
        return self._objects.schema(ObjectName(key.schema, key.name))

    def _other_schema(self, schema: str) -> str | None:
        return self._objects.schema(ObjectName(schema, ""))

    def _place(self, key: EntityKey) -> str:
        return self._objects.qualified(ObjectName(key.schema, key.name))

    def _table(self, key: EntityKey) -> str:
        return self._objects.qualified(ObjectName(key.schema, key.detail))

    # views

    def _create_view(self, view: View) -> CreateViewOp:
        return CreateViewOp(
            view.key.name,
            self._objects.local(view.query),
            schema=self._schema(view.key),
            options=_options(view.options),
        )

    def _replace_view(self, before: View, after: View) -> Iterator[MigrateOperation]:
        if (before.query, before.options, before.columns) != (
            after.query,
            after.options,
            after.columns,
        ):
            create = self._create_view(after)
            yield ReplaceViewOp(
                create.view_name,
                create.definition,
                schema=create.schema,
                options=create.options,
                existing=self._create_view(before),
            )

    def _column_defaults(self, view: View) -> Iterator[MigrateOperation]:
        for column, default in view.column_defaults:
            yield raw(
                f"ALTER VIEW {self._place(view.key)} ALTER COLUMN {self._objects.quote(column)} "
                f"SET DEFAULT {self._objects.local(default)}"
            )

    def _create_materialized(self, view: MaterializedView) -> CreateMaterializedViewOp:
        return CreateMaterializedViewOp(
            view.key.name,
            self._objects.local(view.query),
            schema=self._schema(view.key),
            options=_options(view.options),
            tablespace=view.tablespace,
            with_data=view.populated,
        )

    def _alter_materialized(
        self, before: MaterializedView, after: MaterializedView
    ) -> Iterator[MigrateOperation]:
        alter = f"ALTER MATERIALIZED VIEW {self._place(after.key)}"
        old, new = _options(before.options) or {}, _options(after.options) or {}
        gone = [name for name in old if name not in new]
        if gone:
            yield raw(f"{alter} RESET ({', '.join(gone)})")
        said = [
            f"{name} = {_option(value)}" for name, value in new.items() if old.get(name) != value
        ]
        if said:
            yield raw(f"{alter} SET ({', '.join(said)})")
        for name, definition in before.indexes.items():
            if after.indexes.get(name) != definition:
                place = self._objects.qualified(ObjectName(after.key.schema, name))
                yield raw(f"DROP INDEX {place}")
        for name, definition in after.indexes.items():
            if before.indexes.get(name) != definition:
                yield raw(self._objects.local(definition))

    # routines, triggers, policies

    def _create_routine(self, routine: Routine, *, replace: bool) -> MigrateOperation:
        local = self._objects.local
        if not routine.plain or routine.body is None:
            definition = routine.definition.strip()
            if routine.body is None:
                definition = local(definition)
            return raw(
                definition if replace else definition.replace("CREATE OR REPLACE", "CREATE", 1)
            )
        usual_cost = 1 if routine.language in {"c", "internal"} else 100
        usual_rows = 1000 if routine.rows else 0
        said: dict[str, Any] = {
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
            **said,
        )

    def _create_trigger(self, trigger: Trigger, *, replace: bool) -> MigrateOperation:
        local = self._objects.local
        found = _TRIGGER.fullmatch(trigger.definition)
        if found is None or found["from"]:
            verb = "CREATE OR REPLACE" if replace else "CREATE"
            return raw(local(trigger.definition).replace("CREATE", verb, 1))
        timing = found["timing"] or ""
        deferred = "DEFERRABLE" in timing and "NOT DEFERRABLE" not in timing
        return CreateTriggerOp(
            trigger.key.name,
            trigger.key.detail,
            cast("Any", found["moment"].lower()),
            [_event(event) for event in found["events"].split(" OR ")],
            local(found["function"]),
            schema=self._schema(trigger.key),
            for_each=cast("Any", found["each"].lower()),
            when=None if found["when"] is None else local(unwrapped(found["when"])),
            referencing=found["referencing"],
            replace=replace,
            constraint=found["constraint"] is not None,
            deferrable=True if deferred else None,
            initially="deferred" if "INITIALLY DEFERRED" in timing else None,
        )

    def _firing(self, trigger: Trigger) -> ExecuteSQLOp:
        name = self._objects.quote(trigger.key.name)
        return raw(f"ALTER TABLE {self._table(trigger.key)} {_FIRING[trigger.fires]} {name}")

    def _create_policy(self, policy: Policy) -> CreatePolicyOp:
        local = self._objects.local
        return CreatePolicyOp(
            policy.key.name,
            policy.key.detail,
            schema=self._schema(policy.key),
            permissive=policy.permissive,
            command=cast("Any", policy.command),
            roles=policy.roles[0] if len(policy.roles) == 1 else list(policy.roles),
            using=None if policy.using is None else local(unwrapped(policy.using)),
            check=None if policy.check is None else local(unwrapped(policy.check)),
        )

    def _row_security(
        self, before: RowSecurity | None, after: RowSecurity | None
    ) -> Iterator[MigrateOperation]:
        one = after or before
        if one is None:
            return
        was = (before.enabled, before.forced) if before else (False, False)
        will = (after.enabled, after.forced) if after else (False, False)
        name, schema = one.key.name, self._schema(one.key)
        forcing = was[1] != will[1]
        if will[0] and not was[0]:
            yield EnableRlsOp(name, schema=schema, force=forcing and will[1])
            forcing = forcing and not will[1]
        elif was[0] and not will[0]:
            yield DisableRlsOp(name, schema=schema, force=forcing and was[1])
            forcing = forcing and not was[1]
        if forcing:
            word = "FORCE" if will[1] else "NO FORCE"
            yield raw(f"ALTER TABLE {self._place(one.key)} {word} ROW LEVEL SECURITY")

    # types, extensions

    def _create_composite(self, composite: CompositeType) -> ExecuteSQLOp:
        attributes = ", ".join(
            f"{self._objects.quote(name)} {self._objects.local(type_)}"
            for name, type_ in composite.attributes.items()
        )
        return raw(f"CREATE TYPE {self._place(composite.key)} AS ({attributes})")

    def _alter_composite(
        self, before: CompositeType, after: CompositeType
    ) -> Iterator[MigrateOperation]:
        alter = f"ALTER TYPE {self._place(after.key)}"
        quote, local = self._objects.quote, self._objects.local
        for name, type_ in after.attributes.items():
            existing = before.attributes.get(name)
            if existing is None:
                yield raw(f"{alter} ADD ATTRIBUTE {quote(name)} {local(type_)}")
            elif existing != type_:
                yield raw(f"{alter} ALTER ATTRIBUTE {quote(name)} TYPE {local(type_)}")
        for name in before.attributes:
            if name not in after.attributes:
                yield raw(f"{alter} DROP ATTRIBUTE {quote(name)}")

    def _alter_extension(self, before: Extension, after: Extension) -> Iterator[MigrateOperation]:
        alter = f"ALTER EXTENSION {self._objects.quote(after.key.name)}"
        if before.version != after.version:
            yield raw(f"{alter} UPDATE TO '{after.version}'")
        if before.schema != after.schema:
            yield raw(f"{alter} SET SCHEMA {self._objects.quote(after.schema)}")

    # what all have

    def _owner(self, entity: Entity) -> Iterator[MigrateOperation]:
        if entity.owner is not None and entity.key.kind in _WORDS:
            owner = self._objects.quote(entity.owner)
            yield raw(f"ALTER {self._labelled(entity)} OWNER TO {owner}")

    def _comment(self, entity: Entity) -> ExecuteSQLOp:
        text = "NULL" if entity.comment is None else _literal(entity.comment)
        return raw(f"COMMENT ON {self._labelled(entity)} IS {text}")

    def _column_comments(self, before: Entity | None, after: Entity) -> Iterator[MigrateOperation]:
        old = dict(getattr(before, "column_comments", ()))
        new = dict(getattr(after, "column_comments", ()))
        for column in {**old, **new}:
            if old.get(column) != new.get(column):
                text = _literal(new[column]) if column in new else "NULL"
                place = f"{self._place(after.key)}.{self._objects.quote(column)}"
                yield raw(f"COMMENT ON COLUMN {place} IS {text}")

    def _labelled(self, entity: Entity) -> str:
        key = entity.key
        if key.kind in {"trigger", "policy"}:
            return f"{key.kind.upper()} {self._objects.quote(key.name)} ON {self._table(key)}"
        if key.kind == "extension":
            return f"EXTENSION {self._objects.quote(key.name)}"
        arguments = f"({self._objects.local(key.detail)})" if isinstance(entity, Routine) else ""
        return f"{_WORDS[key.kind]} {self._place(key)}{arguments}"


def _without_comment(routine: Routine) -> tuple[object, ...]:
    return (
        routine.definition,
        routine.arguments,
        routine.body,
        routine.settings,
        routine.cost,
        routine.rows,
    )


def _options(options: tuple[str, ...]) -> dict[str, Any] | None:
    """``security_barrier=true`` as a keyword and its value."""
    found: dict[str, Any] = {}
    for option in options:
        name, _, value = option.partition("=")
        found[name] = {"true": True, "false": False}.get(value, value)
    return found or None


def _option(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _setting(text: str) -> tuple[str, str]:
    """``search_path=shop, pg_temp`` as a name and a value in SQL."""
    name, _, value = text.partition("=")
    if name not in _LIST_SETTINGS:
        return name, _literal(value)
    elements = (
        quoted.replace('""', '"') if plain == "" else plain
        for quoted, plain in _ELEMENT.findall(value)
    )
    return name, ", ".join(map(_literal, elements)) or "''"


def _event(event: str) -> str:
    verb, _, columns = event.partition(" OF ")
    return f"{verb.lower()} of {columns}" if columns else verb.lower()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
