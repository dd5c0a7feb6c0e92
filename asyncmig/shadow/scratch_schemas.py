"""Builds DDL in scratch schemas, reads the catalog that the server prints for it, and rolls back.

This happens in a transaction, or in a savepoint of the caller's transaction, so that the server rolls it
back even if it is interrupted.
"""

from __future__ import annotations

import json
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import asyncpg

from asyncmig.catalog.entity_reading import entities_of, read_entity_rows
from asyncmig.catalog.reading import catalog_of, read_rows
from asyncmig.database.session import CLEANUP_SECONDS
from asyncmig.errors import ConnectionLostError, DatabaseError, RefusedModelsError
from asyncmig.shadow.build_errors import BuildErrors, is_out_of_locks
from asyncmig.shadow.entity_build import SAVEPOINT, DeclaredEntities, build, try_in_savepoint
from asyncmig.shadow.environment import REFERS_OUTSIDE
from asyncmig.shadow.lock_batches import merge, select, split
from asyncmig.shadow.refusals import Refusals, is_about_the_object, refused_models
from asyncmig.shadow.timeouts import is_timeout
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
    from typing import Any

    from asyncmig.catalog.entity_reading import EntityRows
    from asyncmig.catalog.model import Catalog
    from asyncmig.catalog.model_statement import ModelStatement
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.catalog.reading import CatalogRows
    from asyncmig.database.session import Session
    from asyncmig.shadow.build_errors import MissingObjects
    from asyncmig.shadow.refusals import Refusal

__all__ = [
    "EMBEDDED",
    "PRINTING",
    "BuildRequest",
    "CatalogSnapshot",
    "build_and_read",
    "rolled_back_transaction",
    "scratch_names",
]

EMBEDDED = "embedded"
"""The value of ``shadow_url`` for a private server."""

PRINTING = (
    "SET LOCAL search_path = ''; SET LOCAL jit = off; "
    "SET LOCAL join_collapse_limit = 4; SET LOCAL from_collapse_limit = 4"
)
"""With an empty search_path, names are printed with their schemas.

JIT compilation of the catalog queries of large schemas takes longer than the queries. Their joins are written
in an order that works: to look for a better one among more than four tables doubles the time of planning.
"""

_ABOUT = f"""\
SELECT name, quote_ident(name) AS printed, ({REFERS_OUTSIDE}) AS refers_outside
FROM unnest($1::text[]) name"""

_ROLL_BACK_BATCH = "ROLLBACK TO SAVEPOINT asyncmig_batch; RELEASE SAVEPOINT asyncmig_batch"

_PLACEHOLDER = "asyncmig_scratch"
"""The prefix of scratch schemas in statements; each build replaces it by a random name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogSnapshot:
    """The catalog that a server prints.

    Attributes:
        rows: the rows of the catalog query, with the names of real schemas.
        entities: the rows of the entity query, with the names of real schemas.
        complete: nothing in it depends on relations in other schemas, so that it can be cached.
        refused: what could not be created.
    """

    rows: CatalogRows
    entities: EntityRows
    complete: bool = True
    refused: tuple[Refusal, ...] = ()

    def catalog(self, default_schema: str, same: dict[Any, Any] | None = None) -> Catalog:
        """The rows as values; ``same`` is that of ``catalog_of``."""
        catalog = catalog_of(self.rows, default_schema=default_schema, same=same)
        return replace(catalog, entities=entities_of(self.entities))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """The DDL to build.

    Attributes:
        statements: the statements of the models in an order that works, with names of ``scratch``.
        declared: the statements of declared entities, with names of ``scratch``.
        with_entities: entities are declared, so that the entities of the scratch schemas are read.
        scratch: the names of scratch schemas, from ``scratch_names``.
        default_schema: the schema in whose scratch schema unqualified names are created.
        search_path: the schemas in which they are resolved afterwards.
    """

    statements: Sequence[ModelStatement]
    declared: DeclaredEntities
    with_entities: bool
    scratch: Mapping[str, str]
    default_schema: str
    search_path: str

    @property
    def facts(self) -> list[str]:
        """Everything in it as text, for the key of the cache."""
        return [
            str(not self.with_entities),
            self.default_schema,
            self.search_path,
            *(text for pair in self.scratch.items() for text in pair),
            *(item.sql for item in (*self.statements, *self.declared.statements)),
        ]


def scratch_names(schemas: Iterable[str]) -> dict[str, str]:
    """For each schema the name of its scratch schema in statements."""
    return {
        schema: f"{_PLACEHOLDER}_{number}z" for number, schema in enumerate(sorted(set(schemas)))
    }


_SETTINGS = "SET LOCAL standard_conforming_strings = on; SET LOCAL quote_all_identifiers = off"

# while the models are compared, the transaction waits
_UNLIMITED = "SET LOCAL idle_in_transaction_session_timeout = 0"
_UNLIMITED_17 = f"{_UNLIMITED}; SET LOCAL transaction_timeout = 0"


@asynccontextmanager
async def rolled_back_transaction(session: Session, limits: str = "") -> AsyncIterator[None]:
    """Open a transaction, or a savepoint in the caller's transaction, that is always rolled back.

    The server parses and prints SQL in it as in a run, whatever the settings of the database or the role,
    and their timeouts for a whole transaction do not end it.
    ``limits`` (from ``ComparisonTimeouts.sql``) do not apply in the caller's transaction.
    """
    inside = session.in_transaction
    if inside:
        await session.send(f"SAVEPOINT asyncmig_shadow; {_SETTINGS}")
    try:
        if not inside:
            unlimited = _UNLIMITED_17 if session.server_version >= 17 else _UNLIMITED
            # cancelled here, it may have begun
            await session.send(f"BEGIN; {_SETTINGS}; {unlimited}{limits}")
        yield
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(CLEANUP_SECONDS) as scope:
            await _roll_back(session, inside=inside)
        if scope.cancelled_caught:
            session.driver.terminate()


async def _roll_back(session: Session, *, inside: bool) -> None:
    if session.closed:
        return
    undo = "ROLLBACK TO SAVEPOINT asyncmig_shadow; RELEASE SAVEPOINT asyncmig_shadow"
    try:
        await session.send(undo if inside else "ROLLBACK")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionLostError):
        session.driver.terminate()


async def build_and_read(
    session: Session, request: BuildRequest, *, missing: MissingObjects, locks: int
) -> CatalogSnapshot:
    """Build the DDL and read its catalog.

    Args:
        session: a session in ``rolled_back_transaction``, with an empty ``search_path``.
        request: the DDL; models without entities are built in batches if they need more than
            three quarters of the locks.
        missing: the hints for a statement that names a missing object.
        locks: the size of the server's lock table.

    Returns:
        the catalog of everything that could be created.

    Raises:
        DatabaseError: the server rejects more than one object; the facts are those of
            ``BuildErrors.described``.
        RefusedModelsError: it rejects an object of models that need more locks than it has.
    """
    building = _ScratchBuild(session, request, missing, f"asyncmig_{secrets.token_hex(6)}")
    batches = split(request.statements, locks * 3 // 4)
    if request.with_entities or len(batches) < 2:
        return await building.printed(request.statements)
    refused: DatabaseError | RefusedModelsError | None = None
    try:
        if (merged := await building.printed_in_batches(batches)) is not None:
            return merged
    except DatabaseError as error:
        if is_timeout(error):
            raise
        refused = error
    except RefusedModelsError as error:
        refused = error  # a statement may use a table of another batch without a foreign key
    try:
        return await building.printed(request.statements)
    except DatabaseError as error:
        if refused is not None and is_out_of_locks(error.__cause__):
            raise refused from None
        raise


@dataclass(frozen=True, slots=True)
class _ScratchBuild:
    """Builds a request, or a batch of its statements, in scratch schemas with a random name."""

    session: Session
    request: BuildRequest
    missing: MissingObjects
    token: str

    @property
    def names(self) -> dict[str, str]:
        """The name of the scratch schema by schema."""
        names = self.request.scratch.items()
        return {schema: name.replace(_PLACEHOLDER, self.token) for schema, name in names}

    async def printed(self, statements: Sequence[ModelStatement]) -> CatalogSnapshot:
        """Build statements and the entities, and read their catalog."""
        names, fetch = self.names, self.session.fetch
        refused = await self._build(statements)
        about = await fetch(_ABOUT, list(names), list(names.values()))
        rows = await read_rows(fetch, names.values())
        entities = []
        if self.request.with_entities:
            entities = await read_entity_rows(fetch, names.values())
        rename = _scratch_translation(
            {name: schema for schema, name in names.items()},
            {row["name"]: row["printed"] for row in about},
        )
        complete = not refused and not any(row["refers_outside"] for row in about)

        def printed() -> CatalogSnapshot:
            return CatalogSnapshot(
                rows=[(kind, table, rename(text)) for kind, table, text in rows],
                entities=[(kind, rename(text)) for kind, text in entities],
                complete=complete,
                refused=tuple(refused),
            )

        return await anyio.to_thread.run_sync(printed)

    async def printed_in_batches(
        self, batches: Sequence[frozenset[ObjectName]]
    ) -> CatalogSnapshot | None:
        """The same in batches; None if the result would differ from a build in one piece."""
        found = []
        for tables in batches:
            await self.session.send("SAVEPOINT asyncmig_batch")
            try:
                printed = await self.printed(select(self.request.statements, tables))
            except DatabaseError:
                await self.session.send(_ROLL_BACK_BATCH)
                raise
            await self.session.send(_ROLL_BACK_BATCH)
            if printed.refused:
                raise refused_models([refusal.object for refusal in printed.refused])
            found.append((tables, printed))
        rows = merge([(tables, printed.rows) for tables, printed in found])
        if rows is None:
            return None
        whole = all(printed.complete for _, printed in found)
        return replace(found[0][1], rows=rows, complete=whole)

    async def _build(self, models: Sequence[ModelStatement]) -> list[Refusal]:
        """Create what can be created, and return the rest."""
        session, request, names = self.session, self.request, self.names
        path = f"{names[request.default_schema]}, {request.search_path}".removesuffix(', ""')
        before = [f"CREATE SCHEMA {name}" for name in names.values()]
        before.append(f"SELECT set_config('search_path', {literal(path)}, true)")
        before.append("SET LOCAL check_function_bodies = off")
        errors = BuildErrors(
            scratch=names, default_schema=request.default_schema, missing=self.missing.models
        )
        entity_errors = replace(errors, what="the declared entities", missing=self.missing.declared)
        refusals = Refusals()
        early, late = (
            [_named(item, self.token) for item in part if item.problem is None]
            for part in (request.declared.early, request.declared.late)
        )
        statements = [_named(item, self.token) for item in models]
        if early:
            await session.send(";\n".join([*before, SAVEPOINT]))
            before = before[-1:]
            left = [item for item, _ in await build(session, early, entity_errors)]
            built = {item for item in early if item not in left}
            statements = [item for item in statements if item not in built]
            early = [item for item in left if item not in statements]
        for item in statements:
            if item.problem is not None:
                refusals.add_uncompiled(item)
        statements = [
            item for item in statements if item.problem is None and not refusals.excludes(item)
        ]
        await session.send("SAVEPOINT asyncmig_models")
        try:
            await session.send(";\n".join([*before, *(item.sql for item in statements), SAVEPOINT]))
        except asyncpg.PostgresError:
            await session.send("ROLLBACK TO SAVEPOINT asyncmig_models")
            await session.send(";\n".join([*before, SAVEPOINT]))
            await _send_separately(session, statements, errors, refusals)
        entities = [item for item in (*early, *late) if not refusals.excludes(item)]
        for item, error in await build(session, entities, entity_errors):
            refusals.add(item, error, entity_errors)
        await session.send(f"RELEASE SAVEPOINT asyncmig_models; {PRINTING}")
        return refusals.found


def _named(statement: ModelStatement, token: str) -> ModelStatement:
    """The statement with the names of the scratch schemas of one build."""
    return replace(statement, sql=statement.sql.replace(_PLACEHOLDER, token))


async def _send_separately(
    session: Session,
    statements: Sequence[ModelStatement],
    errors: BuildErrors,
    refusals: Refusals,
) -> None:
    """Send statements one by one, and add those that the server rejects to ``refusals``."""
    for statement in statements:
        if refusals.excludes(statement):
            continue
        error = await try_in_savepoint(session, statement.sql)
        if error is None:
            continue
        if not is_about_the_object(error):
            raise errors.described(error, statement) from error
        refusals.add(statement, error, errors)


def _scratch_translation(
    scratch: Mapping[str, str], printed: Mapping[str, str]
) -> Callable[[str], str]:
    """Return a function that replaces the names of scratch schemas in JSON from the server.

    A string that consists of such a name is a name; in other strings it is part of SQL.

    Args:
        scratch: the real schema by scratch schema. Names of scratch schemas need no quotes, none is
            a prefix of another, and they occur in no other text.
        printed: the real schemas as the server prints them in SQL.
    """
    pairs = [
        pair
        for name, schema in scratch.items()
        for pair in ((f'"{name}"', _json(schema)), (name, _json(printed[schema])[1:-1]))
    ]

    def translate(text: str) -> str:
        for name, real in pairs:
            text = text.replace(name, real)
        return text

    return translate


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
