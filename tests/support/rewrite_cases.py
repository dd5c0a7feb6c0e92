"""A directive for each safe rewrite, on tables that have rows before the plan begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fix_project import Project

SETUP = """
op.execute(
    "CREATE FUNCTION gen_code() RETURNS text VOLATILE LANGUAGE plpgsql"
    " AS $$ BEGIN RETURN 'CODE'; END $$;"
    "CREATE TABLE author (id int PRIMARY KEY, name text)"
)
op.execute("INSERT INTO author SELECT i, 'author ' || i FROM generate_series(1, 20) AS i")
op.execute(
    "ALTER TABLE author ADD COLUMN nickname text NOT NULL DEFAULT substr(gen_random_uuid()::text, 15, 1)"
)
op.execute("CREATE TABLE book (id int, isbn text, pages int, author_id int, title varchar(50))")
op.execute(
    "INSERT INTO book SELECT i, 'isbn ' || i, i, i % 20 + 1, 'title ' || i FROM generate_series(1, 500) AS i"
)
op.execute("CREATE INDEX ix_book_pages ON book (pages)")
op.execute("CREATE TABLE sale (id int, day date NOT NULL, author_id int, note text) PARTITION BY RANGE (day)")
op.execute("CREATE TABLE sale_2024 PARTITION OF sale FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')")
op.execute(
    "CREATE TABLE sale_2025 PARTITION OF sale FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
    " PARTITION BY LIST (author_id)"
)
op.execute("CREATE TABLE sale_2025_1 PARTITION OF sale_2025 FOR VALUES IN (1, 2, 3)")
op.execute("CREATE TABLE sale_2025_2 PARTITION OF sale_2025 FOR VALUES IN (4, 5)")
op.execute(
    "INSERT INTO sale SELECT i, date '2024-01-01' + i, i % 5 + 1, 'note' FROM generate_series(1, 700) AS i"
)
op.execute("CREATE TABLE sale_2026 (id int, day date NOT NULL, author_id int, note text)")
op.execute(
    "INSERT INTO sale_2026 SELECT i, date '2026-01-01' + i, 1, 'note' FROM generate_series(1, 300) AS i"
)
op.execute("CREATE TABLE item (id int NOT NULL, kind text) PARTITION BY HASH (id)")
op.execute("CREATE TABLE item_0 PARTITION OF item FOR VALUES WITH (MODULUS 2, REMAINDER 0)")
op.execute(
    "INSERT INTO item SELECT i, 'x' FROM generate_series(1, 99) AS i"
    " WHERE satisfies_hash_partition('item'::regclass, 2, 0, i)"
)
op.execute("CREATE TABLE item_1 (id int NOT NULL, kind text)")
op.execute(
    "INSERT INTO item_1 SELECT i, 'x' FROM generate_series(1, 99) AS i"
    " WHERE satisfies_hash_partition('item'::regclass, 2, 1, i)"
)
op.execute("CREATE MATERIALIZED VIEW thick AS SELECT id, pages FROM book WHERE pages > 100")
op.execute("CREATE UNIQUE INDEX ON thick (id)")
op.execute("DELETE FROM book WHERE id > 495")
"""


class Case(NamedTuple):
    """A directive and what takes it back; ``phases`` is how many phases its safe form has on version 18."""

    upgrade: str
    downgrade: str
    phases: int


CASES: dict[str, Case] = {
    "not null": Case(
        'op.alter_column("book", "pages", nullable=False)',
        'op.alter_column("book", "pages", nullable=True)',
        2,
    ),
    "not null and more": Case(
        'op.alter_column("book", "title", type_=sa.Text, nullable=False, server_default="-",'
        ' comment="of the book", new_column_name="name")',
        'op.alter_column("book", "name", type_=sa.String(50), nullable=True, server_default=None,'
        ' comment=None, new_column_name="title")',
        3,
    ),
    "not null of a partitioned table": Case(
        'op.alter_column("sale", "id", nullable=False)',
        'op.alter_column("sale", "id", nullable=True)',
        2,
    ),
    "check": Case(
        'op.create_check_constraint("ck_pages", "book", "pages > 0")',
        'op.drop_constraint("ck_pages", "book")',
        2,
    ),
    "check of a partitioned table": Case(
        'op.create_check_constraint("ck_id", "sale", sa.column("id") > 0)',
        'op.drop_constraint("ck_id", "sale")',
        2,
    ),
    "foreign key": Case(
        'op.create_foreign_key("fk_author", "book", "author", ["author_id"], ["id"], ondelete="CASCADE")',
        'op.drop_constraint("fk_author", "book")',
        2,
    ),
    "foreign key without a name": Case(
        'op.create_foreign_key(None, "book", "author", ["author_id"], ["id"], deferrable=True)',
        'op.drop_constraint("book_author_id_fkey", "book")',
        2,
    ),
    "foreign key of a partitioned table": Case(
        'op.create_foreign_key("fk_author", "sale", "author", ["author_id"], ["id"])',
        'op.drop_constraint("fk_author", "sale")',
        2,
    ),
    "unique": Case(
        'op.create_unique_constraint("uq_isbn", "book", ["isbn"], deferrable=True, initially="DEFERRED")',
        'op.drop_constraint("uq_isbn", "book")',
        2,
    ),
    "unique without a name": Case(
        'op.create_unique_constraint(None, "book", ["isbn", "pages"])',
        'op.drop_constraint("book_isbn_pages_key", "book")',
        2,
    ),
    "unique of a partitioned table": Case(
        'op.create_unique_constraint("uq_sale", "sale", ["id", "day", "author_id"])',
        'op.drop_constraint("uq_sale", "sale")',
        8,
    ),
    "primary key": Case(
        'op.create_primary_key("pk_book", "book", ["id", "isbn"])',
        'op.drop_constraint("pk_book", "book");'
        ' op.alter_column("book", "id", nullable=True); op.alter_column("book", "isbn", nullable=True)',
        4,
    ),
    "primary key of a partitioned table": Case(
        'op.create_primary_key(None, "sale", ["id", "day", "author_id"])',
        'op.drop_constraint("sale_pkey", "sale");'
        ' op.alter_column("sale", "id", nullable=True); op.alter_column("sale", "author_id", nullable=True)',
        1,
    ),
    "create index": Case(
        'op.create_index("ix_title", "book", ["title", sa.text("lower(isbn) DESC")])',
        'op.drop_index("ix_title", "book")',
        1,
    ),
    "unique index with predicate": Case(
        'op.create_index("ix_isbn", "book", ["isbn"], unique=True, postgresql_where="pages > 10",'
        ' postgresql_include=["title"])',
        'op.drop_index("ix_isbn")',
        1,
    ),
    "drop index": Case(
        'op.drop_index("ix_book_pages", "book")',
        'op.create_index("ix_book_pages", "book", ["pages"])',
        1,
    ),
    "index of a partitioned table": Case(
        'op.create_index("ix_sale", "sale", ["id", sa.text("lower(note)"), sa.text("day DESC")])',
        'op.drop_index("ix_sale", "sale")',
        7,
    ),
    "index of an expression of a partitioned table": Case(
        'op.create_index("ix_sale_note", "sale", [sa.text("(note || note)"), sa.text("coalesce(id, 0)")])',
        'op.drop_index("ix_sale_note", "sale")',
        7,
    ),
    "column with constraints": Case(
        'op.add_column("book", sa.Column("editor_id", sa.Integer,'
        ' sa.ForeignKey("author.id", name="fk_editor"),'
        ' sa.CheckConstraint("editor_id > 0", name="ck_editor"),'
        ' server_default="1", nullable=False, index=True, comment="who edits"))',
        'op.drop_column("book", "editor_id")',
        7,
    ),
    "unique column": Case(
        'op.add_column("book", sa.Column("code", sa.Text, unique=True))',
        'op.drop_column("book", "code")',
        3,
    ),
    "column with a volatile default": Case(
        'op.add_column("author", sa.Column("code", sa.Text, server_default=sa.text("lower(gen_code())"),'
        ' comment="of the author"))',
        'op.drop_column("author", "code")',
        3,
    ),
    "column with a volatile default, not null and constraints": Case(
        """op.add_column("author", sa.Column("Code", sa.String(40),
            sa.CheckConstraint("\\"Code\\" > '0'", name="ck_code"), nullable=False, index=True,
            server_default=sa.text("substr(gen_random_uuid()::text, 15, 1)")))""",
        'op.drop_column("author", "Code")',
        7,
    ),
    "column with a volatile default that comes back": Case(
        'op.drop_column("author", "nickname")',
        'op.add_column("author", sa.Column("nickname", sa.Text, nullable=False,'
        ' server_default=sa.text("substr(gen_random_uuid()::text, 15, 1)")))',
        1,
    ),
    "column with a volatile default of a table without a key": Case(
        'op.add_column("book", sa.Column("shelf", sa.Text,'
        ' server_default=sa.text("substr(gen_random_uuid()::text, 15, 1)")))',
        'op.drop_column("book", "shelf")',
        2,
    ),
    "column with a volatile default of a partitioned table": Case(
        'op.add_column("sale", sa.Column("shelf", sa.Text, nullable=False,'
        ' server_default=sa.text("substr(gen_random_uuid()::text, 15, 1)")))',
        'op.drop_column("sale", "shelf")',
        4,
    ),
    "attach partition": Case(
        'op.attach_partition("sale", "sale_2026", "FROM (\'2026-01-01\') TO (\'2027-01-01\')")',
        'op.detach_partition("sale", "sale_2026")',
        3,
    ),
    "attach hash partition": Case(
        'op.attach_partition("item", "item_1", "WITH (MODULUS 2, REMAINDER 1)")',
        'op.detach_partition("item", "item_1")',
        3,
    ),
    "attach partition of a partition": Case(
        'op.execute("CREATE TABLE sale_2025_6 (LIKE sale)");'
        " op.execute(\"INSERT INTO sale_2025_6 VALUES (1, '2025-02-02', 6, NULL)\");"
        ' op.attach_partition("sale_2025", "sale_2025_6", "IN (6)")',
        'op.execute("DROP TABLE sale_2025_6")',
        1,
    ),
    "detach partition": Case(
        'op.detach_partition("sale", "sale_2024")',
        'op.attach_partition("sale", "sale_2024", "FROM (\'2024-01-01\') TO (\'2025-01-01\')")',
        4,
    ),
    "refresh": Case(
        'op.refresh_materialized_view("thick")', 'op.refresh_materialized_view("thick")', 1
    ),
}


def write_case(project: Project, case: Case) -> Project:
    """A revision with the tables, and one with the directive."""
    project.revision("a1", upgrade=SETUP, downgrade=None)
    project.revision(
        "b1",
        down="a1",
        header="import sqlalchemy as sa",
        upgrade=case.upgrade,
        downgrade=case.downgrade,
    )
    return project
