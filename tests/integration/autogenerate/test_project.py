"""Autogenerate as people use it: a project, its models, its database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.entities import Function, register
from asyncmig.errors import ConfigError, DatabaseError, NotCurrentError, RefusedModelsError
from fix_database import catalog_dump
from support.paths import ROOT

if TYPE_CHECKING:
    from fix_project import Project


NAMES = {"ck": "ck_%(table_name)s_%(constraint_name)s", "ix": "ix_%(column_0_label)s"}


def shop(*, phone: bool = False) -> sa.MetaData:
    metadata = sa.MetaData(naming_convention=NAMES)
    sa.Table(
        "customer",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(200), nullable=False, unique=True),
        sa.Column("mood", sa.Enum("sad", "ok", name="mood"), server_default="ok"),
        *([sa.Column("phone", sa.Text, comment="with the country's code")] if phone else []),
        sa.CheckConstraint("email LIKE '%@%'", name="email"),
    )
    sa.Table(
        "purchase",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("customer_id", sa.ForeignKey("customer.id", ondelete="CASCADE"), index=True),
        sa.Column("price", sa.Numeric(8, 2), nullable=False),
    )
    return metadata


FIRST = """\
def upgrade(op: Operations) -> None:
    op.create_enum("mood", ["sad", "ok"])
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column(
            "mood",
            postgresql.ENUM(name="mood", create_type=False),
            server_default="ok",
        ),
        sa.PrimaryKeyConstraint("id", name="customer_pkey"),
        sa.UniqueConstraint("email", name="customer_email_key"),
        sa.CheckConstraint(
            "(email)::text ~~ '%@%'::text",
            name=op.f("ck_customer_email"),
        ),
    )
    op.create_table(
        "purchase",
        sa.Column("id", sa.BigInteger(), sa.Identity()),
        sa.Column("customer_id", sa.Integer()),
        sa.Column("price", sa.Numeric(precision=8, scale=2), nullable=False),
        sa.PrimaryKeyConstraint("id", name="purchase_pkey"),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name="purchase_customer_id_fkey",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_purchase_customer_id", "purchase", ["customer_id"])


def downgrade(op: Operations) -> None:
    # drops table purchase with its rows
    op.drop_table("purchase")
    # drops table customer with its rows
    op.drop_table("customer")
    op.drop_enum("mood")
"""


def migrator(project: Project, url: str, metadata: object, **settings: object) -> Migrator:
    return Migrator(settings=project.settings(url=url, **settings), target_metadata=metadata)  # type: ignore[arg-type]


async def test_a_project_from_nothing(project, database_url):
    first = migrator(project, database_url, shop())
    empty = catalog_dump(database_url, version_table=False)
    created = await first.revision("shop", autogenerate=True, rev_id="a1")
    text = project.versions.joinpath("a1_shop.py").read_text()
    assert text[text.index("def upgrade") :] == FIRST
    assert "from sqlalchemy.dialects import postgresql\n" in text
    assert (created.changes, created.written) == (4, True)
    await first.upgrade()
    assert (await first.check()).ok

    second = migrator(project, database_url, shop(phone=True))
    found = (await second.check()).differences
    assert [(item.change, item.object) for item in found] == [("add_column", "customer.phone")]
    before = catalog_dump(database_url, version_table=False)
    await second.revision("phone", autogenerate=True, rev_id="b2")
    await second.upgrade()
    assert (await second.check()).ok
    await second.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == before
    await second.downgrade("base")
    assert catalog_dump(database_url, version_table=False) == empty


async def test_nothing_to_write(project, database_url):
    same = migrator(project, database_url, shop())
    await same.revision("shop", autogenerate=True, rev_id="a1")
    await same.upgrade()
    skipped = await same.revision("again", autogenerate=True, rev_id="b2", skip_empty=True)
    assert (skipped.written, skipped.changes) == (False, 0)
    assert len(list(project.versions.glob("*.py"))) == 1
    written = await same.revision("again", autogenerate=True, rev_id="b2")
    assert (written.written, written.changes) == (True, 0)


async def test_the_database_must_be_at_head(project, database_url):
    project.revision("a1")
    with pytest.raises(NotCurrentError, match=r"not at head .a1."):
        await migrator(project, database_url, shop()).check()


async def test_there_must_be_models(project, database_url):
    with pytest.raises(ConfigError, match="no models"):
        await migrator(project, database_url, None).check()
    with pytest.raises(ConfigError, match="int, which is not a MetaData"):
        await migrator(project, database_url, [1]).check()


async def test_models_of_several_metadata(project, database_url):
    other = sa.MetaData(schema="other")
    sa.Table("log", other, sa.Column("at", sa.Date))
    found = (await migrator(project, database_url, [shop(), other]).check()).differences
    assert {item.object for item in found} >= {"other", "other.log", "customer"}


async def test_what_the_server_refuses_names_the_model(project, database_url):
    metadata = shop()
    sa.Table("bad", metadata, sa.Column("x", sa.Integer, server_default=sa.text("no_such()")))
    with pytest.raises(
        RefusedModelsError, match=r"table bad, column x: function no_such.* does not exist"
    ) as info:
        await migrator(project, database_url, metadata).check()
    assert "CREATE TABLE" in str(info.value.sql)


async def test_colons_and_backslashes_stay_as_they_are(project, database_url, pg):
    metadata = sa.MetaData()
    sa.Table(
        "word",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text, server_default="12:30:15 [:x] \\\\:y"),
        sa.CheckConstraint(r"text !~ '[[:cntrl:]]' AND text <> '\\:a'", name="plain"),
        sa.Column("size", sa.Integer, sa.Computed(r"length('\:x [:digit:] \\:b')", persisted=True)),
    )
    await pg.execute("CREATE TABLE word (id serial PRIMARY KEY)")
    found = migrator(project, database_url, metadata)
    await found.revision("words", autogenerate=True, rev_id="a1")
    await found.upgrade()
    assert (await found.check()).ok
    written = await pg.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'plain'"
    )
    assert "'[[:cntrl:]]'" in written


async def test_a_role_that_may_not_create(project, database_url, admin, pg):
    await pg.execute(
        "CREATE ROLE reader_of_catalogs; GRANT USAGE ON SCHEMA public TO reader_of_catalogs"
    )
    try:
        with pytest.raises(DatabaseError, match="reader_of_catalogs cannot create schemas") as info:
            await migrator(project, database_url, shop(), role="reader_of_catalogs").check()
        assert "GRANT CREATE ON DATABASE" in (info.value.hint or "")
    finally:
        await pg.execute("DROP OWNED BY reader_of_catalogs; DROP ROLE reader_of_catalogs")


async def test_hooks_choose_and_change(project, database_url, tmp_path, monkeypatch):
    (tmp_path / "my_hooks.py").write_text(
        """
def include_object(item, name, type_, reflected, compare_to):
    return not (type_ == "table" and name == "purchase") and name != "phone"

def include_name(name, type_, parents):
    return name != "foreign"

def process_revision_directives(context, revision, directives):
    from asyncmig.operations.directives.execute import ExecuteSQLOp
    script = directives[0]
    script.upgrade_ops.ops.append(ExecuteSQLOp("SELECT 1"))
    script.imports.add("import math")

def render_item(kind, item, context):
    return "sa.VARCHAR(200)" if kind == "type" and str(item) == "VARCHAR(200)" else False
"""
    )
    monkeypatch.syspath_prepend(tmp_path)
    hooked = migrator(project, database_url, shop(), hooks="my_hooks")
    await hooked.revision("x", autogenerate=True, rev_id="a1")
    text = project.versions.joinpath("a1_x.py").read_text()
    assert "purchase" not in text
    assert 'sa.Column("email", sa.VARCHAR(200), nullable=False)' in text
    assert 'op.execute("SELECT 1")' in text
    assert "import math\n" in text
    await hooked.upgrade()
    with_phone = migrator(project, database_url, shop(phone=True), hooks="my_hooks")
    assert (await with_phone.check()).ok


async def test_the_example_service_after_its_own_migrations(database_url, monkeypatch):

    root = ROOT / "examples" / "fastapi_service"
    monkeypatch.syspath_prepend(root)
    from boxoffice.models import Base

    service = Migrator(
        database_url, script_location=root / "migrations", target_metadata=Base.metadata
    )
    await service.upgrade()
    before = catalog_dump(database_url)
    assert (await service.check()).differences == ()
    assert catalog_dump(database_url) == before


SQL = """\
-- upgrade
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE customer (
"""


async def test_a_sql_revision(project, database_url):
    empty = catalog_dump(database_url, version_table=False)
    first = migrator(project, database_url, shop(), revision_format="sql")
    created = await first.revision("shop", autogenerate=True, rev_id="a1")
    text = project.versions.joinpath("a1_shop.sql").read_text()
    assert SQL in text
    assert "-- drops table purchase with its rows\nDROP TABLE purchase;\n" in text
    assert created.changes == 4
    await first.upgrade()
    assert (await first.check()).ok
    await first.downgrade("base")
    assert catalog_dump(database_url, version_table=False) == empty


async def test_carriage_returns_in_a_sql_revision(project, database_url, pg):
    models = sa.MetaData()
    sa.Table("t", models, sa.Column("a", sa.Text, server_default="a\r\nb", comment="x\r\ny"))
    body = "BEGIN\r\n  RAISE 'it''s \\';\rEND"
    register(models, Function("f", returns="void", language="plpgsql", body=body))
    first = migrator(project, database_url, models, revision_format="sql")
    await first.revision("t", autogenerate=True, rev_id="a1")
    path = project.versions / "a1_t.sql"
    assert b"\r" not in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))  # as git does on Windows
    await first.upgrade()
    assert await pg.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'f'") == body
    assert (await first.check()).ok


async def test_a_sql_revision_with_phases(project, database_url):
    def models(*labels: str) -> sa.MetaData:
        metadata = sa.MetaData()
        mood = sa.Enum("sad", *labels, name="mood")
        sa.Table("t", metadata, sa.Column("m", mood, server_default=labels[-1] if labels else None))
        return metadata

    first = migrator(project, database_url, models())
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    second = migrator(project, database_url, models("glad"))
    await second.revision("glad", autogenerate=True, rev_id="b2", sql_file=True)
    text = project.versions.joinpath("b2_glad.sql").read_text()
    marks = [line for line in text.splitlines() if line.startswith(("-- phase", "ALTER TYPE"))]
    assert marks[:3] == [
        "-- phase: autocommit",
        "ALTER TYPE mood ADD VALUE 'glad';",
        "-- phase: transaction",
    ]
    await second.upgrade()
    assert (await second.check()).ok
    await second.downgrade("a1")
    assert (await first.plan("a1")).steps == ()
