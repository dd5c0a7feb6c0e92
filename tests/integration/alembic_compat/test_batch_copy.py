"""Scripts of Alembic's that ask for a copy of a table, as SQLite needs it."""

import pytest

from asyncmig import Migrator
from asyncmig.errors import DirectiveError

BATCH = """
    with op.batch_alter_table("book", recreate="always") as batch:
        batch.add_column(sa.Column("pages", sa.Integer))
        batch.create_unique_constraint("uq_book", ["title"])
"""


async def upgrade(project, database_url, body, header="from alembic import op"):
    project.revision(
        "a1",
        header=f"import sqlalchemy as sa\n{header}",
        signature="def {name}():",
        upgrade=f"op.execute('CREATE TABLE book (id serial PRIMARY KEY, title text)'){body}",
    )
    await Migrator(settings=project.settings(url=database_url)).upgrade()


async def test_the_table_is_altered_in_place(project, database_url, pg):
    await upgrade(project, database_url, f"\n{BATCH}".replace("\n    ", "\n"))

    columns = "SELECT attname FROM pg_attribute WHERE attrelid = 'book'::regclass AND attnum > 0"
    assert [row[0] for row in await pg.fetch(f"{columns} ORDER BY attnum")] == [
        *("id", "title", "pages")
    ]
    assert await pg.fetchval("SELECT pg_get_serial_sequence('book', 'id')") == "public.book_id_seq"


async def test_another_order_of_columns_is_refused_and_so_is_a_copy_in_native_scripts(
    project, database_url
):
    reordered = BATCH.replace('"always"', '"auto", partial_reordering=[("pages", "id")]')
    for body, header in ((reordered, "from alembic import op"), (BATCH, "from asyncmig import op")):
        with pytest.raises(DirectiveError, match="would copy the whole table"):
            await upgrade(project, database_url, f"\n{body}".replace("\n    ", "\n"), header)
