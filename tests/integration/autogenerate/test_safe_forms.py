"""With ``safe_rewrites`` a generated revision shows the phases of its safe forms."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from asyncmig import Migrator, PhaseKind
from fix_database import dump_lines

ALEMBIC_TEMPLATE = """\
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
"""


def models(*, after: bool) -> sa.MetaData:
    metadata = sa.MetaData()
    author = sa.Table("author", metadata, sa.Column("id", sa.Integer, primary_key=True))
    book = sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pages", sa.Integer, nullable=not after),
        sa.Column("isbn", sa.Text),
        sa.Column("author_id", sa.Integer),
    )
    sale = sa.Table(
        "sale",
        metadata,
        sa.Column("day", sa.Date, nullable=False),
        postgresql_partition_by="RANGE (day)",
    )
    if after:
        book.append_constraint(sa.CheckConstraint("pages > 0", name="ck_pages"))
        book.append_constraint(sa.UniqueConstraint("isbn", name="uq_isbn"))
        book.append_constraint(
            sa.ForeignKeyConstraint(["author_id"], [author.c.id], name="fk_author")
        )
        random = sa.text("gen_random_uuid()")
        book.append_column(sa.Column("token", sa.Uuid, nullable=False, server_default=random))
        sa.Index("ix_pages", book.c.pages)
        sa.Index("ix_day", sale.c.day)
        new = sa.Table("new", metadata, sa.Column("id", sa.Integer, primary_key=True))
        sa.Index("ix_new", new.c.id)
    return metadata


@pytest.fixture
def migrator(project, database_url):
    def make(*, after: bool, **settings: object) -> Migrator:
        return Migrator(
            database_url,
            script_location=project.script_location,
            target_metadata=models(after=after),
            safe_rewrites=True,
            **settings,
        )

    return make


@pytest.mark.cells(1)
@pytest.mark.parametrize("revision_format", ["python", "sql"])
async def test_phases_are_written(migrator, database_url, revision_format):
    before = migrator(after=False, revision_format=revision_format)
    await before.revision(message="first", autogenerate=True)
    await before.upgrade()
    changed = migrator(after=True, revision_format=revision_format)
    created = await changed.revision(message="second", autogenerate=True)
    text = Path(created.path).read_text()
    marks = {
        "python": [
            "    with op.autocommit():",
            'op.create_index("ix_day", "sale", ["day"])',
            "op.backfill(",
        ],
        "sql": [
            "-- phase: autocommit",
            "CREATE INDEX ix_day ON sale (day);",
            "-- backfill: name=book_token_default\nUPDATE book SET token = DEFAULT\n",
        ],
    }
    for mark in marks[revision_format]:
        assert mark in text
    phases = (await changed.plan()).steps[0].phases
    for phase in phases:
        sql = [statement.sql for statement in phase.statements]
        if phase.kind is PhaseKind.TRANSACTION:
            assert not any("VALIDATE" in one for one in sql)
            assert not any("CONCURRENTLY" in one for one in sql)
    rewritten = {statement.replaces for phase in phases for statement in phase.statements} - {None}
    assert rewritten == (
        {"CREATE INDEX ix_day ON sale (day)"} if revision_format == "python" else set()
    )
    assert created.changes == 5
    reverted = dump_lines(database_url)
    await changed.upgrade()
    assert not (await changed.check()).differences
    await changed.downgrade("-1")
    assert dump_lines(database_url) == reverted


async def test_a_script_for_alembic_has_no_backfill(migrator, project):
    """Alembic has none: the planner makes it when asyncmig runs the script."""
    template = project.versions.parent / "script.py.mako"
    template.write_text(ALEMBIC_TEMPLATE)
    before = migrator(after=False)
    await before.revision(message="first", autogenerate=True)
    await before.upgrade()
    created = await migrator(after=True).revision(message="second", autogenerate=True)
    text = Path(created.path).read_text()
    assert 'server_default=sa.text("gen_random_uuid()"),' in text
    assert "backfill" not in text
    assert "postgresql_not_valid=True" in text
    (step,) = (await migrator(after=True).plan()).steps
    assert PhaseKind.BACKFILL in {phase.kind for phase in step.phases}
    await migrator(after=True).upgrade()
    assert not (await migrator(after=True).check()).differences


async def test_off_writes_the_plain_forms(project, database_url):
    def make(*, after: bool) -> Migrator:
        return Migrator(
            database_url,
            script_location=project.script_location,
            target_metadata=models(after=after),
        )

    await make(after=False).revision(message="first", autogenerate=True)
    await make(after=False).upgrade()
    created = await make(after=True).revision(message="second", autogenerate=True)
    text = Path(created.path).read_text()
    assert "autocommit" not in text
    assert "not_valid" not in text
