"""What asyncmig generates in a project of Alembic's is run by Alembic itself, both ways."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.operations import Operations as Theirs
from sqlalchemy.dialects import postgresql as pgs

from asyncmig import Migrator
from asyncmig.config import load
from asyncmig.entities import CompositeType, Function, Grant, Trigger, View, register
from asyncmig.operations.base.operation import built_in_operations
from asyncmig.operations.facade import Operations
from asyncmig.render.code.alembic_portable import LIMITED
from fix_database import dump_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENV_URL = "sqlalchemy.url = driver://user:pass@localhost/dbname"


BROUGHT = {"create_entity", "drop_entity", "replace_entity"}
"""What alembic_utils adds to Alembic's where it is imported."""


def theirs() -> set[str]:
    return {name for name in dir(Theirs) if not name.startswith("_")} - BROUGHT


def test_the_directives_are_those_of_alembic():
    ours = {name for name, cls in built_in_operations().items() if cls.in_alembic}
    assert ours == built_in_operations().keys() & theirs() - {"bulk_insert"}


@pytest.mark.parametrize(
    "name", sorted(name for name, cls in built_in_operations().items() if cls.in_alembic)
)
def test_the_keywords_are_those_of_alembic(name):
    found = inspect.signature(getattr(Operations, name)).parameters.values()
    parameters = inspect.signature(getattr(Theirs, name)).parameters
    takes_more = any(item.kind is item.VAR_KEYWORD for item in parameters.values())
    # "safe" is only ever written by a person
    ours = {item.name for item in found if item.kind is item.KEYWORD_ONLY} - {"safe"}
    assert takes_more or ours <= parameters.keys()
    if not takes_more and any(item.kind is item.VAR_KEYWORD for item in found):
        assert LIMITED[name] <= parameters.keys()


@pytest.mark.parametrize("name", sorted(LIMITED))
def test_alembic_takes_no_dialect_options(name):
    kinds = {item.kind for item in inspect.signature(getattr(Theirs, name)).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds


class Generating:
    """A project as ``alembic init`` makes it."""

    def __init__(self, path: Path, url: str) -> None:
        self.path, self.url = path, url
        self.config = Config(str(path / "alembic.ini"))
        command.init(self.config, str(path / "migrations"))
        ini = path / "alembic.ini"
        theirs = url.replace("postgresql:", "postgresql+psycopg2:")
        ini.write_text(ini.read_text().replace(ENV_URL, f"sqlalchemy.url = {theirs}"))
        self.config = Config(str(ini))
        self.config.attributes["configure_logger"] = False

    async def alembic(self, go: Callable[..., None], target: str) -> None:
        await anyio.to_thread.run_sync(go, self.config, target)

    def migrator(self, models: sa.MetaData, **settings: Any) -> Migrator:
        found = load(self.path / "alembic.ini", cwd=self.path, url=self.url)
        return Migrator(settings=found, target_metadata=models, **settings)

    async def revision(self, models: sa.MetaData, rev_id: str, **settings: Any) -> str:
        """The text of a new revision, which calls what Alembic has and nothing else."""
        migrator = self.migrator(models, **settings)
        created = await migrator.revision(rev_id, autogenerate=True, rev_id=rev_id)
        text = (self.path / created.path).read_text()
        assert "from alembic import op" in text
        assert set(re.findall(r"\bop\.(\w+)", text)) <= theirs()
        return text


@pytest.fixture
def generating(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Generating:
    # env.py would configure the logging of the tests
    monkeypatch.setattr("logging.config.fileConfig", lambda *_, **__: None)
    return Generating(tmp_path, database_url)


def first() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "item",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "state", sa.Enum("new", "old", name="state", schema="shop"), server_default="new"
        ),
        sa.Column("mood", sa.Enum("sad", "ok", "fine", name="mood")),
        sa.Column("number", sa.Integer, server_default=sa.text("nextval('shop.numbers')")),
        sa.Column("price", pgs.DOMAIN("price", sa.Numeric(8, 2))),
        sa.Column("code", sa.Text, sa.CheckConstraint("code <> 'a\\:b %s'", name="coded")),
        sa.Index("ix_lower", sa.text("lower(code)")),
        schema="shop",
    )
    sa.Sequence("numbers", metadata=metadata, schema="shop", increment=5)
    sa.Table("kept", metadata, sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))
    register(
        metadata,
        View("items", "SELECT id, 'a:b %s \\:c'::text AS told FROM shop.item WHERE code <> 'x'"),
        CompositeType("pair", {"a": "integer", "b": "text"}),
        Function("touch", returns="trigger", body="BEGIN\n  -- :new\n  RETURN NEW;\nEND"),
        Trigger("touched", "kept", "before", "update", "touch()"),
        Grant("select", "items", "pg_read_all_data"),
    )
    return metadata


def second() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "item",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "state",
            sa.Enum("new", "it's", "old", name="state", schema="shop"),
            server_default="it's",
        ),
        sa.Column("mood", sa.Enum("sad", "fine", name="mood")),
        sa.Column("number", sa.BigInteger),
        sa.Column("price", pgs.DOMAIN("price", sa.Numeric(9, 2), default=sa.text("1"))),
        sa.Column("code", sa.String(40), sa.CheckConstraint("code <> ''", name="coded")),
        schema="shop",
    )
    kept = sa.Table(
        "kept",
        metadata,
        sa.Column("a", sa.Integer),
        sa.Column("b", sa.Integer),
        sa.PrimaryKeyConstraint("a", postgresql_include=["b"], name="pk_kept"),
        sa.CheckConstraint("b > 0", name="more", deferrable=None),
    )
    sa.Index("ix_kept", kept.c.b)
    register(
        metadata,
        View("items", "SELECT id, code, mood FROM shop.item"),
        CompositeType("pair", {"a": "bigint", "c": "text"}),
        Function("touch", returns="trigger", body="BEGIN\n  RETURN OLD;\nEND"),
    )
    return metadata


@pytest.mark.cells(1)
@pytest.mark.parametrize("concurrently", [False, True])
async def test_alembic_runs_what_was_generated(generating: Generating, concurrently):
    url = generating.url
    written = await generating.revision(first(), "a1")
    assert 'op.execute("CREATE SCHEMA shop")' in written
    await generating.alembic(command.upgrade, "head")
    assert (await generating.migrator(first()).check()).differences == ()
    between = dump_lines(url)
    written = await generating.revision(second(), "b2", concurrent_indexes=concurrently)
    assert written.count("with op.get_context().autocommit_block():") == 2 + 4 * concurrently
    assert "ADD VALUE IF NOT EXISTS" in written
    await generating.alembic(command.upgrade, "head")
    assert (await generating.migrator(second()).check()).differences == ()
    there = dump_lines(url)
    await generating.alembic(command.downgrade, "a1")
    assert dump_lines(url) == between
    await generating.alembic(command.downgrade, "base")
    assert [line for line in dump_lines(url) if "CREATE" in line] == [
        "CREATE TABLE public.alembic_version ("
    ]
    await generating.alembic(command.upgrade, "head")
    assert dump_lines(url) == there
    # and by asyncmig, to whom the script says the same
    await generating.migrator(second()).downgrade("base")
    await generating.migrator(second()).upgrade()
    assert dump_lines(url) == there


async def test_a_template_of_the_project_s_own_has_our_directives(generating: Generating):
    template = generating.path / "migrations" / "script.py.mako"
    template.unlink()
    created = await generating.migrator(first()).revision("x", autogenerate=True)
    assert 'op.create_schema("shop")' in (generating.path / created.path).read_text()
