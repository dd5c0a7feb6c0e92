"""Which entities are compared, where they are built, and how extensions change."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import CITEXT

from asyncmig import Migrator
from asyncmig.entities import Extension, Function, Grant, Policy, Trigger, View, register

if TYPE_CHECKING:
    import asyncpg

    from fix_autogenerate import Comparing
    from fix_project import Project

READER = "pg_read_all_data"
THERE = f"""\
CREATE TABLE book (id serial PRIMARY KEY, title text);
CREATE VIEW legacy_titles AS SELECT title FROM book;
CREATE VIEW other AS SELECT id FROM book;
CREATE FUNCTION legacy_touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER legacy_touched BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION legacy_touch();
CREATE POLICY legacy_own ON book USING (title = CURRENT_USER);
GRANT SELECT ON legacy_titles TO {READER}"""
KINDS = ("view", "function", "trigger", "policy", "grant")


def book(*entities: Any, title: Any = sa.Text) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "book", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", title)
    )
    register(metadata, *entities)
    return metadata


async def found(
    project: Project, url: str, metadata: sa.MetaData, hooks: str, **options: Any
) -> set[tuple[str, str]]:
    """What a comparison finds with a hooks module of this source."""
    name = f"hooks_{project.versions.parent.parent.parent.name}_{len(hooks)}".replace("-", "_")
    (project.versions.parent / f"{name}.py").write_text(textwrap.dedent(hooks))
    settings = project.settings(url=url, hooks=name, managed_entities=KINDS, **options)
    differences = (await Migrator(settings=settings, target_metadata=metadata).check()).differences
    return {(item.change, item.object) for item in differences}


@pytest.fixture(autouse=True)
def modules(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(project.versions.parent)


async def test_names_that_are_left_out_stay(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    await pg.execute(THERE)
    hooks = """\
        ASKED = []

        def include_name(name, type_, parents):
            if type_ not in {"schema", "table", "column", "index"}:
                ASKED.append((type_, name, parents["table_name"]))
            return not (name or "").startswith("legacy_")
        """
    assert await found(project, database_url, book(), hooks) == {("drop_view", "other")}
    name = f"hooks_{project.versions.parent.parent.parent.name}_{len(hooks)}".replace("-", "_")
    asked = __import__(name).ASKED
    assert {
        ("view", "other", None),
        ("view", "legacy_titles", None),
        ("function", "legacy_touch", None),
        ("trigger", "legacy_touched", "book"),
        ("policy", "legacy_own", "book"),
        ("grant", "legacy_titles", None),
    } <= set(asked)


async def test_objects_that_are_left_out_stay(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    await pg.execute(THERE)
    declared = (
        View("legacy_titles", "SELECT upper(title) AS title FROM book"),
        View("fresh", "SELECT id FROM book"),
        Function("skipped", body="BEGIN END"),
    )
    hooks = """\
        ASKED = []

        def include_object(item, name, type_, reflected, compare_to):
            if type_ in {"view", "function", "trigger", "policy", "grant"}:
                ASKED.append((type_, name, reflected, compare_to is not None))
            return name not in {"legacy_titles", "skipped", "legacy_own"}
        """
    assert await found(project, database_url, book(*declared), hooks) == {
        ("drop_view", "other"),
        ("create_view", "fresh"),
        ("drop_function", "legacy_touch"),
        ("drop_trigger", "book.legacy_touched"),
    }
    name = f"hooks_{project.versions.parent.parent.parent.name}_{len(hooks)}".replace("-", "_")
    asked = __import__(name).ASKED
    assert {
        ("view", "legacy_titles", False, True),
        ("view", "fresh", False, False),
        ("view", "other", True, False),
        ("function", "skipped", False, False),
        ("grant", "legacy_titles", True, False),
    } <= set(asked)


async def test_an_extension_moves_to_another_schema(comparing: Comparing, pg: asyncpg.Connection):
    await pg.execute("CREATE SCHEMA ext")
    up, down = await comparing.there_and_back(
        book(Extension("citext", schema="public")),
        book(Extension("citext", schema="ext")),
    )
    assert up[0] == "ALTER EXTENSION citext SET SCHEMA ext"
    assert down[0] == "ALTER EXTENSION citext SET SCHEMA public"


async def test_an_extension_gets_another_version(comparing: Comparing, pg: asyncpg.Connection):
    newest = await pg.fetchval(
        "SELECT default_version FROM pg_available_extensions WHERE name = 'citext'"
    )
    await comparing.build(book(Extension("citext", version="1.4")))
    assert (
        await pg.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'citext'") == "1.4"
    )
    sides = await comparing.build(book(Extension("citext", version=newest)))
    assert (
        await pg.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'citext'") == newest
    )
    # where no version is said, that of the database will do
    await pg.execute("DROP EXTENSION citext; CREATE EXTENSION citext VERSION '1.4'")
    await comparing.nothing_to_do(await comparing.sides(book(Extension("citext"))))
    assert sides.declared.kinds == {"extension"}


@pytest.mark.cells(1)
@pytest.mark.parametrize("elsewhere", [False, True])
async def test_declared_extensions_in_a_shadow_and_a_cache(
    project: Project, database_url: str, make_database: Any, elsewhere, monkeypatch, tmp_path
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    options = {"shadow_url": make_database()} if elsewhere else {}
    settings = project.settings(url=database_url, shadow_cache=True, **options)
    declared = (
        Extension("citext"),
        View("titles", "SELECT title FROM book WHERE title = 'a'"),
        Function("f", "a citext", returns="citext", language="sql", body="SELECT a"),
        Trigger("t", "titles", "instead of", "insert", "suppress_redundant_updates_trigger()"),
        Policy("own", "book", using="title = 'a'"),
        Grant("select", "titles", READER),
    )
    models = book(*declared, title=CITEXT)
    first = Migrator(settings=settings, target_metadata=models)
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    for _ in range(2):  # from the server, and from what was kept
        assert (await first.check()).differences == ()
    without = Migrator(settings=settings, target_metadata=book(*declared[1:], title=CITEXT))
    assert (await without.check()).differences == ()
    moved = Migrator(
        settings=settings,
        target_metadata=book(Extension("citext", version="1.4"), *declared[1:], title=CITEXT),
    )
    assert [item.change for item in (await moved.check()).differences] == ["execute"]
