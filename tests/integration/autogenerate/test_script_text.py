"""Scripts as a reviewer likes to read them: no word more than is needed."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig import Migrator
from asyncmig.entities import Extension, register
from asyncmig_cli.output.console import open_console
from asyncmig_cli.rendering.differences import check_lines

if TYPE_CHECKING:
    from fix_project import Project

CONSTANTS = (
    (sa.CHAR(2), "DE"),
    (sa.String(9), "it's: 100%"),
    (pgs.ARRAY(sa.String(3)), "{}"),
    (pgs.ARRAY(sa.CHAR(3)), "{a,b}"),
    (pgs.BIT(3), "101"),
    (pgs.TIMESTAMP(timezone=True, precision=2), "2020-01-01 00:00:00+00"),
    (pgs.TIME(precision=3), "10:00:00"),
    (sa.Numeric(4, 2), "0"),
    (sa.Double(), "1.5"),
    (sa.BigInteger(), "99999999999"),
    (sa.Integer(), "-1"),
    (sa.Date(), "2020-01-01"),
    (pgs.JSONB(), '{"a": 1}'),
    (pgs.INT4RANGE(), "[8,18)"),
    (pgs.INT4MULTIRANGE(), "{[8,18)}"),
    (sa.Uuid(), "2f1d0b6e-0000-4000-8000-000000000000"),
    (sa.Enum("new", "used", name="state"), "new"),
    (sa.Enum("new", "used", name="state", schema="other"), "used"),
)
EXPRESSIONS = (
    (sa.Interval(), "'1 day'"),
    (pgs.INTERVAL(precision=0), "'1.5 seconds'"),
    (sa.Text(), r"E'a\\b'"),
    (sa.Text(), "'a'::varchar"),
    (pgs.REGCLASS(), "'pg_class'"),
    (sa.DateTime(timezone=True), "now()"),
    (pgs.DOMAIN("price", sa.Numeric), "'1'"),
)


def migrator(project: Project, url: str, metadata: sa.MetaData) -> Migrator:
    return Migrator(settings=project.settings(url=url), target_metadata=metadata)


async def written(project: Project, url: str, metadata: sa.MetaData, rev_id: str = "a1") -> str:
    """The script, after it was run up and down and up, and left nothing to detect."""
    it = migrator(project, url, metadata)
    await it.revision("new", autogenerate=True, rev_id=rev_id)
    await it.upgrade()
    found = await it.check()
    assert found.ok, found
    await it.downgrade("-1")
    await it.upgrade()
    found = await it.check()
    assert found.ok, found
    return project.versions.joinpath(f"{rev_id}_new.py").read_text()


async def test_constant_defaults_are_strings(project, database_url):
    columns = [
        sa.Column(f"c{place}", type_, server_default=default)
        for place, (type_, default) in enumerate(CONSTANTS)
    ]
    metadata = sa.MetaData()
    sa.Table("constants", metadata, *columns)
    text = await written(project, database_url, metadata)
    assert "sa.text" not in text
    for _, default in CONSTANTS:
        assert f'server_default="{default}"' in text.replace("'{\"a\": 1}'", '"{"a": 1}"')


async def test_other_defaults_are_sql(project, database_url):
    metadata = sa.MetaData()
    columns = [
        sa.Column(f"c{place}", type_, server_default=sa.text(default))
        for place, (type_, default) in enumerate(EXPRESSIONS)
    ]
    sa.Table("expressions", metadata, *columns)
    text = await written(project, database_url, metadata)
    assert text.count("server_default=sa.text(") == len(EXPRESSIONS)


async def test_names_are_final_only_where_a_convention_would_change_them(project, database_url):
    convention = {
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
        "ix": "i_%(column_0_label)s",
    }
    metadata = sa.MetaData(naming_convention=convention)
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pages", sa.Integer, sa.CheckConstraint("pages > 0", name="pages")),
        sa.Column("title", sa.Text, index=True, unique=False),
        sa.UniqueConstraint("title", name="titles"),
    )
    text = await written(project, database_url, metadata)
    assert re.findall(r'op\.f\("(\w+)"\)', text) == ["ck_book_pages"]
    assert 'name="pk_book"' in text
    again = migrator(project, database_url, sa.MetaData(naming_convention=convention))
    await again.revision("gone", autogenerate=True, rev_id="b1")
    await again.upgrade()


async def test_a_key_that_refers_says_nothing_of_counting(project, database_url):
    metadata = sa.MetaData()
    sa.Table("account", metadata, sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True))
    key = sa.ForeignKey("account.id")
    sa.Table("profile", metadata, sa.Column("account_id", sa.BigInteger, key, primary_key=True))
    sa.Table("page", metadata, sa.Column("id", sa.Integer, primary_key=True))
    one, two = (
        sa.Column("a", sa.Integer, primary_key=True),
        sa.Column("b", sa.Text, primary_key=True),
    )
    sa.Table("pair", metadata, one, two)
    sa.Table("code", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
    text = await written(project, database_url, metadata)
    assert 'sa.Column("account_id", sa.BigInteger(), nullable=False)' in text
    assert 'sa.Column("id", sa.Integer(), autoincrement=False, nullable=False)' in text
    assert 'sa.Column("id", sa.Integer(), nullable=False)' in text


async def test_temporary_tables_are_no_part_of_the_database(project, database_url):
    metadata = sa.MetaData()
    sa.Table("draft", metadata, sa.Column("id", sa.Integer), prefixes=["TEMPORARY"])
    found = await migrator(project, database_url, metadata).check()
    assert found.ok, found


async def test_an_extension_is_of_the_version_that_is_there(project, database_url):
    metadata = sa.MetaData()
    register(metadata, Extension("citext"))
    text = await written(project, database_url, metadata)
    assert 'op.create_extension("citext")' in text


async def test_what_is_only_built_again_is_told_so(project, database_url):
    def models(*labels: str) -> sa.MetaData:
        metadata = sa.MetaData()
        state = sa.Column("state", sa.Enum(*labels, name="state"), server_default="new")
        book = sa.Table("book", metadata, sa.Column("id", sa.Integer), state)
        sa.Index("fresh", book.c.id, postgresql_where=state == "new", unique=True)
        return metadata

    await written(project, database_url, models("new", "lost", "sold"))
    found = await migrator(project, database_url, models("new", "sold")).check()
    lines = list(check_lines(found, open_console(StringIO(), StringIO()).out))
    assert lines == [
        "~ rebuild_index book.fresh: UNIQUE ON book (id) WHERE state = 'new'::state",
        "~ change_enum state: 'new', 'lost', 'sold' -> 'new', 'sold'",
        "different: 2 differences",
    ]


async def test_exclusions_by_their_directive_or_as_sql(project, database_url):
    metadata = sa.MetaData()
    during = sa.Column("during", pgs.TSTZRANGE)
    alone = pgs.ExcludeConstraint((during, "&&"), name="alone", deferrable=True)
    some = pgs.ExcludeConstraint((during, "&&"), name="part", where=sa.text("i > 0"))
    sa.Table("slot", metadata, during, sa.Column("i", sa.Integer), alone, some)
    found = await migrator(project, database_url, metadata).check()
    assert [str(item).partition(":")[0] for item in found.differences] == [
        "+ create_table slot",
        "+ create_exclude_constraint slot.alone",
        "+ ALTER TABLE slot ADD CONSTRAINT part EXCLUDE USING gist (during WITH &&) WHERE ((i > 0))",
    ]
    text = await written(project, database_url, metadata)
    assert (
        'op.create_exclude_constraint(\n        "alone",\n        "slot",\n        ("during", "&&"),'
        in text
    )


def coupon(schema: str | None, **options: str) -> sa.MetaData:
    metadata = sa.MetaData()
    code = sa.Column("code", sa.Text, primary_key=True)
    sa.Table("coupon", metadata, code, sa.Column("at", sa.Date), schema=schema, **options)
    return metadata


async def test_a_table_in_another_schema_may_be_the_same(project, database_url, pg):
    await written(project, database_url, coupon(None))
    await pg.execute("INSERT INTO coupon VALUES ('x')")
    it = migrator(project, database_url, coupon("billing"))
    await it.revision("move", autogenerate=True, rev_id="b1")
    path = project.versions / "b1_move.py"
    text = path.read_text()
    assert "# drops table coupon with its rows; billing.coupon has the same columns" in text
    advised = re.search(r"(op\.execute\(.*SET SCHEMA billing\"\))", text)
    upgrade, downgrade = text.split("def downgrade")
    upgrade = re.sub(r"    # drops(?s:.*)", f"    {advised[1]}\n\n\n", upgrade)
    path.write_text(f"{upgrade}def downgrade{downgrade}")
    await it.upgrade()
    assert (await it.check()).ok
    assert await pg.fetchval("SELECT count(*) FROM billing.coupon") == 1


async def test_partitions_go_with_their_table(project, database_url):
    await written(project, database_url, coupon(None, postgresql_partition_by="LIST (code)"))
    it = migrator(project, database_url, sa.MetaData())
    await it.revision("gone", autogenerate=True, rev_id="b1")
    text = (project.versions / "b1_gone.py").read_text()
    assert "# drops table coupon with all its partitions and their rows" in text
