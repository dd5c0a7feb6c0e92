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
import asyncpg

from asyncmig.catalog.entity_reading import entities_of, read_entity_rows
from asyncmig.catalog.names import translation
from asyncmig.catalog.reading import catalog_of, read_rows
from asyncmig.engine.beside import Beside, build
from asyncmig.engine.quoting import literal
from asyncmig.engine.session import CLEANUP_SECONDS
from asyncmig.errors import ConnectionLostError, DatabaseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from typing import Any

    from asyncmig.catalog.model import Catalog
    from asyncmig.catalog.models import ModelStatement
    from asyncmig.catalog.reading import CatalogRows
    from asyncmig.engine.session import Session

__all__ = ["Printed", "print_statements", "scratch_names", "undone"]

_STANDING_FOR = "asyncmig_scratch"
"""How scratch schemas begin in statements; each build has a random name in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a server says of statements that were built in scratch schemas.

    Attributes:
        rows: of the catalog queries, with the scratch schemas' names.
        entities: of the entity query, likewise.
        scratch: the schema that each scratch schema stands for.
        quoted: these as the server prints them within SQL.
    """

    rows: CatalogRows
    entities: Sequence[Any]
    scratch: Mapping[str, str]
    quoted: Mapping[str, str]

    def catalog(self, default_schema: str) -> Catalog:
        """The rows as values, with the real schemas' names."""
        translate = translation(self.scratch, self.quoted)
        catalog = catalog_of(self.rows, default_schema=default_schema, translate=translate)
        return replace(catalog, entities=entities_of(self.entities, translate))


def scratch_names(schemas: Iterable[str]) -> dict[str, str]:
    """For each schema the name that stands for its scratch schema in statements to be built."""
    return {
        schema: f"{_STANDING_FOR}_{number}z" for number, schema in enumerate(sorted(set(schemas)))
    }


@asynccontextmanager
async def undone(session: Session) -> AsyncIterator[None]:
    """A transaction, or in a caller's transaction a savepoint, that is rolled back in any case."""
    inside = session.in_transaction
    await session.send("SAVEPOINT asyncmig_shadow" if inside else "BEGIN")
    try:
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


async def print_statements(
    session: Session,
    statements: Sequence[ModelStatement],
    scratch: Mapping[str, str],
    *,
    default_schema: str,
    search_path: str,
    beside: Beside | None = None,
) -> Printed:
    """Build statements and read what became of them.

    Args:
        session: within ``undone``, with an empty ``search_path``.
        statements: in an order that runs, written for ``scratch``.
        scratch: of ``scratch_names``.
        default_schema: whose scratch schema new objects without a schema are made in.
        search_path: where names without a schema are looked for after it.
        beside: entities that are declared beside the models, written likewise.

    Raises:
        DatabaseError: the server refuses a statement; the facts have ``subject`` and ``sql``.
    """
    token = f"asyncmig_{secrets.token_hex(6)}"
    names = {schema: name.replace(_STANDING_FOR, token) for schema, name in scratch.items()}
    path = f"{names[default_schema]}, {search_path}".removesuffix(', ""')
    before = [f"CREATE SCHEMA {name}" for name in names.values()]
    before.append(f"SELECT set_config('search_path', {literal(path)}, true)")
    before.append("SET LOCAL check_function_bodies = off")
    await session.send(";\n".join(before))
    early, late = ([_named(item, token) for item in part] for part in _parts(beside))
    waiting = await build(session, early, last=False)
    await session.send("SAVEPOINT asyncmig_models")
    after = "RELEASE SAVEPOINT asyncmig_models"
    texts = [item.sql.replace(_STANDING_FOR, token) for item in statements]
    try:
        await session.send(";\n".join([*texts, after]))
    except asyncpg.PostgresError:
        await session.send("ROLLBACK TO SAVEPOINT asyncmig_models")
        await _find_guilty(session, statements, texts)
        await session.send(after)
    await build(session, [*waiting, *late], last=True)
    await session.send("SET LOCAL search_path = ''")
    quoted = await session.fetch(
        "SELECT name, quote_ident(name) AS printed FROM unnest($1::text[]) name", list(names)
    )
    return Printed(
        rows=await read_rows(session.fetch, names.values()),
        entities=() if beside is None else await read_entity_rows(session.fetch, names.values()),
        scratch={name: schema for schema, name in names.items()},
        quoted={row["name"]: row["printed"] for row in quoted},
    )


def _parts(beside: Beside | None) -> tuple[Sequence[ModelStatement], Sequence[ModelStatement]]:
    return ((), ()) if beside is None else (beside.early, beside.late)


def _named(statement: ModelStatement, token: str) -> ModelStatement:
    """The statement for the scratch schemas of one build."""
    return replace(statement, sql=statement.sql.replace(_STANDING_FOR, token))


async def _find_guilty(
    session: Session, statements: Sequence[ModelStatement], texts: Sequence[str]
) -> None:
    """Send one by one what was refused together."""
    for statement, text in zip(statements, texts, strict=True):
        try:
            await session.send(text)
        except asyncpg.PostgresError as error:
            reason = str(error).partition("\n")[0]
            raise DatabaseError(
                f"PostgreSQL refuses the models: {statement.subject}: {reason}",
                hint=getattr(error, "hint", None)
                or "what a model needs of the database (extensions, functions) must be there already: "
                "run the migrations that create it first",
                subject=statement.subject,
                sql=statement.sql,
                sqlstate=getattr(error, "sqlstate", None),
            ) from error
