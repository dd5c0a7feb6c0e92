"""Alembic with psycopg2 as the oracle: the same project through both tools leaves the same database."""

import anyio.to_thread
import pytest
from alembic import command
from alembic.config import Config

from asyncmig import Migrator
from asyncmig.config import load
from fix_database import catalog_dump

ENV = """
from alembic import context
from sqlalchemy import MetaData, create_engine, pool

convention = {"uq": "uq_%(table_name)s_%(column_0_name)s", "ix": "ix_%(column_0_label)s"}
metadata = MetaData(naming_convention=convention)
options = {"target_metadata": metadata, "transaction_per_migration": True, "tenant": "t1"}
url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True, **options)
    context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
"""
HEADER = """\
import datetime
import json
import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
"""
# Habits of scripts written for psycopg2, each one revision.
HABITS = {
    "tables": """
        op.create_table(
            "author",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("name", sa.String(length=80), nullable=True),
            sa.Column("mood", sa.Enum("sad", "happy", name="mood"), server_default="sad"),
            sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
            sa.Column("born", sa.DateTime(timezone=True), server_default=sa.func.now()),
            sa.PrimaryKeyConstraint("id"),
            sa.UniqueConstraint("name"),
        )
        op.create_index(op.f("ix_author_born"), "author", ["born"], unique=False)
    """,
    "types of the dialect": """
        text = op.get_bind().dialect.type_descriptor(sa.Text())
        op.add_column("author", sa.Column("bio", text))
        number = op.get_context().dialect.type_descriptor(sa.Numeric(5, 2))
        op.add_column("author", sa.Column("score", number))
    """,
    "untyped parameters": """
        connection = op.get_bind()
        author = sa.table("author", sa.column("id"), sa.column("name"), sa.column("born"), sa.column("data"))
        connection.execute(author.insert().values(id="1", name=12, born="2026-01-02", data='{"a": 1}'))
        connection.execute(
            sa.text("INSERT INTO author (id, name, born) VALUES (:id, :name, :born)"),
            [
                {"id": 2, "name": "b", "born": datetime.datetime(2026, 1, 1)},
                {"id": 3, "name": "50%", "born": None},
            ],
        )
        connection.execute(sa.text("UPDATE author SET score = :s WHERE name LIKE '%b%'"), {"s": "1.5"})
    """,
    "several statements": """
        op.get_bind().execute(
            sa.text("CREATE TABLE a (x int); CREATE TABLE b (x int); INSERT INTO b VALUES (1)")
        )
        op.execute("CREATE VIEW v AS SELECT * FROM b; COMMENT ON VIEW v IS 'x:y'")
    """,
    "DDL while a result is open": """
        for row in op.get_bind().execute(sa.text("SELECT id FROM author ORDER BY id")):
            op.execute(f"ALTER TABLE author ADD COLUMN of_{row[0]} integer")
    """,
    "reflection": """
        inspector = sa.inspect(op.get_bind())
        if "bio" in [column["name"] for column in inspector.get_columns("author")]:
            op.alter_column("author", "bio", existing_type=sa.Text(), server_default="")
        if not inspector.has_table("book"):
            op.create_table("book", sa.Column("author_id", sa.Integer, sa.ForeignKey("author.id")))
        books = sa.Table("book", sa.MetaData(), autoload_with=op.get_bind())
        op.bulk_insert(books, [{"author_id": 1}, {"author_id": 2}])
    """,
    "the orm": """
        Base = sa.orm.declarative_base()

        class Author(Base):
            __tablename__ = "author"
            id = sa.Column(sa.Integer, primary_key=True)
            name = sa.Column(sa.String)
            data = sa.Column(sa.JSON)

        session = Session(bind=op.get_bind())
        for author in session.query(Author):
            author.data = {"was": author.name, **(author.data or {})}
        session.commit()
    """,
    "json read raw": """
        connection = op.get_bind()
        for id_, data in connection.execute(sa.text("SELECT id, data FROM author")).fetchall():
            assert isinstance(data, dict), data
            connection.execute(
                sa.text("UPDATE author SET data = :d WHERE id = :i"),
                {"d": json.dumps({**data, "n": id_}), "i": id_},
            )
    """,
    "batch and renames": """
        with op.batch_alter_table("author", schema=None) as batch_op:
            batch_op.add_column(sa.Column("mood2", sa.Enum("sad", "happy", name="mood"), nullable=True))
            batch_op.alter_column("score", new_column_name="points", existing_type=sa.Numeric(5, 2))
            batch_op.create_unique_constraint("uq_points", ["points"])
        op.rename_table("a", "renamed")
    """,
    "autocommit": """
        with op.get_context().autocommit_block():
            op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm'")
        op.execute("INSERT INTO author (id, mood) VALUES (9, 'calm')")
    """,
    "plain cursors": """
        raw = op.get_bind().connection
        cursor = raw.cursor()
        cursor.execute("SELECT id FROM author WHERE id = ANY(%s) ORDER BY id", ([1, 3],))
        for (id_,) in cursor.fetchall():
            cursor.execute("UPDATE author SET name = %s WHERE id = %s", (f"cursor{id_}", id_))
        cursor.close()
    """,
    "savepoints": """
        connection = op.get_bind()
        try:
            with connection.begin_nested():
                connection.execute(sa.text("INSERT INTO author (id) VALUES (1)"))
        except sa.exc.IntegrityError as error:
            assert error.orig.pgcode == "23505"
        op.drop_constraint("uq_points", "author", type_="unique")
    """,
    "the context": """
        assert op.get_context().opts["tenant"] == "t1"
        assert not context.is_offline_mode()
        assert context.config.get_main_option("script_location")
        tenant = context.get_x_argument(as_dictionary=True).get("tenant", op.get_context().opts["tenant"])
        op.execute(sa.text("INSERT INTO renamed VALUES (:n)").bindparams(n=len(tenant)))
    """,
}  # fmt: skip


@pytest.fixture
def both(project, make_database, monkeypatch):
    """A project with a revision for each habit, and two databases: one for each tool."""
    for name in ("DATABASE_URL", "ASYNCMIG_URL"):
        monkeypatch.delenv(name, raising=False)
    (project.script_location / "env.py").write_text(ENV)
    (project.path / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
    )
    previous = None
    for number, (name, body) in enumerate(HABITS.items(), 1):
        project.revision(
            f"r{number:02}",
            down=previous,
            message=name,
            header=HEADER,
            signature="def {name}():",
            upgrade=body,
        )
        previous = f"r{number:02}"
    return Tools(project), make_database(), make_database()


class Tools:
    def __init__(self, project):
        self.ini = project.path / "alembic.ini"

    async def alembic(self, url, target="head"):
        config = Config(str(self.ini))
        config.set_main_option("sqlalchemy.url", url.replace("postgresql:", "postgresql+psycopg2:"))
        await anyio.to_thread.run_sync(command.upgrade, config, target)

    async def asyncmig(self, url, target="head"):
        return await Migrator(settings=load(self.ini, url=url)).upgrade(target)


def dump(url):
    return catalog_dump(url, data=True).splitlines()


async def test_every_habit_leaves_the_same_database(both):
    tools, ours, theirs = both

    result = await tools.asyncmig(ours)
    await tools.alembic(theirs)

    assert len(result.applied) == len(HABITS)
    without_time = [[line for line in dump(url) if "9\t\\N" not in line] for url in (ours, theirs)]
    assert without_time[0] == without_time[1]


@pytest.mark.cells(2)
@pytest.mark.parametrize("meeting", ["r01", "r04", "r08", "r12"])
async def test_each_goes_on_where_the_other_stopped(both, meeting):
    tools, first, second = both

    await tools.asyncmig(first, meeting)
    await tools.alembic(first)
    await tools.alembic(second, meeting)
    await tools.asyncmig(second)

    assert catalog_dump(first) == catalog_dump(second)
