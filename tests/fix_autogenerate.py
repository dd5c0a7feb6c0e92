"""Models against a database: both sides read, differences applied."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from asyncmig.autogenerate.renames import confirm_renames
from asyncmig.catalog.entity_reading import entities_of, read_entity_rows
from asyncmig.catalog.reading import catalog_of, read_rows
from asyncmig.database.session import Session
from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.diff.compare import compare
from asyncmig.diff.directions.downgrade import downgrade_operations
from asyncmig.diff.directions.upgrade import upgrade_operations
from asyncmig.diff.normalize.managed import Managed
from asyncmig.diff.normalize.passes import COMPARE_PASSES, PAIR_PASSES, run_passes
from asyncmig.diff.normalize.sides import Rules, Sides
from asyncmig.diff.schema_items.models_catalog import ModelsCatalog
from asyncmig.entities import registered
from asyncmig.operations.facade import Operations
from asyncmig.render.code.operations import render_operations
from asyncmig.render.code.schema_items import ItemWriter
from asyncmig.shadow.cache import ShadowCache
from asyncmig.shadow.read_sides import ComparedCatalogs, read_sides
from asyncmig.shadow.refusals import refused_models
from asyncmig.shadow.scratch_schemas import PRINTING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from sqlalchemy import MetaData

    from asyncmig.autogenerate.renames import RenameRequests
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.shadow.scratch_schemas import CatalogSnapshot


class Collecting:
    """The sink of a generated script: keeps the SQL of each directive."""

    offline = True
    dialect = MigrationDialect()
    options: dict[str, Any] = {}  # noqa: RUF012 - nothing is put there

    def __init__(self, target_metadata: Any) -> None:
        self.target_metadata = target_metadata
        self.sql: list[str] = []

    def perform(self, operation: MigrateOperation) -> None:
        self.sql += [found.sql for found in compile_operation(operation, self.dialect)]


def as_script(operations: Iterable[MigrateOperation], models: Any = None) -> tuple[str, set[str]]:
    """The body of a function, and the imports it needs."""
    items = ItemWriter(final_names=frozenset() if models is None else models.conventions)
    return render_operations(operations, items), items.imports


def run_script(body: str, imports: Iterable[str], target_metadata: Any = None) -> list[str]:
    """The SQL of a generated script."""
    sink = Collecting(target_metadata)
    source = "\n".join(["import sqlalchemy as sa", *imports, body])
    exec(compile(source, "generated", "exec"), {"op": Operations(sink)})  # type: ignore[arg-type]  # enough of one
    return sink.sql


def as_sides(catalogs: ComparedCatalogs) -> Sides:
    """Both catalogs as the passes of a comparison take them."""
    models = ModelsCatalog(catalog=catalogs.wanted, tables=catalogs.models.tables)
    return Sides(origin=catalogs.actual, actual=catalogs.actual, models=models)


class KeptModels(ShadowCache):
    """The cache of printed models in memory: a test reads the same models again after each step."""

    def __init__(self) -> None:
        self.kept: dict[str, CatalogSnapshot] = {}

    def get(self, key: str) -> CatalogSnapshot | None:
        return self.kept.get(key)

    def put(self, key: str, printed: CatalogSnapshot) -> None:
        self.kept[key] = printed


class Comparing:
    """A database and what models make of it."""

    def __init__(self, driver: asyncpg.Connection) -> None:
        self.driver = driver
        self.cache: ShadowCache | None = KeptModels()
        self.managed_entities: tuple[str, ...] = ()

        async def none() -> Any:
            raise AssertionError("a comparison needs no SQLAlchemy connection")

        self.session = Session(driver, none)

    async def sides(self, *metadatas: MetaData, **options: Any) -> ComparedCatalogs:
        """Both catalogs, normalized as for a comparison."""
        return self.normalized(await self.read(*metadatas, **options))

    async def read(self, *metadatas: MetaData, **options: Any) -> ComparedCatalogs:
        """Both catalogs as the server prints them; a refused object is an error."""
        entities = registered(metadatas)
        options = {"entities": entities, "cache": self.cache} | options
        found = await read_sides(self.session, metadatas, **options)
        if found.refused:
            raise refused_models([refusal.object for refusal in found.refused])
        return found

    async def scripted(
        self, catalogs: ComparedCatalogs, requests: RenameRequests
    ) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
        """The operations of the upgrade and of the downgrade of a revision.

        Args:
            catalogs: the result of ``read``.
            requests: the requested renames.
        """
        rules = self.rules(catalogs)

        async def pair(sides: Sides) -> Sides:
            return run_passes(PAIR_PASSES, sides, rules)

        renamed = await confirm_renames(await pair(as_sides(catalogs)), requests, pair)
        sides = run_passes(COMPARE_PASSES, renamed.sides, rules)
        names, up = upgrade_operations(sides, renamed.renames)
        down, names_back = downgrade_operations(sides, renamed.renames)
        return [*names, *up], [*down, *names_back]

    def rules(self, catalogs: ComparedCatalogs) -> Rules:
        """The rules of a comparison without hooks."""
        return Rules(managed=Managed.of(catalogs.declared, self.managed_entities))

    def normalized(self, catalogs: ComparedCatalogs) -> ComparedCatalogs:
        """Run the passes of a comparison without renames."""
        passes = (*PAIR_PASSES, *COMPARE_PASSES)
        sides = run_passes(passes, as_sides(catalogs), self.rules(catalogs))
        return replace(catalogs, actual=sides.actual, wanted=sides.wanted)

    async def actual(self, catalogs: ComparedCatalogs) -> ComparedCatalogs:
        """The database read again, beside the models as they were read."""
        await self.driver.execute(f"BEGIN; {PRINTING}")
        schemas = sorted(
            catalogs.actual.schemas | catalogs.models.schemas | catalogs.declared.schemas
        )
        rows = await read_rows(self.session.fetch, schemas)
        entities = entities_of(await read_entity_rows(self.session.fetch, schemas))
        await self.driver.execute("ROLLBACK")
        found = catalog_of(rows, default_schema=catalogs.actual.default_schema)
        return self.normalized(replace(catalogs, actual=replace(found, entities=entities)))

    async def apply(
        self, operations: Iterable[MigrateOperation], sides: ComparedCatalogs | None = None
    ) -> list[str]:
        """Write operations as a script, run it as a revision would be, and give its SQL."""
        models = None if sides is None else sides.models
        body, imports = as_script(operations, models)
        metadata = None if models is None else models.metadatas[0]
        written = run_script(body, imports, metadata)
        for sql in written:
            try:
                await self.driver.execute(sql)
            except asyncpg.PostgresError as error:
                raise AssertionError(f"{error}\n{sql}\nof\n" + "\n".join(written)) from error
        return written

    async def build(self, *metadatas: MetaData) -> ComparedCatalogs:
        """Make the database what the models say, by our own operations."""
        sides = await self.sides(*metadatas)
        await self.apply(compare(sides.actual, sides.wanted), sides)
        after = await self.sides(*metadatas)
        await self.nothing_to_do(after)
        return after

    async def nothing_to_do(self, sides: ComparedCatalogs) -> None:
        for operations in (
            compare(sides.actual, sides.wanted),
            compare(sides.wanted, sides.actual),
        ):
            assert [
                compiled.sql
                for operation in operations
                for compiled in compile_operation(operation, MigrationDialect())
            ] == []

    async def there_and_back(
        self, before: MetaData, after: MetaData
    ) -> tuple[list[str], list[str]]:
        """From one set of models to another and back; nothing is left to do after each way."""
        origin = (await self.build(before)).actual
        sides = await self.sides(after)
        upgrade = compare(sides.actual, sides.wanted)
        downgrade = compare(sides.wanted, sides.actual)
        up = await self.apply(upgrade, sides)
        await self.nothing_to_do(await self.sides(after))
        down = await self.apply(downgrade, sides)
        restored = (await self.sides(before)).actual
        assert restored == origin
        return up, down


@asynccontextmanager
async def comparing_at(url: str) -> AsyncIterator[Comparing]:
    driver = await asyncpg.connect(url)
    try:
        yield Comparing(driver)
    finally:
        await driver.close()


@pytest.fixture
async def comparing(database_url: str) -> AsyncIterator[Comparing]:
    async with comparing_at(database_url) as found:
        yield found
