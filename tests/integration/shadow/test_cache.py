"""What servers printed for models is kept, and counts only while nothing else could be printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN

from asyncmig import Migrator
from asyncmig.database.session import Session
from asyncmig.shadow import cache as shadow_cache
from asyncmig.shadow import environment, read_sides
from asyncmig.shadow.cache import ShadowCache

if TYPE_CHECKING:
    from fix_autogenerate import Comparing


class Watching(Session):
    """A session that notes what it sends."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # the same
        self.sent: list[str] = []

    async def fetch(self, query, *args):
        self.sent.append(query)
        return await super().fetch(query, *args)

    async def send(self, sql):
        self.sent.append(sql)
        await super().send(sql)

    @property
    def has_built(self) -> bool:
        return any("CREATE TABLE" in sql for sql in self.sent)


def shop(default: str = "now()", **more: sa.Column) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("up", sa.ForeignKey("book.id"), index=True),
        sa.Column("mood", sa.Enum("sad", "ok", name="mood"), server_default="ok"),
        sa.Column("price", DOMAIN("price", sa.Numeric, check=sa.text("VALUE > 0"))),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text(default)),
        sa.CheckConstraint("price < 100 AND mood <> 'sad'"),
    )
    return metadata


class Kept:
    """Comparisons that share a cache."""

    def __init__(self, comparing: Comparing, folder: Path) -> None:
        self.comparing = comparing
        self.folder = folder

    async def sides(
        self, *metadatas: sa.MetaData, **options: object
    ) -> tuple[read_sides.ComparedCatalogs, bool]:
        session = Watching(self.comparing.driver, self.comparing.session.sqlalchemy)
        cache = ShadowCache(self.folder)
        sides = await read_sides.read_sides(session, metadatas or [shop()], cache=cache, **options)  # type: ignore[arg-type]
        return self.comparing.normalized(sides), session.has_built

    async def built(self, *metadatas: sa.MetaData) -> bool:
        return (await self.sides(*metadatas))[1]

    async def run(self, sql: str) -> None:
        await self.comparing.driver.execute(sql)


@pytest.fixture
def kept(comparing: Comparing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Comparisons without the roles of the server: other tests create and drop some meanwhile."""
    key = environment._ENVIRONMENT_KEY
    without_roles = key.replace("FROM pg_roles r WHERE", "FROM pg_roles r WHERE false AND")
    assert without_roles != key
    monkeypatch.setattr(environment, "_ENVIRONMENT_KEY", without_roles)
    return Kept(comparing, tmp_path / "kept")


async def test_a_new_role_builds_the_models(kept: Kept, monkeypatch: pytest.MonkeyPatch, pg):
    monkeypatch.undo()
    await kept.built()
    await pg.execute("CREATE ROLE of_the_cache_test")
    try:
        assert await kept.built()
    finally:
        await pg.execute("DROP ROLE of_the_cache_test")


async def test_unchanged_models_are_not_built_again(kept: Kept):
    first, built = await kept.sides()
    again, built_again = await kept.sides()
    assert (built, built_again) == (True, False)
    assert again.wanted == first.wanted
    plain = await kept.comparing.sides(shop())
    assert plain.wanted == first.wanted


async def test_a_change_of_the_models_builds_them(kept: Kept):
    await kept.built()
    sides, built = await kept.sides(shop("now() + '1 day'"))
    assert built
    default = sides.wanted.tables["public", "book"].columns["at"].default  # type: ignore[index]
    assert default == "(now() + '1 day'::interval)"
    assert not await kept.built()


async def test_unchanged_after_its_own_migration_but_for_the_types(kept: Kept):
    await kept.comparing.build(shop())
    assert await kept.built()
    sides, built = await kept.sides()
    assert not built
    await kept.comparing.nothing_to_do(sides)


@pytest.mark.cells(4)
@pytest.mark.parametrize(
    "change",
    [
        "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql RETURN pg_catalog.now()",
        "CREATE EXTENSION citext",
        "CREATE SCHEMA more",
        "CREATE TYPE public.other AS ENUM ('a')",
        "CREATE DOMAIN public.other AS int",
        "CREATE TYPE public.pair AS (a int, b int)",
        "CREATE OPERATOR public.<> (LEFTARG = text, RIGHTARG = int, FUNCTION = repeat)",
        "CREATE COLLATION other (provider = libc, locale = 'C')",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public",
        "CREATE CAST (text AS money) WITH INOUT",
        "SET TimeZone = 'Asia/Tokyo'",
        "SET DateStyle = 'German'",
        "SET extra_float_digits = 0",
        "SET search_path = public, pg_catalog",
        "CREATE TEMPORARY TABLE mine ()",
    ],
)
async def test_a_change_of_what_names_lead_to_builds_them(kept: Kept, change):
    await kept.built()
    assert not await kept.built()
    await kept.run(change)
    assert await kept.built()


async def test_a_change_of_a_function_or_type_that_is_used(kept: Kept):
    await kept.run(
        "CREATE SCHEMA lib; CREATE TYPE lib.pair AS (a int, b int);"
        "CREATE FUNCTION lib.at() RETURNS timestamptz LANGUAGE sql RETURN now()"
    )
    await kept.built(shop("lib.at()"))
    assert not await kept.built(shop("lib.at()"))
    await kept.run("ALTER FUNCTION lib.at() IMMUTABLE")
    assert await kept.built(shop("lib.at()"))
    await kept.run("ALTER TYPE lib.pair RENAME ATTRIBUTE a TO c")
    assert await kept.built(shop("lib.at()"))


async def test_what_depends_on_a_relation_elsewhere_is_not_kept(kept: Kept):
    await kept.run("CREATE SCHEMA lib; CREATE SEQUENCE lib.numbers; CREATE TABLE lib.kind (id int)")
    for text in ("nextval('lib.numbers')", "'lib.kind'::regclass::oid::int"):
        metadata = sa.MetaData()
        sa.Table("t", metadata, sa.Column("n", sa.Integer, server_default=sa.text(text)))
        assert await kept.built(metadata)
        assert await kept.built(metadata)


async def test_tables_elsewhere_change_nothing(kept: Kept):
    await kept.built()
    await kept.run("CREATE TABLE public.other (id serial PRIMARY KEY, name text)")
    assert not await kept.built()


async def test_a_warm_cache_needs_no_privilege(kept: Kept):
    await kept.built()
    await kept.run("SET default_transaction_read_only = on")
    assert not await kept.built()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: b"\0" * len(content),
        lambda content: content[:-9] + b"x" + content[-8:],
        lambda content: b"asyncmig-shadow-0" + content[17:],
    ],
)
async def test_a_damaged_entry_is_none(kept: Kept, damage):
    first, _ = await kept.sides()
    (entry,) = kept.folder.iterdir()
    entry.write_bytes(damage(entry.read_bytes()))
    again, built = await kept.sides()
    assert built
    assert again.wanted == first.wanted
    assert not await kept.built()


async def test_an_entry_under_another_name_is_none(kept: Kept):
    await kept.built()
    (entry,) = kept.folder.iterdir()
    await kept.built(shop("'2026-01-01'"))
    (other,) = set(kept.folder.iterdir()) - {entry}
    other.write_bytes(entry.read_bytes())
    assert await kept.built(shop("'2026-01-01'"))


async def test_a_folder_that_cannot_be_written(kept: Kept):
    kept.folder.write_text("a file")
    assert await kept.built()
    assert await kept.built()
    assert kept.folder.read_text() == "a file"


async def test_a_folder_that_cannot_be_made(kept: Kept):
    kept.folder = Path("/dev/null/kept")
    first, built = await kept.sides()
    again, built_again = await kept.sides()
    assert (built, built_again) == (True, True)
    assert again.wanted == first.wanted


WRITING = """
import sys
from pathlib import Path
from asyncmig.shadow import cache as shadow_cache
from asyncmig.shadow.scratch_schemas import CatalogSnapshot

shadow_cache._MAX_ENTRIES = 5
cache = shadow_cache.ShadowCache(Path(sys.argv[1]))
for turn in range(150):
    number = (turn + int(sys.argv[2])) % 8
    rows = [("tables", n, f"t{number}") for n in range(200 + number)]
    key = shadow_cache.key_of([str(number)])
    cache.put(key, CatalogSnapshot(rows=rows, entities=[]))
    found = cache.get(key)
    assert found is None or found.rows == rows, number
"""


@pytest.mark.slow
def test_many_processes_at_once(tmp_path: Path):
    folder = tmp_path / "kept"
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITING, str(folder), str(number)])
        for number in range(4)
    ]
    assert [process.wait(100) for process in processes] == [0] * 4
    left = list(folder.iterdir())
    assert len(left) <= 5
    assert all(len(path.name) == 64 for path in left)  # no draft is left


async def test_entries_of_another_version_are_none(kept: Kept, monkeypatch):
    first, _ = await kept.sides()
    for name, value in (("_FORMAT", "asyncmig-shadow-0"), ("ENTITIES", "SELECT 1")):
        with monkeypatch.context() as patch:
            patch.setattr(shadow_cache, name, value)
            again, built = await kept.sides()
        assert built
        assert again.wanted == first.wanted
    assert not await kept.built()


async def test_entries_do_not_pile_up(kept: Kept, monkeypatch):
    monkeypatch.setattr(shadow_cache, "_MAX_ENTRIES", 2)
    for day in range(4):
        await kept.built(shop(f"'2026-01-0{day + 1}'"))
    assert len(list(kept.folder.iterdir())) == 2
    assert not await kept.built(shop("'2026-01-04'"))


async def test_the_setting(project, database_url, cache_folder):
    project.revision("a1", upgrade="op.execute('CREATE TABLE t (id int)')")
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer), comment=project.url)
    folder = cache_folder / "asyncmig" / "shadow"

    async def entries(**changes: object) -> set[Path]:
        settings = project.settings(url=database_url, **changes)
        migrator = Migrator(settings=settings, target_metadata=metadata)
        await migrator.upgrade()
        await migrator.check()
        return set(folder.iterdir()) if folder.exists() else set()

    before = set(folder.iterdir()) if folder.exists() else set()
    assert await entries(shadow_cache=False) == before
    assert len(await entries() - before) == 1
