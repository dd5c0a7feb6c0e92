"""A change proved on a server: by our script and back, and what Alembic's script makes of it."""

from __future__ import annotations

import re
import warnings
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import asyncpg
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations as TheirOperations
from alembic.util import PriorityDispatcher

from asyncmig.autogenerate.renames import RenameRequests
from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.diff.compare import compare
from asyncmig.entities import registered
from asyncmig.operations.base.containers import OpContainer
from fix_autogenerate import comparing_at
from fix_database import dump_lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.shadow.read_sides import ComparedCatalogs
    from fix_autogenerate import Comparing
    from model_changes.building import Change, Models

RESET = """\
DO $$ DECLARE doomed text; BEGIN
    FOR doomed IN SELECT nspname FROM pg_namespace
                  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    LOOP EXECUTE format('DROP SCHEMA %I CASCADE', doomed); END LOOP;
END $$;
CREATE SCHEMA public"""
ENTITIES = (
    "extension",
    "grant",
    "view",
    "materialized_view",
    "function",
    "procedure",
    "trigger",
    "policy",
    "row_security",
    "composite_type",
    "aggregate",
    "rule",
    "statistics",
)
"""What is managed where anything is declared beside the models."""
FOUND = "finds it"
MISSED = "misses it"
REPLACED = "drops and adds it"


@dataclass(frozen=True)
class Proof:
    """What became of a change: the directives of our script, and a verdict on Alembic's."""

    ours: str
    alembic: str | None


@asynccontextmanager
async def proving_at(url: str) -> AsyncIterator[Prover]:
    """Something that proves changes in this database, whose schemas it drops."""
    theirs = sa.make_url(url).set(drivername="postgresql+psycopg2")
    engine = sa.create_engine(theirs, isolation_level="AUTOCOMMIT")
    async with comparing_at(url) as comparing:
        yield Prover(comparing, engine)
    engine.dispose()


def models(build: Models) -> sa.MetaData:
    """The models that a function makes."""
    metadata = sa.MetaData()
    build(metadata)
    return metadata


class Prover:
    """A database that takes one change after the other.

    Args:
        comparing: our connection to it.
        engine: SQLAlchemy's, which makes what is there before, and is Alembic's.
    """

    def __init__(self, comparing: Comparing, engine: sa.Engine) -> None:
        self.comparing = comparing
        self.engine = engine
        self.quiet: set[Models] = set()

    async def prove(self, change: Change, *, thoroughly: bool) -> Proof:
        """Upgrade and downgrade; raises AssertionError where something is left or lost.

        Args:
            change: the one.
            thoroughly: ask pg_dump and Alembic, too.
        """
        before, after = models(change.before), models(change.after)
        await self.start(change, before)
        dumped = self.dump() if thoroughly else None
        sides = await self.comparing.read(after)
        renaming = RenameRequests(given=change.renames)
        upgrade, downgrade = await self.comparing.scripted(sides, renaming)
        assert upgrade, "nothing was detected"
        await self.comparing.apply(upgrade, sides)
        assert spelled(await self.comparing.actual(sides)) == [], "something is left"
        await self.comparing.apply(downgrade, sides)
        restored = await self.comparing.actual(sides)
        assert restored.actual == sides.actual
        if not thoroughly:
            return Proof(named(upgrade), None)
        assert self.dump() == dumped
        verdict = await self.alembic(after, restored)
        if change.renames and verdict == FOUND:
            verdict = REPLACED
        return Proof(named(upgrade), verdict)

    async def start(self, change: Change, before: sa.MetaData) -> None:
        """Make the database what it is before; ``create_all`` leaves nothing to detect."""
        await self.comparing.driver.execute(f"{RESET}; {change.setup}")
        if change.tablespace:
            await self.comparing.driver.execute("SET allow_in_place_tablespaces = on")
            with suppress(asyncpg.DuplicateObjectError):  # all databases of a server share it
                await self.comparing.driver.execute(
                    f"CREATE TABLESPACE {change.tablespace} LOCATION ''"
                )
        declared = bool(registered([before]) or registered([models(change.after)]))
        self.comparing.managed_entities = ENTITIES if declared else ()
        with self.engine.connect() as connection:
            for schema in sorted({table.schema for table in before.tables.values()} - {None}):
                connection.execute(sa.schema.CreateSchema(schema))
            if not declared:
                before.create_all(connection, checkfirst=False)
        if declared:  # create_all knows nothing of them
            sides = await self.comparing.sides(before)
            await self.comparing.apply(compare(sides.actual, sides.wanted), sides)
        if change.before not in self.quiet:
            assert spelled(await self.comparing.sides(before)) == [], "false positive"
            self.quiet.add(change.before)
        if change.raw:
            await self.comparing.driver.execute(change.raw)

    def dump(self) -> list[str]:
        """What pg_dump says, in no order: a column that comes back is the last one."""
        return dump_lines(self.engine.url.set(drivername="postgresql").render_as_string(False))

    async def alembic(self, after: sa.MetaData, sides: ComparedCatalogs) -> str:
        """What Alembic's script does to the database; ``sides`` are as it is now."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with self.engine.connect() as connection:
                try:
                    code = their_script(connection, after, sides)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is the verdict
                    return f"stops with {type(error).__name__}"
                if code is None:
                    return MISSED
                try:
                    run_their_script(connection, code)
                except Exception as error:  # noqa: BLE001 - likewise
                    return f"its script fails: {first_line(error)}"
        left = await self.comparing.sides(after)
        missing = compare(left.actual, left.wanted)
        return f"finds a part: {named(missing)} is missing" if missing else FOUND


def their_script(
    connection: sa.Connection, after: sa.MetaData, sides: ComparedCatalogs
) -> str | None:
    """The upgrade that Alembic writes, with everything turned on that it has; None when empty."""
    options = {
        "target_metadata": after,
        "compare_type": True,
        "compare_server_default": True,
        "include_schemas": len(sides.actual.schemas) > 1
        or any(t.schema for t in after.tables.values()),
        "autogenerate_plugins": ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    }
    context = MigrationContext.configure(connection, opts=options)
    # packages beside Alembic, alembic_utils among them, put comparators of their own into it
    with mock.patch("alembic.autogenerate.compare.comparators", PriorityDispatcher()):
        operations = produce_migrations(context, after).upgrade_ops
    if operations.is_empty():
        return None
    body = render_python_code(operations, migration_context=context)
    return f"from sqlalchemy.dialects import postgresql\ndef upgrade():\n{body}"


def run_their_script(connection: sa.Connection, code: str) -> None:
    """Run it as a revision of Alembic's."""
    context = MigrationContext.configure(connection)
    names: dict[str, Any] = {"sa": sa}
    with TheirOperations.context(context) as operations:
        names["op"] = operations
        exec(compile(code, "alembic", "exec"), names)
        names["upgrade"]()


def first_line(error: Exception) -> str:
    """What the server or Python said; of tables in a cycle it may be either."""
    said = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return re.sub(r"drop table \w+ because", "drop table because", said)


def operations(sides: ComparedCatalogs) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
    """Those of the upgrade and of the downgrade."""
    return compare(sides.actual, sides.wanted), compare(sides.wanted, sides.actual)


def spelled(sides: ComparedCatalogs) -> list[str]:
    """The SQL of both."""
    return [
        compiled.sql
        for found in operations(sides)
        for operation in found
        for compiled in compile_operation(operation, MigrationDialect())
    ]


def named(operations: Iterable[MigrateOperation]) -> str:
    """Their directives, each once, in order."""
    return ", ".join(dict.fromkeys(_directives(operations)))


def _directives(operations: Iterable[MigrateOperation]) -> Iterator[str]:
    for operation in operations:
        if isinstance(operation, OpContainer):
            yield from _directives(operation.ops)
        elif operation.directive == "execute":
            words = operation.sqltext.partition("(")[0].split()
            yield f"execute `{' '.join(words[:2])}`"
        else:
            yield operation.directive
