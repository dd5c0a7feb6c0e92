"""``include_object`` hears of everything that Alembic's hears of, and what it leaves out stays out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations
from alembic.runtime.migration import MigrationContext

from asyncmig import Migrator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fix_project import Project

HOOKS = """
asked = set()

def include_object(object, name, type_, reflected, compare_to):
    asked.add((type_, name, reflected, compare_to is None, type(object).__name__))
    return name not in LEFT_OUT and not object.info.get("left_out")
"""


def models() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "users",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.Text, index=True),
        sa.Column("number", sa.Integer, unique=True),
        sa.Column("boss", sa.ForeignKey("users.id")),
        sa.CheckConstraint("number > 0", name="positive"),
        sa.Index("ix_users_email_lower", sa.text("lower(email)")),
        sa.Index("ix_users_ordered", sa.text('email COLLATE "C" DESC')),
        sa.Index("ix_users_told", "number", info={"left_out": True}),
    )
    sa.Table("orders", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="shop")
    sa.Index("ix_orders", metadata.tables["shop.orders"].c.id)
    return metadata


@pytest.fixture
def engine(database_url: str) -> sa.Engine:
    engine = sa.create_engine(
        database_url.replace("postgresql:", "postgresql+psycopg2:"), poolclass=sa.NullPool
    )
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA shop"))
    return engine


@pytest.fixture
def hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A module of hooks that leave out what has these names, or says so of itself."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(*left_out: str) -> str:
        name = f"included_{tmp_path.name}_{len(left_out)}"
        (tmp_path / f"{name}.py").write_text(f"LEFT_OUT = {left_out!r}\n{HOOKS}")
        return name

    return make


def alembics(engine: sa.Engine, metadata: sa.MetaData, module: str) -> set[Any]:
    """What Alembic asks about."""
    found = __import__(module)
    found.asked.clear()
    with engine.connect() as connection:
        options = {"include_object": found.include_object, "include_schemas": True}
        context = MigrationContext.configure(connection, opts=options)
        produce_migrations(context, metadata)
    return set(found.asked)


async def ours(migrator: Migrator, module: str) -> tuple[set[Any], str]:
    """What asyncmig asks about, and the SQL of what it finds."""
    if module in sys.modules:
        sys.modules[module].asked.clear()
    found = (await migrator.check()).differences
    return set(sys.modules[module].asked), "\n".join(sql for item in found for sql in item.sql)


@pytest.mark.parametrize("left_out", [(), ("ix_users_email_lower",), ("users", "ix_orders")])
async def test_what_is_asked_about(
    project: Project, database_url, engine, hooks, left_out: tuple[str, ...]
):
    module = hooks(*left_out)
    settings = project.settings(url=database_url, hooks=module, include_schemas=True)
    migrator = Migrator(settings=settings, target_metadata=models())
    asked, found = await ours(migrator, module)
    assert asked >= alembics(engine, models(), module)
    assert ("index", "ix_orders", False, True, "Index") in asked
    assert not [name for name in ("ix_users_told", *left_out) if f" {name} " in found]
    assert ("ix_users_ordered" in found) == ("users" not in left_out)
    with engine.begin() as connection:
        models().create_all(connection)
    asked, found = await ours(migrator, module)
    assert asked >= alembics(engine, models(), module)
    assert found == ""
