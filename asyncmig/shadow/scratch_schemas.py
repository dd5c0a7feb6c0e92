"""DDL built in scratch schemas, what the server prints for it, and nothing of it left.

Everything happens in a transaction that is rolled back, or in a caller's transaction in a savepoint:
whatever interrupts it, the server takes it back by itself.
"""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import asyncpg

from asyncmig.catalog.entity_reading import entities_of, read_entity_rows
from asyncmig.catalog.reading import catalog_of, read_rows
from asyncmig.catalog.scratch_names import scratch_translation
from asyncmig.database.session import CLEANUP_SECONDS
from asyncmig.errors import ConnectionLostError, DatabaseError
from asyncmig.shadow.build_errors import BuildErrors, is_out_of_locks
from asyncmig.shadow.entity_build import READY, DeclaredEntities, build
from asyncmig.shadow.environment import REFERS_OUTSIDE
from asyncmig.shadow.lock_batches import merge, select, split
from asyncmig.shadow.timeouts import is_timeout
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from typing import Any

    from asyncmig.catalog.entity_reading import EntityRows
    from asyncmig.catalog.model import Catalog
    from asyncmig.catalog.models import ModelStatement
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.catalog.reading import CatalogRows
    from asyncmig.database.session import Session
    from asyncmig.shadow.build_errors import MissingObjects

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
"""What stands instead of a URL for a private server."""

PRINTING = "SET LOCAL search_path = ''; SET LOCAL jit = off"
"""Names are printed with their schemas; and the catalog queries of large schemas are not compiled, which
would take longer than they do."""

_ABOUT = f"""\
SELECT name, quote_ident(name) AS printed, ({REFERS_OUTSIDE}) AS refers_outside
FROM unnest($1::text[]) name"""

_ROLL_BACK_BATCH = "ROLLBACK TO SAVEPOINT asyncmig_portion; RELEASE SAVEPOINT asyncmig_portion"

_STANDING_FOR = "asyncmig_scratch"
"""How scratch schemas begin in statements; each build has a random name in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogSnapshot:
    """What a server says of statements that were built in scratch schemas.

    Attributes:
        rows: of the catalog query, with the real schemas' names.
        entities: of the entity query, likewise.
        complete: nothing of it depends on relations that are elsewhere.
    """

    rows: CatalogRows
    entities: EntityRows
    complete: bool = True

    def catalog(self, default_schema: str, same: dict[Any, Any] | None = None) -> Catalog:
        """The rows as values; ``same`` as ``catalog_of`` takes it."""
        catalog = catalog_of(self.rows, default_schema=default_schema, same=same)
        return replace(catalog, entities=entities_of(self.entities))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What is to be built.

    Attributes:
        statements: the models', in an order that runs, written for ``scratch``.
        beside: entities that are declared beside the models, written likewise.
        scratch: of ``scratch_names``.
        default_schema: whose scratch schema new objects without a schema are made in.
        search_path: where names without a schema are looked for after it.
    """

    statements: Sequence[ModelStatement]
    declared: DeclaredEntities | None
    scratch: Mapping[str, str]
    default_schema: str
    search_path: str

    @property
    def facts(self) -> list[str]:
        """All of it as text."""
        beside = self.declared or DeclaredEntities()
        return [
            str(self.declared is None),
            self.default_schema,
            self.search_path,
            *(text for pair in self.scratch.items() for text in pair),
            *(item.sql for item in (*self.statements, *beside.early, *beside.late)),
        ]


def scratch_names(schemas: Iterable[str]) -> dict[str, str]:
    """For each schema the name that stands for its scratch schema in statements to be built."""
    return {
        schema: f"{_STANDING_FOR}_{number}z" for number, schema in enumerate(sorted(set(schemas)))
    }


_AS_IN_A_RUN = "SET LOCAL standard_conforming_strings = on; SET LOCAL quote_all_identifiers = off"


@asynccontextmanager
async def rolled_back_transaction(session: Session, limits: str = "") -> AsyncIterator[None]:
    """A transaction, or in a caller's transaction a savepoint, that is rolled back in any case.

    The server reads and prints SQL in it as in a run, whatever is set for the database or the role.
    ``limits`` of ``ComparisonTimeouts.sql`` are for a transaction of ours.
    """
    inside = session.in_transaction
    if inside:
        await session.send(f"SAVEPOINT asyncmig_shadow; {_AS_IN_A_RUN}")
    try:
        if not inside:
            await session.send(
                f"BEGIN; {_AS_IN_A_RUN}{limits}"
            )  # cancelled here, it may have begun
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
    session: Session, draft: BuildRequest, *, missing: MissingObjects, locks: int
) -> CatalogSnapshot:
    """Build a draft and read what became of it.

    Args:
        session: within ``rolled_back_transaction``, with an empty ``search_path``.
        draft: what to build; models without entities in portions, where they would take more than
            three of four locks.
        missing: the hints where a statement names what is not there.
        locks: for how many the server has room.

    Raises:
        DatabaseError: the server refuses a statement; the facts are those of ``BuildErrors.described``.
    """
    building = _ScratchBuild(session, draft, missing, f"asyncmig_{secrets.token_hex(6)}")
    portions = split(draft.statements, locks * 3 // 4)
    if draft.declared is not None or len(portions) < 2:
        return await building.printed(draft.statements)
    refused = None
    try:
        if (joint := await building.printed_in(portions)) is not None:
            return joint
    except DatabaseError as error:
        if is_timeout(error):
            raise
        refused = error  # it may lack a table that it names without a foreign key
    try:
        return await building.printed(draft.statements)
    except DatabaseError as error:
        if refused is not None and is_out_of_locks(error.__cause__):
            raise refused from None
        raise


@dataclass(frozen=True, slots=True)
class _ScratchBuild:
    """Builds a draft, or a part of its statements, in scratch schemas of a random name."""

    session: Session
    draft: BuildRequest
    missing: MissingObjects
    token: str

    @property
    def names(self) -> dict[str, str]:
        """The scratch schema of each schema."""
        names = self.draft.scratch.items()
        return {schema: name.replace(_STANDING_FOR, self.token) for schema, name in names}

    async def printed(self, statements: Sequence[ModelStatement]) -> CatalogSnapshot:
        """What the server says of them, and of the entities."""
        names, fetch = self.names, self.session.fetch
        await self._build(statements)
        about = await fetch(_ABOUT, list(names), list(names.values()))
        rows = await read_rows(fetch, names.values())
        with_entities = self.draft.declared is not None
        entities = await read_entity_rows(fetch, names.values()) if with_entities else []
        real = scratch_translation(
            {name: schema for schema, name in names.items()},
            {row["name"]: row["printed"] for row in about},
        )
        complete = not any(row["refers_outside"] for row in about)

        def printed() -> CatalogSnapshot:
            return CatalogSnapshot(
                rows=[(kind, table, real(text)) for kind, table, text in rows],
                entities=[(kind, real(text)) for kind, text in entities],
                complete=complete,
            )

        return await anyio.to_thread.run_sync(printed)

    async def printed_in(self, portions: Sequence[frozenset[ObjectName]]) -> CatalogSnapshot | None:
        """The same, one portion after the other; None where they may not be divided."""
        found = []
        for own in portions:
            await self.session.send("SAVEPOINT asyncmig_portion")
            try:
                printed = await self.printed(select(self.draft.statements, own))
            except DatabaseError:
                await self.session.send(_ROLL_BACK_BATCH)
                raise
            await self.session.send(_ROLL_BACK_BATCH)
            found.append((own, printed))
        rows = merge([(own, printed.rows) for own, printed in found])
        if rows is None:
            return None
        whole = all(printed.complete for _, printed in found)
        return replace(found[0][1], rows=rows, complete=whole)

    async def _build(self, models: Sequence[ModelStatement]) -> None:
        session, draft, names = self.session, self.draft, self.names
        path = f"{names[draft.default_schema]}, {draft.search_path}".removesuffix(', ""')
        before = [f"CREATE SCHEMA {name}" for name in names.values()]
        before.append(f"SELECT set_config('search_path', {literal(path)}, true)")
        before.append("SET LOCAL check_function_bodies = off")
        refusals = BuildErrors(
            scratch=names, default_schema=draft.default_schema, missing=self.missing.models
        )
        told = replace(refusals, what="what is declared", missing=self.missing.declared)
        beside = draft.declared or DeclaredEntities()
        early, late = (
            [_named(item, self.token) for item in part] for part in (beside.early, beside.late)
        )
        statements = [_named(item, self.token) for item in models]
        if early:
            await session.send(";\n".join([*before, READY]))
            before = before[-1:]
            left = await build(session, early, told, final=False)
            made = {item for item in early if item not in left}
            statements = [item for item in statements if item not in made]
            early = [item for item in left if item not in statements]
        await session.send("SAVEPOINT asyncmig_models")
        try:
            await session.send(";\n".join([*before, *(item.sql for item in statements), READY]))
        except asyncpg.PostgresError:
            await session.send("ROLLBACK TO SAVEPOINT asyncmig_models")
            await session.send(";\n".join(before))
            await _find_guilty(session, statements, refusals)
            await session.send(READY)
        await build(session, [*early, *late], told)
        await session.send(f"RELEASE SAVEPOINT asyncmig_models; {PRINTING}")


def _named(statement: ModelStatement, token: str) -> ModelStatement:
    """The statement for the scratch schemas of one build."""
    return replace(statement, sql=statement.sql.replace(_STANDING_FOR, token))


async def _find_guilty(
    session: Session, statements: Sequence[ModelStatement], refusals: BuildErrors
) -> None:
    """Send one by one what was refused together."""
    for statement in statements:
        try:
            await session.send(statement.sql)
        except asyncpg.PostgresError as error:
            raise refusals.described(error, statement) from error
