"""Safe rewrites of the directives of ``batch_alter_table``, and ``safe=False`` on each of them."""

from __future__ import annotations

import pytest

from asyncmig import Migrator

DIRECTIVES = [
    'add_column(sa.Column("a", sa.Integer, sa.CheckConstraint("a > 0", name="ck"){}',
    'alter_column("pages", nullable=False{}',
    'create_primary_key("pk", ["id"]{}',
    'create_unique_constraint("uq", ["isbn"]{}',
    'create_foreign_key("fk", "author", ["author_id"], ["id"]{}',
    'create_check_constraint("ck", "pages > 0"{}',
    'create_index("ix", ["title"]{}',
    'drop_index("ix"{}',
]


async def script(project, directive: str) -> str:
    project.revision("a1", upgrade="pass")
    project.revision(
        "b1",
        down="a1",
        header="import sqlalchemy as sa",
        upgrade=f'with op.batch_alter_table("book") as batch:\n    batch.{directive}',
    )
    migrator = Migrator(script_location=project.script_location, safe_rewrites=True)
    return await migrator.sql("a1:b1")


@pytest.mark.parametrize("directive", DIRECTIVES)
async def test_a_directive_of_a_batch_is_rewritten(project, directive):
    closing = "))" if directive.startswith("add_column") else ")"
    assert "-- safe form of: " in await script(project, directive.format(closing))


@pytest.mark.parametrize("directive", DIRECTIVES)
async def test_safe_false_keeps_its_plain_form(project, directive):
    closing = "), safe=False)" if directive.startswith("add_column") else ", safe=False)"
    assert "safe form" not in await script(project, directive.format(closing))
