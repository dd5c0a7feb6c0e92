"""Changes of the way that rows are kept, and changes around what models have no words for."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from model_changes.building import (
    Change,
    both,
    check,
    col,
    domain,
    enum,
    n,
    nothing,
    only,
    sequence,
    table,
    unique,
)

FAST_15 = {"tablespace": "fast", "since": 15}
HEAP_TOO = {
    "setup": "DROP ACCESS METHOD IF EXISTS heap_too;"
    " CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler",
    "since": 15,
}


def stored(**parameters):
    return table(postgresql_with=parameters)


def ix(*keys, name="ix_book", **keywords):
    return table(lambda: sa.Index(name, *keys, **keywords))


def periods(*items):
    """Rows that hold for a time."""
    return only(
        col("id", sa.Integer, nullable=False),
        col("during", pgs.DATERANGE, nullable=False),
        *items,
    )


title = table(col("name", sa.Text))
child = both(
    table(),
    table(col("pages", sa.Integer), name="novel", postgresql_inherits="book"),
)
plain_child = both(table(), table(col("pages", sa.Integer), name="novel"))

CHANGES = [
    Change("table: fillfactor", nothing, stored(fillfactor=70)),
    Change("table: another fillfactor", stored(fillfactor=70), stored(fillfactor=80)),
    Change(
        "table: autovacuum parameters",
        nothing,
        stored(autovacuum_vacuum_scale_factor=0.01, autovacuum_analyze_threshold=500),
    ),
    Change(
        "table: autovacuum off",
        stored(autovacuum_enabled="true"),
        stored(autovacuum_enabled="false"),
    ),
    Change(
        "table: one parameter less",
        stored(fillfactor=70, autovacuum_enabled="false"),
        stored(fillfactor=70),
    ),
    Change("table: parallel_workers", nothing, stored(parallel_workers=2)),
    Change(
        "a new table with parameters",
        nothing,
        both(nothing, only(col("x", sa.Text), name="a", postgresql_with={"fillfactor": 50})),
    ),
    Change("table: tablespace", nothing, table(postgresql_tablespace="fast"), **FAST_15),
    Change(
        "a new table in a tablespace",
        nothing,
        both(nothing, only(col("x", sa.Text), name="a", postgresql_tablespace="fast")),
        **FAST_15,
    ),
    Change("table: access method", nothing, table(postgresql_using="heap_too"), **HEAP_TOO),
    Change("table: inherits", plain_child, child),
    Change("an inheriting table added", table(), child),
    Change("an inheriting table removed", child, table()),
    Change("index: tablespace", ix("title"), ix("title", postgresql_tablespace="fast"), **FAST_15),
    Change(
        "index added in a tablespace",
        table(),
        ix("title", postgresql_tablespace="fast"),
        **FAST_15,
    ),
    Change(
        "index: parameter of its operator class",
        ix("title"),
        table(
            lambda: sa.Index(
                "ix_book", sa.text("title gist_trgm_ops(siglen=32)"), postgresql_using="gist"
            )
        ),
        setup="CREATE EXTENSION pg_trgm",
    ),
    Change(
        "index: another parameter of its operator class",
        table(
            lambda: sa.Index(
                "ix_book", sa.text("title gist_trgm_ops(siglen=16)"), postgresql_using="gist"
            )
        ),
        table(
            lambda: sa.Index(
                "ix_book", sa.text("title gist_trgm_ops(siglen=32)"), postgresql_using="gist"
            )
        ),
        setup="CREATE EXTENSION pg_trgm",
    ),
    Change(
        "index: collation and class of an expression",
        ix("title"),
        ix(sa.text('(lower(title) COLLATE "C") text_pattern_ops DESC')),
    ),
    Change(
        "index: fastupdate",
        ix("title"),
        table(lambda: sa.Index("ix_book", "title", postgresql_with={"deduplicate_items": "off"})),
    ),
    Change(
        "CHECK with NO INHERIT",
        table(check("id > 0", name="ck")),
        table(check("id > 0", name="ck")),
        raw="ALTER TABLE book DROP CONSTRAINT ck, ADD CONSTRAINT ck CHECK (id > 0) NO INHERIT",
    ),
    Change(
        "CHECK that is not enforced",
        table(check("id > 0", name="ck")),
        table(check("id > 0", name="ck")),
        raw="ALTER TABLE book DROP CONSTRAINT ck, ADD CONSTRAINT ck CHECK (id > 0) NOT ENFORCED",
        since=18,
    ),
    Change(
        "primary key WITHOUT OVERLAPS removed",
        periods(),
        periods(),
        setup="CREATE EXTENSION btree_gist",
        raw="ALTER TABLE book ADD CONSTRAINT pk PRIMARY KEY (id, during WITHOUT OVERLAPS)",
        since=18,
    ),
    Change(
        "foreign key with PERIOD removed",
        both(periods(), only(col("id", sa.Integer), col("during", pgs.DATERANGE), name="part")),
        both(periods(), only(col("id", sa.Integer), col("during", pgs.DATERANGE), name="part")),
        setup="CREATE EXTENSION btree_gist",
        raw="ALTER TABLE book ADD CONSTRAINT pk PRIMARY KEY (id, during WITHOUT OVERLAPS);"
        " ALTER TABLE part ADD CONSTRAINT fk FOREIGN KEY (id, PERIOD during)"
        " REFERENCES book (id, PERIOD during)",
        since=18,
    ),
    Change(
        "virtual generated column",
        n(sa.Integer),
        n(sa.Integer, lambda: sa.Computed("id * 2", persisted=False)),
        since=18,
    ),
    Change(
        "virtual generated column: expression",
        n(sa.Integer, lambda: sa.Computed("id * 2", persisted=False)),
        n(sa.Integer, lambda: sa.Computed("id * 3", persisted=False)),
        since=18,
    ),
    Change(
        "virtual generated column to stored",
        n(sa.Integer, lambda: sa.Computed("id * 2", persisted=False)),
        n(sa.Integer, lambda: sa.Computed("id * 2", persisted=True)),
        since=18,
    ),
    Change(
        "table removed with properties that models cannot express",
        both(
            nothing,
            only(
                col("a", sa.Text, nullable=False),
                unique("a", name="uq"),
                lambda: sa.Index("ix", "a"),
                name="gone",
            ),
        ),
        nothing,
        raw="ALTER TABLE gone REPLICA IDENTITY USING INDEX uq, CLUSTER ON ix;"
        " ALTER TABLE gone ALTER a SET STORAGE EXTERNAL, ALTER a SET COMPRESSION pglz,"
        " ALTER a SET STATISTICS 500, ALTER a SET (n_distinct = 9, n_distinct_inherited = 5);"
        " ALTER INDEX uq SET (fillfactor = 70); COMMENT ON INDEX ix IS 'it''s'",
    ),
    Change(
        "table with REPLICA IDENTITY FULL removed",
        both(nothing, only(col("a", sa.Text), name="gone")),
        nothing,
        raw="ALTER TABLE gone REPLICA IDENTITY FULL",
    ),
    Change(
        "column removed with properties that models cannot express",
        title,
        table(),
        raw="ALTER TABLE book ALTER name SET STORAGE EXTERNAL, ALTER name SET COMPRESSION pglz,"
        " ALTER name SET STATISTICS 500, ALTER name SET (n_distinct = 9)",
    ),
    Change(
        "column retyped that is stored in a way of its own",
        title,
        table(col("name", sa.String(40))),
        raw="ALTER TABLE book ALTER name SET STORAGE EXTERNAL, ALTER name SET COMPRESSION pglz,"
        " ALTER name SET STATISTICS 500, ALTER name SET (n_distinct = 9)",
    ),
    Change(
        "column retyped to what cannot be stored so",
        title,
        table(col("name", sa.Integer)),
        raw="ALTER TABLE book ALTER name SET STORAGE EXTERNAL, ALTER name SET COMPRESSION pglz",
    ),
    Change(
        "index rebuilt that rows are known and ordered by",
        table(lambda: sa.Index("ix", "title", unique=True)),
        table(lambda: sa.Index("ix", "title", "id", unique=True)),
        raw="ALTER TABLE book REPLICA IDENTITY USING INDEX ix, CLUSTER ON ix; COMMENT ON INDEX ix IS 'c'",
    ),
    Change(
        "index of REPLICA IDENTITY and CLUSTER ON removed",
        table(lambda: sa.Index("ix", "title", unique=True)),
        table(),
        raw="ALTER TABLE book REPLICA IDENTITY USING INDEX ix, CLUSTER ON ix; COMMENT ON INDEX ix IS 'c'",
    ),
    Change(
        "unique constraint rebuilt whose index has parameters",
        table(unique("title", name="uq")),
        table(unique("title", "id", name="uq")),
        raw="ALTER INDEX uq SET (fillfactor = 70)",
    ),
    Change(
        "enum replaced that has a comment",
        n(enum("a", "b")),
        n(enum("b", "a")),
        raw="COMMENT ON TYPE mood IS 'it''s'",
    ),
    Change(
        "domain replaced that has a comment",
        n(domain()),
        n(domain(sa.BigInteger)),
        raw="COMMENT ON DOMAIN price IS 'c'",
    ),
    Change(
        "domain with a comment removed", n(domain()), table(), raw="COMMENT ON DOMAIN price IS 'c'"
    ),
    Change(
        "sequence with a comment removed",
        sequence(),
        table(),
        raw="COMMENT ON SEQUENCE numbers IS 'c'",
    ),
    Change(
        "column retyped under extended statistics",
        title,
        table(col("name", sa.String(40))),
        raw="CREATE STATISTICS pair (dependencies) ON name, title FROM book;"
        " ALTER STATISTICS pair SET STATISTICS 500; COMMENT ON STATISTICS pair IS 'c'",
    ),
    Change(
        "column removed under extended statistics",
        title,
        table(),
        raw="CREATE STATISTICS pair (dependencies) ON name, title FROM book;"
        " COMMENT ON STATISTICS pair IS 'c'; ALTER STATISTICS pair SET STATISTICS 9",
    ),
    Change(
        "table removed with statistics and a rule",
        both(nothing, only(col("a", sa.Text), col("b", sa.Text), name="gone")),
        nothing,
        raw="CREATE STATISTICS pair ON a, b FROM gone;"
        " CREATE RULE kept AS ON DELETE TO gone DO INSTEAD NOTHING",
    ),
    Change(
        "column retyped under an undeclared rule",
        title,
        table(col("name", sa.String(40))),
        raw="CREATE RULE kept AS ON DELETE TO book DO INSTEAD UPDATE book SET name = old.name;"
        " COMMENT ON RULE kept ON book IS 'c'; ALTER TABLE book ENABLE ALWAYS RULE kept",
    ),
    Change(
        "column retyped under an undeclared view of an aggregate",
        title,
        table(col("name", sa.String(40))),
        raw="CREATE AGGREGATE product(integer) (SFUNC = int4mul, STYPE = integer);"
        " CREATE VIEW names AS SELECT product(id) AS p FROM book GROUP BY name",
    ),
]
