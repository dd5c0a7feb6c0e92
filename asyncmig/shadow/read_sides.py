"""Both sides of a comparison: the database as it is, and the models as a server of its kind builds them.

The models are built in the database itself, or in another one that is made to look like it. What was
printed for them is kept: while neither they nor what they refer to change, nothing is built.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import anyio.to_thread

from asyncmig.catalog.declarations import Declarations
from asyncmig.catalog.entity_reading import read_entity_rows
from asyncmig.catalog.models import Models
from asyncmig.catalog.object_name import ObjectName
from asyncmig.catalog.reading import read_enums, read_rows
from asyncmig.database.concurrency import gather_with_thread
from asyncmig.errors import ConfigError, DatabaseError
from asyncmig.shadow.build_errors import MissingObjects
from asyncmig.shadow.cache import key_of
from asyncmig.shadow.entity_build import DeclaredEntities
from asyncmig.shadow.environment import read_environment, read_environment_key
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

    from asyncmig.catalog.model import Catalog, Enum, Table
    from asyncmig.database.session import Session
    from asyncmig.entities import Entity
    from asyncmig.shadow.cache import ShadowCache
    from asyncmig.shadow.environment import DatabaseEnvironment

__all__ = ["ComparedCatalogs", "ShadowTarget", "read_sides"]

_SCHEMAS = """\
SELECT nspname AS name FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"""

_NOWHERE = """\
SELECT w.schema, w.name FROM unnest($1::text[], $2::text[]) w (schema, name)
WHERE NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname = w.schema AND c.relname = w.name)"""

_MISSING = MissingObjects(
    models="what a model needs of the database (extensions, functions) must be there already: "
    "run the migrations that create it first",
    declared="what it needs must be among the models, be declared, or be in the database already",
)
# to print a view or an expression the server locks what stands in it, as a SELECT does
_LEAVE = f"ROLLBACK TO SAVEPOINT asyncmig_reading; RELEASE SAVEPOINT asyncmig_reading; {PRINTING}"

_ANOTHER_DATABASE = f'set shadow_url = "{EMBEDDED}" (a private server) or to a scratch database'


class ShadowTarget(Protocol):
    """Another database to build models in.

    Attributes:
        name: as messages may name it: no password.
        contents: names what is in it where that is the same each time; None has to be looked at.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - see above

    @property
    def contents(self) -> str | None: ...  # noqa: D102 - see above

    def session(self) -> AbstractAsyncContextManager[Session]:
        """A connection to it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCatalogs:
    """A database and its models with the entities beside them, as one server prints them."""

    actual: Catalog
    wanted: Catalog
    models: Models
    declared: Declarations


async def read_sides(
    session: Session,
    metadatas: Sequence[MetaData],
    *,
    include_schemas: bool = False,
    entities: Sequence[Entity] = (),
    elsewhere: ShadowTarget | None = None,
    cache: ShadowCache | None = None,
    schema_translate_map: Mapping[str | None, str] | None = None,
    limits: ComparisonTimeouts = ComparisonTimeouts(),  # noqa: B008 - frozen
) -> ComparedCatalogs:
    """Read the database and the models.

    Args:
        session: on it a transaction, or in a caller's transaction a savepoint, is opened and rolled
            back.
        metadatas: the models.
        include_schemas: look at all schemas of the database; otherwise at those of the models.
        entities: declared beside the models.
        elsewhere: where the models are built; None is the database itself.
        cache: of what was printed for models before; None builds them in any case.
        schema_translate_map: the schema to take instead of one that the models name; None names the
            models that have no schema.
        limits: of the time that it may take; in a caller's transaction they are the caller's.

    Raises:
        DatabaseError: a limit was reached, a privilege is missing, the server is read-only or another
            one than the models need, or it refuses the models; then the facts have ``subject`` and ``sql``.
        ConfigError: SQLAlchemy cannot compile the models, or a foreign key leads to no table.
    """
    async with explain_timeouts(session, limits), rolled_back_transaction(session, limits.sql):
        place = await read_environment(session)

        def described() -> tuple[Models, Declarations, list[str]]:
            models = Models(
                metadatas,
                default_schema=place.default_schema,
                server_version=(session.server_version,),
                schema_translate_map=schema_translate_map,
            )
            declared = Declarations(entities, models)
            return models, declared, sorted(models.schemas | declared.schemas)

        models, declared, schemas = await anyio.to_thread.run_sync(described)
        await _require_targets(session, models)
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

        # the server prints the database while SQLAlchemy writes the models
        found, draft = await gather_with_thread(
            read, lambda: _build_request(models, declared, enums, place)
        )
        same: dict[Any, Any] = {}
        printed, actual = await gather_with_thread(
            _SideReader(session, place, draft, elsewhere, cache, limits).printed,
            lambda: found.catalog(place.default_schema, same),
        )

    def wanted() -> Catalog:
        catalog = _finished(printed.catalog(place.default_schema, same), models, declared)
        # in the database itself all that is built is the reader's own, and an owner's rights are not told
        return catalog if elsewhere is None else _without_rights(catalog, place.role)

    return ComparedCatalogs(
        actual=actual,
        wanted=await anyio.to_thread.run_sync(wanted),
        models=models,
        declared=declared,
    )


async def _require_targets(session: Session, models: Models) -> None:
    """Refuse what would be a revision that fails."""
    outside = list(models.outside)
    if not outside:
        return
    names = [name.schema for name in outside], [name.name for name in outside]
    for row in await session.fetch(_NOWHERE, *names):
        leading = next(models.leading_to(ObjectName(row["schema"], row["name"])))
        raise ConfigError(
            f"{leading}, which neither the models nor the database have",
            hint="are all models imported, and is the name right? what other migrations create must be there",
        )


def _build_request(
    models: Models,
    declared: Declarations,
    enums: Mapping[ObjectName, Enum],
    place: DatabaseEnvironment,
) -> BuildRequest:
    scratch = scratch_names({*models.schemas_to_build, *declared.schemas, place.default_schema})
    statements = declared.in_models(models.statements(scratch, enums), scratch)
    beside = None
    if declared.entities:
        extensions = {extension.name for extension in place.extensions}
        early, late = declared.around(statements, scratch, extensions)
        beside = DeclaredEntities(early=early, late=late)
    return BuildRequest(
        statements=statements,
        declared=beside,
        scratch=scratch,
        default_schema=place.default_schema,
        search_path=place.search_path,
    )


@dataclass(frozen=True, slots=True)
class _SideReader:
    """What the server prints for the models, from the cache or from the server."""

    session: Session
    place: DatabaseEnvironment
    draft: BuildRequest
    elsewhere: ShadowTarget | None
    cache: ShadowCache | None
    limits: ComparisonTimeouts

    async def printed(self) -> CatalogSnapshot:
        other = self.elsewhere
        if other is None:
            if self.cache is None:
                return await self._build_here(None)
            key = await self._key(await read_environment_key(self.session))
            return await self._from_cache(key) or await self._build_here(key)
        roles = await roles_in(self.session, (self.draft.declared or DeclaredEntities()).statements)
        if other.contents is not None:
            key = await self._key(other.contents, roles)
            return await self._from_cache(key) or await self._build_there(other, key, roles)
        return await self._build_there(other, None, roles)

    async def _key(self, surroundings: str, roles: Sequence[str] = ()) -> str | None:
        """None when what is printed here may be printed otherwise the next time."""
        if self.cache is None or self.place.has_temporary:
            return None
        # without one of the roles it is refused, and not printed
        facts = [surroundings, json.dumps(roles), *self.place.facts, *self.draft.facts]
        return await anyio.to_thread.run_sync(key_of, facts)

    async def _from_cache(self, key: str | None) -> CatalogSnapshot | None:
        if self.cache is None or key is None:
            return None
        return await anyio.to_thread.run_sync(self.cache.get, key)

    async def _build_here(self, key: str | None) -> CatalogSnapshot:
        place = self.place
        if place.read_only:
            raise DatabaseError(
                f"{place.database} is read-only, and the models are built in scratch schemas",
                hint=f"build them elsewhere: {_ANOTHER_DATABASE}; or compare on the primary",
            )
        if not place.may_create:
            raise DatabaseError(
                f"role {place.role} may not create schemas in {place.database}, and the models are "
                "built in scratch schemas",
                hint=f"GRANT CREATE ON DATABASE {identifier(place.database)} TO "
                f"{identifier(place.role)}, or set `role` to one that may; the scratch schemas are "
                f"rolled back. Or build them elsewhere: {_ANOTHER_DATABASE}",
                sqlstate="42501",
            )
        await self.session.send(_LEAVE)
        return await self._build(self.session, key, _MISSING, place.locks)

    async def _build_there(
        self, other: ShadowTarget, key: str | None, roles: Sequence[str]
    ) -> CatalogSnapshot:
        await self.session.send(_LEAVE)
        limits = self.limits
        async with (
            other.session() as session,
            explain_timeouts(session, limits, f" in {other.name}"),
            rolled_back_transaction(session, limits.sql),
        ):
            version = self.session.server_version
            shadow = await check_replicable(session, self.place, other.name, version)
            if key is None:
                key = await self._key(await read_environment_key(session), roles)
                if found := await self._from_cache(key):
                    return found
            missing = await replicate_environment(session, self.place, shadow, other.name, roles)
            return await self._build(session, key, missing, shadow.locks)

    async def _build(
        self, session: Session, key: str | None, missing: MissingObjects, locks: int
    ) -> CatalogSnapshot:
        printed = await build_and_read(session, self.draft, missing=missing, locks=locks)
        if self.cache is not None and key is not None and printed.complete:
            await anyio.to_thread.run_sync(self.cache.put, key, printed)
        return printed


def _finished(catalog: Catalog, models: Models, declared: Declarations) -> Catalog:
    """Leave out what only stands in for others; mark the names that the models leave to the server."""
    named = models.named_constraints()

    def marked(table: Table) -> Table:
        unnamed = {
            name: replace(item, named=False)
            for name, item in table.constraints.items()
            if (*table.name, name) not in named
        }
        return replace(table, constraints={**table.constraints, **unnamed}) if unnamed else table

    return replace(
        catalog,
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


def _without_rights(catalog: Catalog, role: str) -> Catalog:
    entities = catalog.entities
    grants = {key: grant for key, grant in entities.grants.items() if grant.role != role}
    return replace(catalog, entities=replace(entities, grants=grants))
