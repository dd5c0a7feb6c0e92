"""Reads both sides of a comparison: the catalog of the database, and that of the models.

The models are built in the database itself, or in another one with the same settings, extensions and roles.
The result is cached: while neither the models nor the objects that they refer to change, nothing is built.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import anyio.to_thread

from asyncmig.catalog.declarations import Declarations
from asyncmig.catalog.entities import EventTrigger
from asyncmig.catalog.entity_reading import read_entity_rows
from asyncmig.catalog.models import Models
from asyncmig.catalog.object_name import ObjectName
from asyncmig.catalog.reading import read_enums, read_rows
from asyncmig.database.concurrency import gather_with_thread
from asyncmig.errors import DatabaseError
from asyncmig.shadow.build_errors import MissingObjects
from asyncmig.shadow.cache import key_of
from asyncmig.shadow.entity_build import DeclaredEntities
from asyncmig.shadow.environment import read_environment, read_environment_key
from asyncmig.shadow.refusals import keep_refused
from asyncmig.shadow.replicate_environment import check_replicable, replicate_environment
from asyncmig.shadow.scratch_schemas import (
    EMBEDDED,
    PRINTING,
    BuildRequest,
    CatalogSnapshot,
    build_and_read,
    rolled_back_transaction,
    scratch_names,
)
from asyncmig.shadow.temporary_roles import roles_in
from asyncmig.shadow.timeouts import ComparisonTimeouts, explain_timeouts
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.schema import MetaData
    from sqlalchemy.schema import Table as SqlTable

    from asyncmig.catalog.model import Catalog, Enum, Table
    from asyncmig.database.session import Session
    from asyncmig.entities import Entity
    from asyncmig.shadow.cache import ShadowCache
    from asyncmig.shadow.environment import DatabaseEnvironment
    from asyncmig.shadow.refusals import Refusal

__all__ = ["ComparedCatalogs", "ShadowTarget", "read_sides"]

_SCHEMAS = """\
SELECT nspname AS name FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"""

_MISSING_TARGETS = """\
SELECT w.schema, w.name FROM unnest($1::text[], $2::text[]) w (schema, name)
WHERE NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname = w.schema AND c.relname = w.name)"""

_MISSING = MissingObjects(
    models="extensions and functions that models use must exist in the database: "
    "run the migrations that create them first",
    declared="everything that it needs must be in the models, be declared, or exist in the database",
)
# to print a view or an expression, the server locks the relations in it, as SELECT does
_RELEASE_LOCKS = (
    f"ROLLBACK TO SAVEPOINT asyncmig_reading; RELEASE SAVEPOINT asyncmig_reading; {PRINTING}"
)

_ANOTHER_DATABASE = f'set shadow_url = "{EMBEDDED}" (a private server) or to a scratch database'


class ShadowTarget(Protocol):
    """Another database to build models in.

    Attributes:
        name: its name in messages, without a password.
        contents: identifies its contents if they are always the same; None if they must be read.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - see above

    @property
    def contents(self) -> str | None: ...  # noqa: D102 - see above

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Connect to it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCatalogs:
    """The catalogs of a database, and of its models with declared entities.

    Attributes:
        actual: the catalog of the database.
        wanted: that of the models, in which a refused object is as in the database.
        models: the models.
        declared: the declared entities.
        refused: the objects that could not be created.
    """

    actual: Catalog
    wanted: Catalog
    models: Models
    declared: Declarations
    refused: tuple[Refusal, ...] = ()

    @property
    def tables(self) -> Mapping[tuple[str, str], SqlTable]:
        """The tables of the models that could be created, by schema and name."""
        refused = {
            tuple(refusal.statement.name)
            for refusal in self.refused
            if refusal.statement.kind == "table" and refusal.statement.part is None
        }
        tables = self.models.tables
        return {name: table for name, table in tables.items() if name not in refused}


async def read_sides(
    session: Session,
    metadatas: Sequence[MetaData],
    *,
    include_schemas: bool = False,
    entities: Sequence[Entity] = (),
    target: ShadowTarget | None = None,
    cache: ShadowCache | None = None,
    schema_translate_map: Mapping[str | None, str] | None = None,
    limits: ComparisonTimeouts = ComparisonTimeouts(),  # noqa: B008 - frozen
) -> ComparedCatalogs:
    """Read the catalogs of the database and of the models.

    Args:
        session: a session, in which a transaction (in the caller's transaction a savepoint) is opened and
            rolled back.
        metadatas: the models.
        include_schemas: read all schemas of the database; otherwise those of the models.
        entities: the entities that are declared beside the models.
        target: where the models are built; None for the database itself.
        cache: the cache of printed models; None builds them every time.
        schema_translate_map: schemas by the schemas in the models that they replace; None stands for
            models without a schema.
        limits: the timeouts; in the caller's transaction, those of the caller apply.

    Raises:
        DatabaseError: a timeout is exceeded, a privilege is missing, or the server is read-only or has a
            wrong version.
        RefusedModelsError: the server rejects an object of models that need more locks than it has.
    """
    async with explain_timeouts(session, limits), rolled_back_transaction(session, limits.sql):
        environment = await read_environment(session)

        def described() -> tuple[Models, Declarations, list[str]]:
            models = Models(
                metadatas,
                default_schema=environment.default_schema,
                server_version=(session.server_version,),
                schema_translate_map=schema_translate_map,
            )
            declared = Declarations(entities, models)
            return models, declared, sorted(models.schemas | declared.schemas)

        models, declared, schemas = await anyio.to_thread.run_sync(described)
        await _look_for_targets(session, models)
        if include_schemas:
            every = await session.fetch(_SCHEMAS)
            schemas = sorted({*schemas, *(row["name"] for row in every)})
        await session.send(f"SAVEPOINT asyncmig_reading; {PRINTING}")
        enums = await read_enums(session.fetch, schemas) if models.lacks_labels else {}

        async def read() -> CatalogSnapshot:
            rows = await read_rows(session.fetch, schemas)
            return CatalogSnapshot(
                rows=rows, entities=await read_entity_rows(session.fetch, schemas)
            )

        # the server prints the database while SQLAlchemy compiles the models
        found, request = await gather_with_thread(
            read, lambda: _build_request(models, declared, enums, environment)
        )
        same: dict[Any, Any] = {}
        printed, actual = await gather_with_thread(
            _ModelsBuild(session, environment, request, target, cache, limits).printed,
            lambda: found.catalog(environment.default_schema, same),
        )

    def wanted() -> Catalog:
        catalog = _finish(printed.catalog(environment.default_schema, same), models, declared)
        catalog = keep_refused(catalog, actual, printed.refused)
        # in the database itself the comparing role owns the models, and privileges of the owner are not
        # printed
        return catalog if target is None else _without_grants_to(catalog, environment.role)

    return ComparedCatalogs(
        actual=actual,
        wanted=await anyio.to_thread.run_sync(wanted),
        models=models,
        declared=declared,
        refused=printed.refused,
    )


async def _look_for_targets(session: Session, models: Models) -> None:
    """Look for the tables of foreign keys that are outside of the models: without one the key is refused."""
    outside = list(models.outside)
    if not outside:
        return
    names = [name.schema for name in outside], [name.name for name in outside]
    rows = await session.fetch(_MISSING_TARGETS, *names)
    models.missing = frozenset(ObjectName(row["schema"], row["name"]) for row in rows)


def _build_request(
    models: Models,
    declared: Declarations,
    enums: Mapping[ObjectName, Enum],
    environment: DatabaseEnvironment,
) -> BuildRequest:
    scratch = scratch_names(
        {*models.schemas_to_build, *declared.schemas, environment.default_schema}
    )
    statements = declared.in_models(models.statements(scratch, enums), scratch)
    entities = DeclaredEntities()
    if declared.entities:
        extensions = {extension.name for extension in environment.extensions}
        early, late = declared.around(statements, scratch, extensions)
        entities = DeclaredEntities(early=early, late=late)
    return BuildRequest(
        statements=statements,
        declared=entities,
        with_entities=bool(declared.entities),
        scratch=scratch,
        default_schema=environment.default_schema,
        search_path=environment.search_path,
    )


@dataclass(frozen=True, slots=True)
class _ModelsBuild:
    """Prints the models: reads the result from the cache, or builds them."""

    session: Session
    environment: DatabaseEnvironment
    request: BuildRequest
    target: ShadowTarget | None
    cache: ShadowCache | None
    limits: ComparisonTimeouts

    async def printed(self) -> CatalogSnapshot:
        other = self.target
        if other is None:
            if self.cache is None:
                return await self._build_here(None)
            key = await self._key(await read_environment_key(self.session))
            return await self._from_cache(key) or await self._build_here(key)
        roles = await roles_in(self.session, self.request.declared.statements)
        if other.contents is not None:
            key = await self._key(other.contents, roles)
            return await self._from_cache(key) or await self._build_there(other, key, roles)
        return await self._build_there(other, None, roles)

    async def _key(self, contents: str, roles: Sequence[str] = ()) -> str | None:
        """The key of the cache; None if the result depends on temporary objects."""
        if self.cache is None or self.environment.has_temporary:
            return None
        # the build fails without one of the roles
        facts = [contents, json.dumps(roles), *self.environment.facts, *self.request.facts]
        return await anyio.to_thread.run_sync(key_of, facts)

    async def _from_cache(self, key: str | None) -> CatalogSnapshot | None:
        if self.cache is None or key is None:
            return None
        return await anyio.to_thread.run_sync(self.cache.get, key)

    async def _build_here(self, key: str | None) -> CatalogSnapshot:
        environment = self.environment
        if environment.read_only:
            raise DatabaseError(
                f"{environment.database} is read-only, and the models are built in scratch schemas",
                hint=f"build them in another database: {_ANOTHER_DATABASE}; or compare on the primary",
            )
        if not environment.may_create:
            raise DatabaseError(
                f"role {environment.role} cannot create schemas in {environment.database}, and the models "
                "are built in scratch schemas",
                hint=f"GRANT CREATE ON DATABASE {identifier(environment.database)} TO "
                f"{identifier(environment.role)}, or set `role` to one that can; the scratch schemas are "
                f"rolled back. Or build them in another database: {_ANOTHER_DATABASE}",
                sqlstate="42501",
            )
        await self.session.send(_RELEASE_LOCKS)
        return await self._build(self.session, key, _MISSING, environment.locks)

    async def _build_there(
        self, other: ShadowTarget, key: str | None, roles: Sequence[str]
    ) -> CatalogSnapshot:
        await self.session.send(_RELEASE_LOCKS)
        limits = self.limits
        async with (
            other.session() as session,
            explain_timeouts(session, limits, f" in {other.name}"),
            rolled_back_transaction(session, limits.sql),
        ):
            version = self.session.server_version
            shadow = await check_replicable(session, self.environment, other.name, version)
            if key is None:
                key = await self._key(await read_environment_key(session), roles)
                if found := await self._from_cache(key):
                    return found
            missing = await replicate_environment(
                session, self.environment, shadow, other.name, roles
            )
            return await self._build(session, key, missing, shadow.locks)

    async def _build(
        self, session: Session, key: str | None, missing: MissingObjects, locks: int
    ) -> CatalogSnapshot:
        printed = await build_and_read(session, self.request, missing=missing, locks=locks)
        if self.cache is not None and key is not None and printed.complete:
            await anyio.to_thread.run_sync(self.cache.put, key, printed)
        return printed


def _finish(catalog: Catalog, models: Models, declared: Declarations) -> Catalog:
    """Remove placeholders, and mark constraints whose names the models leave to the server."""
    named = models.named_constraints()

    # those of the database are in the catalog too, where the models are built beside it
    others = {
        key: item
        for key, item in catalog.entities.by_key.items()
        if not isinstance(item, EventTrigger)
    }
    by_key = dict(sorted({**others, **declared.event_triggers}.items()))

    def marked(table: Table) -> Table:
        unnamed = {
            name: replace(item, named=False)
            for name, item in table.constraints.items()
            if (*table.name, name) not in named
        }
        return replace(table, constraints={**table.constraints, **unnamed}) if unnamed else table

    return replace(
        catalog,
        entities=replace(catalog.entities, by_key=by_key),
        schemas=catalog.schemas & {*models.schemas, *declared.schemas, catalog.default_schema},
        tables={
            name: marked(table)
            for name, table in catalog.tables.items()
            if name not in models.outside
        },
        enums={name: item for name, item in catalog.enums.items() if name not in models.borrowed},
        domains={
            name: item for name, item in catalog.domains.items() if name not in models.borrowed
        },
    )


def _without_grants_to(catalog: Catalog, role: str) -> Catalog:
    entities = catalog.entities
    grants = {key: grant for key, grant in entities.grants.items() if grant.role != role}
    return replace(catalog, entities=replace(entities, grants=grants))
