"""The safe form of each operation, as exact SQL."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.directives.partitions import AttachPartitionOp, DetachPartitionOp
from asyncmig.operations.directives.views import RefreshMaterializedViewOp
from asyncmig.plan.rewrites.facts import DatabaseFacts, Partition
from asyncmig.plan.rewrites.recipe import recipe, safe_phases
from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation

BOOK = SqlName("app", "book")
PARTITIONED = DatabaseFacts(
    version=15,
    partitions={
        BOOK: (
            Partition(SqlName("app", "book_1"), BOOK, "r"),
            Partition(SqlName("app", "book_2"), BOOK, "p"),
            Partition(SqlName("app", "Book 2a"), SqlName("app", "book_2"), "r"),
        )
    },
)

FORMS: list[tuple[MigrateOperation, DatabaseFacts | None, str]] = [
    (
        CreateIndexOp("ix", "book", ["title"], schema="app"),
        None,
        """
        -- phase 1, outside of a transaction
        CREATE INDEX CONCURRENTLY ix ON app.book (title);
        """,
    ),
    (
        DropIndexOp("ix", "book", schema="app", if_exists=True),
        None,
        """
        -- phase 1, outside of a transaction
        DROP INDEX CONCURRENTLY IF EXISTS app.ix;
        """,
    ),
    (
        CreateForeignKeyOp(None, "book", "author", ["author_id"], ["id"], ondelete="CASCADE"),
        None,
        """
        -- phase 1, in a transaction
        ALTER TABLE book ADD CONSTRAINT book_author_id_fkey FOREIGN KEY(author_id)\
 REFERENCES author (id) ON DELETE CASCADE NOT VALID;
        -- phase 2, in a transaction of its own
        ALTER TABLE book VALIDATE CONSTRAINT book_author_id_fkey;
        """,
    ),
    (
        CreateUniqueConstraintOp("Uq", "book", ["isbn"], deferrable=True),
        None,
        """
        -- phase 1, outside of a transaction
        CREATE UNIQUE INDEX CONCURRENTLY "Uq" ON book (isbn);
        -- phase 2, in a transaction of its own
        ALTER TABLE book ADD CONSTRAINT "Uq" UNIQUE USING INDEX "Uq" DEFERRABLE;
        """,
    ),
    (
        CreatePrimaryKeyOp(None, "book", ["id"]),
        None,
        """
        -- phase 1, in a transaction
        ALTER TABLE book ADD CONSTRAINT book_id_not_null_proof CHECK (id IS NOT NULL) NOT VALID;
        -- phase 2, in a transaction of its own
        ALTER TABLE book VALIDATE CONSTRAINT book_id_not_null_proof;
        -- phase 3, outside of a transaction
        CREATE UNIQUE INDEX CONCURRENTLY book_pkey ON book (id);
        -- phase 4, in a transaction of its own
        ALTER TABLE book ALTER COLUMN id SET NOT NULL;
        ALTER TABLE book ADD CONSTRAINT book_pkey PRIMARY KEY USING INDEX book_pkey;
        ALTER TABLE book DROP CONSTRAINT book_id_not_null_proof;
        """,
    ),
    (
        AlterColumnOp("book", "pages", modify_nullable=False, modify_comment="sheets"),
        None,
        """
        -- phase 1, in a transaction
        ALTER TABLE book ADD CONSTRAINT book_pages_not_null_proof CHECK (pages IS NOT NULL) NOT VALID;
        -- phase 2, in a transaction of its own
        ALTER TABLE book VALIDATE CONSTRAINT book_pages_not_null_proof;
        -- phase 3, in a transaction of its own
        ALTER TABLE book ALTER COLUMN pages SET NOT NULL;
        ALTER TABLE book DROP CONSTRAINT book_pages_not_null_proof;
        -- phase 4, in a transaction of its own
        COMMENT ON COLUMN book.pages IS 'sheets';
        """,
    ),
    (
        AlterColumnOp("book", "pages", modify_nullable=False, modify_type=sa.Integer()),
        DatabaseFacts(version=18),
        """
        -- phase 1, in a transaction
        ALTER TABLE book ALTER COLUMN pages TYPE INTEGER;
        ALTER TABLE book ADD CONSTRAINT book_pages_not_null NOT NULL pages NOT VALID;
        -- phase 2, in a transaction of its own
        ALTER TABLE book VALIDATE CONSTRAINT book_pages_not_null;
        """,
    ),
    (
        AddColumnOp(
            "book",
            sa.Column(
                "editor_id",
                sa.Integer,
                sa.ForeignKey("author.id", name="fk"),
                sa.CheckConstraint("editor_id > 0", name="ck"),
                unique=True,
                comment="who",
            ),
        ),
        None,
        """
        -- phase 1, in a transaction
        ALTER TABLE book ADD COLUMN editor_id INTEGER;
        -- phase 2, in a transaction of its own
        ALTER TABLE book ADD CONSTRAINT ck CHECK (editor_id > 0) NOT VALID;
        -- phase 3, in a transaction of its own
        ALTER TABLE book VALIDATE CONSTRAINT ck;
        -- phase 4, outside of a transaction
        CREATE UNIQUE INDEX CONCURRENTLY book_editor_id_key ON book (editor_id);
        -- phase 5, in a transaction of its own
        ALTER TABLE book ADD CONSTRAINT book_editor_id_key UNIQUE USING INDEX book_editor_id_key;
        -- phase 6, in a transaction of its own
        ALTER TABLE book ADD CONSTRAINT fk FOREIGN KEY(editor_id) REFERENCES author (id) NOT VALID;
        -- phase 7, in a transaction of its own
        ALTER TABLE book VALIDATE CONSTRAINT fk;
        -- phase 8, in a transaction of its own
        COMMENT ON COLUMN book.editor_id IS 'who';
        """,
    ),
    (
        AddColumnOp(
            "book",
            sa.Column(
                "Token",
                sa.Uuid,
                server_default=sa.text("gen_random_uuid()"),
                nullable=False,
                unique=True,
                comment="secret",
            ),
            schema="app",
        ),
        None,
        """
        -- phase 1, in a transaction
        ALTER TABLE app.book ADD COLUMN "Token" UUID;
        ALTER TABLE app.book ALTER COLUMN "Token" SET DEFAULT gen_random_uuid();
        -- phase 2, in batches
        -- backfill: name=app_book_Token_default
        UPDATE app.book SET "Token" = DEFAULT
        WHERE ("Token" IS NULL);
        -- phase 3, in a transaction of its own
        ALTER TABLE app.book ADD CONSTRAINT "book_Token_not_null_proof" CHECK ("Token" IS NOT NULL) NOT VALID;
        -- phase 4, in a transaction of its own
        ALTER TABLE app.book VALIDATE CONSTRAINT "book_Token_not_null_proof";
        -- phase 5, in a transaction of its own
        ALTER TABLE app.book ALTER COLUMN "Token" SET NOT NULL;
        ALTER TABLE app.book DROP CONSTRAINT "book_Token_not_null_proof";
        -- phase 6, outside of a transaction
        CREATE UNIQUE INDEX CONCURRENTLY "book_Token_key" ON app.book ("Token");
        -- phase 7, in a transaction of its own
        ALTER TABLE app.book ADD CONSTRAINT "book_Token_key" UNIQUE USING INDEX "book_Token_key";
        -- phase 8, in a transaction of its own
        COMMENT ON COLUMN app.book."Token" IS 'secret';
        """,
    ),
    (
        AddColumnOp("book", sa.Column("code", sa.Text, server_default=sa.text("make_code()"))),
        DatabaseFacts(volatile_functions=frozenset({"make_code"})),
        """
        -- phase 1, in a transaction
        ALTER TABLE book ADD COLUMN code TEXT;
        ALTER TABLE book ALTER COLUMN code SET DEFAULT make_code();
        -- phase 2, in batches
        -- backfill: name=book_code_default
        UPDATE book SET code = DEFAULT
        WHERE (code IS NULL);
        """,
    ),
    (
        AddColumnOp(
            "book", sa.Column("n", sa.Float, server_default=sa.text("random()")), schema="app"
        ),
        DatabaseFacts(without_key=frozenset({BOOK})),
        """
        -- phase 1, in a transaction
        ALTER TABLE app.book ADD COLUMN n FLOAT;
        ALTER TABLE app.book ALTER COLUMN n SET DEFAULT random();
        -- phase 2, in batches
        -- backfill: name=app_book_n_default by=ctid
        UPDATE app.book SET n = DEFAULT
        WHERE (n IS NULL);
        """,
    ),
    (
        RefreshMaterializedViewOp("thick"),
        DatabaseFacts(refreshable=frozenset({SqlName(None, "thick")})),
        """
        -- phase 1, in a transaction
        REFRESH MATERIALIZED VIEW CONCURRENTLY thick;
        """,
    ),
]


FORMS += [
    (
        AddColumnOp(
            "book",
            sa.Table(
                "book", sa.MetaData(), sa.Column("a", sa.Integer, sa.ForeignKey("b.id", name="fk"))
            ).c.a,
        ),
        None,
        """
        -- phase 1, in a transaction
        ALTER TABLE book ADD COLUMN a INTEGER;
        -- phase 2, in a transaction of its own
        ALTER TABLE book ADD CONSTRAINT fk FOREIGN KEY(a) REFERENCES b (id) NOT VALID;
        -- phase 3, in a transaction of its own
        ALTER TABLE book VALIDATE CONSTRAINT fk;
        """,
    ),
    (
        AddColumnOp(
            "book",
            sa.Column(
                "a",
                sa.Integer,
                sa.CheckConstraint("a > 0", name="z"),
                sa.CheckConstraint("a < 9", name="b"),
            ),
            inline_primary_key=True,
        ),
        None,
        """
        -- phase 1, in a transaction
        ALTER TABLE book ADD COLUMN a INTEGER;
        -- phase 2, in a transaction of its own
        ALTER TABLE book ADD CONSTRAINT z CHECK (a > 0) NOT VALID;
        -- phase 3, in a transaction of its own
        ALTER TABLE book VALIDATE CONSTRAINT z;
        -- phase 4, in a transaction of its own
        ALTER TABLE book ADD CONSTRAINT b CHECK (a < 9) NOT VALID;
        -- phase 5, in a transaction of its own
        ALTER TABLE book VALIDATE CONSTRAINT b;
        """,
    ),
]


@pytest.mark.parametrize(("operation", "database", "expected"), FORMS)
def test_form(operation, database, expected):
    assert recipe(operation, database) == dedent(expected).strip()


def phases(operation: MigrateOperation, database: DatabaseFacts) -> list[str]:
    """The statements without the guard of the partitions."""
    found = recipe(operation, database) or ""
    return [line for line in found.splitlines() if line.startswith(("CREATE", "ALTER"))]


def test_index_of_a_partitioned_table():
    assert phases(CreateIndexOp("ix", "book", ["title"], schema="app"), PARTITIONED) == [
        "CREATE INDEX ix ON ONLY app.book (title);",
        "CREATE INDEX book_2_title_idx ON ONLY app.book_2 (title);",
        "ALTER INDEX app.ix ATTACH PARTITION app.book_2_title_idx;",
        "CREATE INDEX CONCURRENTLY book_1_title_idx ON app.book_1 (title);",
        'CREATE INDEX CONCURRENTLY "Book 2a_title_idx" ON app."Book 2a" (title);',
        "ALTER INDEX app.ix ATTACH PARTITION app.book_1_title_idx;",
        'ALTER INDEX app.book_2_title_idx ATTACH PARTITION app."Book 2a_title_idx";',
    ]


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("lower(title)", "lower"),
        ("lower(title) DESC NULLS LAST", "lower"),
        ("(lower(title) ISNULL)", "expr"),
        ("lower(title) ISNULL", "expr"),
        ("title ISNULL", "expr"),
        ("title DESC", "title"),
        ("(pages + 1)", "expr"),
    ],
)
def test_an_index_of_a_partition_is_named_as_postgresql_names_it(expression, name):
    operation = CreateIndexOp("ix", "book", [sa.text(expression)], schema="app")
    assert f"CREATE INDEX book_2_{name}_idx ON ONLY app.book_2 ({expression});" in phases(
        operation, PARTITIONED
    )


def test_only_the_first_on_of_an_index_is_that_of_its_table():
    note = "note <> 'INDEX ix ON book'"
    operation = CreateIndexOp("ix", "book", ["a"], schema="app", postgresql_where=sa.text(note))
    expected = f"CREATE INDEX ix ON ONLY app.book (a) WHERE {note};"
    assert phases(operation, PARTITIONED)[0] == expected


def test_a_key_without_a_name_gets_its_name_on_the_partitioned_table_too():
    operation = CreateUniqueConstraintOp(None, "book", ["isbn"], schema="app")
    last = "ALTER TABLE app.book ADD CONSTRAINT book_isbn_key UNIQUE (isbn);"
    assert phases(operation, PARTITIONED)[-1] == last


@pytest.mark.parametrize(
    ("operation", "database", "sizes"),
    [
        (AlterColumnOp("book", "pages", modify_nullable=False), None, [1, 1, 2]),
        (
            CreateUniqueConstraintOp("uq", "book", ["isbn"], schema="app"),
            PARTITIONED,
            [1, 1, 1, 1, 1, 1],
        ),
    ],
)
def test_no_phase_has_an_operation_that_does_nothing(operation, database, sizes):
    form = safe_phases(operation, database)
    assert isinstance(form, SafeForm)
    assert [len(phase) for phase in form.phases] == sizes


def test_the_column_of_a_script_stays_without_a_table():
    operation = AddColumnOp("book", sa.Column("a", sa.Integer, unique=True))
    assert recipe(operation) == recipe(operation)
    assert operation.column.table is None


def test_unique_constraint_of_a_partitioned_table():
    operation = CreateUniqueConstraintOp("uq", "book", ["isbn"], schema="app")
    own = '"Book 2a_isbn_key"'
    assert phases(operation, PARTITIONED) == [
        "CREATE UNIQUE INDEX CONCURRENTLY book_1_isbn_key ON app.book_1 (isbn);",
        "ALTER TABLE app.book_1 ADD CONSTRAINT book_1_isbn_key UNIQUE USING INDEX book_1_isbn_key;",
        'CREATE UNIQUE INDEX CONCURRENTLY "Book 2a_isbn_key" ON app."Book 2a" (isbn);',
        f'ALTER TABLE app."Book 2a" ADD CONSTRAINT {own} UNIQUE USING INDEX {own};',
        "ALTER TABLE app.book ADD CONSTRAINT uq UNIQUE (isbn);",
    ]


def test_foreign_key_of_a_partitioned_table_before_18():
    operation = CreateForeignKeyOp(
        "fk", "book", "author", ["author_id"], ["id"], source_schema="app"
    )
    references = "ADD CONSTRAINT fk FOREIGN KEY(author_id) REFERENCES author (id)"
    assert phases(operation, PARTITIONED) == [
        f"ALTER TABLE app.book_1 {references} NOT VALID;",
        "ALTER TABLE app.book_1 VALIDATE CONSTRAINT fk;",
        f'ALTER TABLE app."Book 2a" {references} NOT VALID;',
        'ALTER TABLE app."Book 2a" VALIDATE CONSTRAINT fk;',
        f"ALTER TABLE app.book {references};",
    ]


@pytest.mark.parametrize(
    "operation",
    [
        ExecuteSQLOp("CREATE INDEX ix ON book (title)"),
        CreateIndexOp("ix", "book", ["title"], postgresql_concurrently=True),
        DropIndexOp("ix", "book", postgresql_concurrently=True),
        CreateCheckConstraintOp("ck", "book", "pages > 0", postgresql_not_valid=True),
        CreateForeignKeyOp("fk", "book", "a", ["a"], ["id"], postgresql_not_valid=True),
        AlterColumnOp("book", "pages", modify_nullable=True),
        AlterColumnOp("book", "pages", modify_nullable=False, existing_nullable=False),
        AddColumnOp("book", sa.Column("pages", sa.Integer, server_default="0")),
        AddColumnOp("book", sa.Column("at", sa.DateTime, server_default=sa.func.now())),
        AddColumnOp("book", sa.Column("a", sa.Integer, sa.Computed("b", persisted=False))),
        AddColumnOp("book", sa.Column("id", sa.Integer, primary_key=True)),
        DetachPartitionOp("book", "book_1", concurrently=True),
        RefreshMaterializedViewOp("thick", concurrently=True),
        RefreshMaterializedViewOp("thick", with_data=False),
    ],
)
def test_a_plain_form_that_is_safe(operation):
    assert safe_phases(operation) is None
    assert recipe(operation) is None


FOREIGN = DatabaseFacts(partitions={BOOK: (Partition(SqlName("app", "far"), BOOK, "f"),)})
RANDOM = sa.text("random()")
DEFAULT = DatabaseFacts(with_default_partition=frozenset({BOOK}))


@pytest.mark.parametrize(
    ("operation", "database", "reason"),
    [
        (
            CreateIndexOp("ix", "book", ["title"], schema="app"),
            FOREIGN,
            "an index cannot be built on a foreign table: app.far",
        ),
        (
            CreateUniqueConstraintOp("uq", "book", ["isbn"], schema="app"),
            FOREIGN,
            "a key cannot be built on a foreign table: app.far",
        ),
        (
            CreateIndexOp("ix", "book", ["title"], schema="app", if_not_exists=True),
            PARTITIONED,
            "IF NOT EXISTS does not tell which partitions have the index",
        ),
        (
            DropIndexOp("ix", schema="app"),
            DatabaseFacts(partitioned_indexes=frozenset({SqlName("app", "ix")})),
            "PostgreSQL cannot drop the index of a partitioned table concurrently",
        ),
        (
            AttachPartitionOp("book", "book_3", "DEFAULT", schema="app"),
            PARTITIONED,
            "the bound of a default partition depends on the other partitions",
        ),
        (
            AttachPartitionOp("book", "book_3", "IN (3)", schema="app"),
            DEFAULT,
            "app.book has a default partition, which is read as well",
        ),
        (
            DetachPartitionOp("book", "book_1", schema="app"),
            DEFAULT,
            "app.book has a default partition, and then PostgreSQL detaches nothing concurrently",
        ),
        (
            AddColumnOp("book", sa.Column("id", sa.Integer, sa.Identity())),
            None,
            "an identity rewrites the table; add the column, fill it with op.backfill, then ADD GENERATED",
        ),
        *(
            (
                AddColumnOp("book", sa.Column("double", sa.Integer, computed)),
                None,
                "a stored generated column rewrites the table, and there is no other way to add it",
            )
            for computed in (sa.Computed("pages * 2"), sa.Computed("pages * 2", persisted=True))
        ),
        (
            AddColumnOp(
                "book", sa.Column("n", sa.Float, server_default=RANDOM), if_not_exists=True
            ),
            None,
            (
                "the volatile default random() rewrites the table, and IF NOT EXISTS does not tell whether"
                " the column is new"
            ),
        ),
        (
            AddColumnOp(
                "book", sa.Column("id", sa.Integer, primary_key=True), inline_primary_key=True
            ),
            None,
            "PRIMARY KEY is written at the column",
        ),
        (
            AddColumnOp("book", sa.Column("a", sa.Integer, sa.CheckConstraint("a > 0"))),
            None,
            "the CHECK has no name by which it can be validated",
        ),
    ],
)
def test_no_safe_form(operation, database, reason):
    assert safe_phases(operation, database) == NotRewritten(reason)
