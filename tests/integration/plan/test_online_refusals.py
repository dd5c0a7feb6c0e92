"""What an online change cannot carry is refused by name, and nothing is changed."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from asyncmig.errors import DirectiveError, StatementFailedError

BASE = """
CREATE TABLE bill (id int PRIMARY KEY, total int, at timestamp, note text, day date);
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
"""

TOTAL = ("total", "type_=sa.BigInteger")

CASES = {
    "view": (TOTAL, "CREATE VIEW sums AS SELECT total FROM bill", "view sums depends"),
    "whole view": (
        ("id", "type_=sa.BigInteger"),
        "CREATE VIEW notes AS SELECT id, note, count(*) FROM bill GROUP BY id",
        "view notes depends",
    ),
    "materialized view": (
        TOTAL,
        "CREATE MATERIALIZED VIEW sums AS SELECT total FROM bill",
        "materialized view sums depends",
    ),
    "rule": (TOTAL, "CREATE RULE log AS ON INSERT TO bill DO ALSO NOTIFY bill", "rule log of"),
    "trigger of the column": (
        TOTAL,
        "CREATE TRIGGER changed AFTER UPDATE OF total ON bill FOR EACH ROW EXECUTE FUNCTION pass()",
        "trigger changed on public.bill depends",
    ),
    "trigger of an update": (
        TOTAL,
        "CREATE TRIGGER changed AFTER UPDATE ON bill FOR EACH ROW EXECUTE FUNCTION pass()",
        "trigger changed of public.bill would fire",
    ),
    "later trigger": (
        TOTAL,
        'CREATE TRIGGER "~~" BEFORE INSERT ON bill FOR EACH ROW EXECUTE FUNCTION pass()',
        "trigger ~~ of public.bill fires after",
    ),
    "generated column": (
        TOTAL,
        "ALTER TABLE bill ADD gross int GENERATED ALWAYS AS (total * 2) STORED",
        "public.bill.gross depends",
    ),
    "statistics": (
        TOTAL,
        "CREATE STATISTICS of_bill ON total, id FROM bill",
        "statistics object public.of_bill depends",
    ),
    "policy": (
        TOTAL,
        "CREATE POLICY own ON bill USING (total > 0)",
        "policy own on public.bill depends",
    ),
    "SQL function": (
        TOTAL,
        "CREATE FUNCTION sum() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(total) FROM bill; END",
        "function public.sum() depends",
    ),
    "exclusion": (
        TOTAL,
        "ALTER TABLE bill ADD CONSTRAINT apart EXCLUDE USING btree (total WITH =)",
        "constraint apart of public.bill is an exclusion constraint",
    ),
    "publication": (
        TOTAL,
        "CREATE PUBLICATION everything FOR TABLE bill",
        "publication everything publishes",
    ),
    "inheritance": (TOTAL, "CREATE TABLE child () INHERITS (bill)", "inherits from a table"),
    "row security": (
        TOTAL,
        "ALTER TABLE bill ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "forces row level security",
    ),
    "collation": (
        ("note", "type_=sa.String(9)"),
        'ALTER TABLE bill ALTER note TYPE text COLLATE "C"',
        "public.bill.note has the collation",
    ),
    "expression": (
        ("date", "type_=sa.Text"),
        "ALTER TABLE bill RENAME day TO date; CREATE INDEX days ON bill ((date > '2020-01-01'::date))",
        "index days of public.bill has another word",
    ),
    "whole row": (
        TOTAL,
        "ALTER TABLE bill ADD CONSTRAINT given CHECK (bill.* IS NOT NULL)",
        "constraint given of public.bill uses the whole row",
    ),
    "time zone": (("at", "type_=sa.DateTime(timezone=True)"), "", "depends on the time zone"),
    "using and foreign key": (
        ("id", 'type_=sa.Text, using="id::text"'),
        "CREATE TABLE part (bill_id int REFERENCES bill)",
        "part_bill_id_fkey of public.part refers",
    ),
    "partitioned referring table": (
        ("id", "type_=sa.BigInteger"),
        "CREATE TABLE part (bill_id bigint REFERENCES bill) PARTITION BY LIST (bill_id)",
        "has a partitioned table on one side",
    ),
    "partitioned": (
        TOTAL,
        "DROP TABLE bill; CREATE TABLE bill (id int PRIMARY KEY, total int) PARTITION BY LIST (id)",
        "public.bill is partitioned",
    ),
    "name": (TOTAL, "ALTER TABLE bill ADD total_online int", "has a column total_online already"),
    "no column": (("gone", "type_=sa.Text"), "", "there is no column gone in bill"),
    "no table": (TOTAL, "DROP TABLE bill", "there is no table bill"),
}


@pytest.mark.cells(6)
@pytest.mark.parametrize("name", CASES)
async def test_refused(project, database_url, pg, name):
    (column, keywords), setup, problem = CASES[name]
    await pg.execute(BASE + setup)
    columns = "SELECT count(*) FROM pg_attribute WHERE attname ~ 'online$' AND attname <> $1"
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade=f'op.alter_column_online("bill", "{column}", {keywords})',
    )
    migrator = Migrator(database_url, script_location=project.script_location)

    with pytest.raises(DirectiveError) as caught:
        await migrator.upgrade()

    assert problem in str(caught.value)
    assert await pg.fetchval(columns, "total_online" if name == "name" else "") == 0
    with pytest.raises(DirectiveError) as caught:
        await migrator.plan()
    assert problem in str(caught.value)


async def test_carried_where_it_does_not_matter(project, database_url, pg):
    """Objects of other columns, and a trigger that may fire, are no obstacle."""
    await pg.execute(BASE)
    await pg.execute(
        """
        CREATE VIEW notes AS SELECT id, note FROM bill;
        CREATE STATISTICS of_bill ON at, id FROM bill;
        CREATE POLICY own ON bill USING (note IS NOT NULL);
        CREATE TRIGGER changed AFTER UPDATE ON bill FOR EACH ROW EXECUTE FUNCTION pass();
        CREATE ROLE online_reader;
        GRANT SELECT (total), UPDATE (total) ON bill TO online_reader WITH GRANT OPTION;
        ALTER TABLE bill ALTER total SET (n_distinct = 5);
        INSERT INTO bill SELECT i, i FROM generate_series(1, 20) i;
        """
    )
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade="op.alter_column_online('bill', 'total', type_=sa.BigInteger, fire_triggers=True)",
    )
    acl = (
        "SELECT attacl::text, attoptions::text FROM pg_attribute"
        " WHERE attrelid = 'bill'::regclass AND attname = 'total'"
    )
    before = await pg.fetchrow(acl)
    try:
        await Migrator(database_url, script_location=project.script_location).upgrade()
        assert await pg.fetchrow(acl) == before
    finally:
        await pg.execute("DROP OWNED BY online_reader; DROP ROLE online_reader")


async def test_an_index_that_the_type_does_not_support(project, database_url, pg):
    """The server tries each index on an empty table before a row is changed."""
    await pg.execute(BASE + "CREATE INDEX notes ON bill USING hash (note)")
    project.revision(
        "a1",
        header="from sqlalchemy.dialects.postgresql import JSON",
        upgrade='op.alter_column_online("bill", "note", type_=JSON, using="note::json")',
    )
    with pytest.raises(StatementFailedError, match="has no default operator class"):
        await Migrator(database_url, script_location=project.script_location).upgrade()
    assert await pg.fetchval("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == 0


async def test_what_is_added_before_the_swap_is_named(project, database_url, pg):
    await pg.execute(BASE)
    await pg.execute("INSERT INTO bill SELECT i, i FROM generate_series(1, 20) i")
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade='op.alter_column_online("bill", "total", type_=sa.BigInteger)',
    )
    await pg.execute("ALTER TABLE bill ADD CONSTRAINT high CHECK (total > 0)")
    # the backfill stops, and the application's people add an index in the meantime
    await pg.execute("ALTER TABLE bill ADD CONSTRAINT low CHECK (total < 15) NOT VALID")
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(Exception, match="low"):
        await migrator.upgrade()
    await pg.execute(
        "UPDATE bill SET total = 1 WHERE total >= 15; CREATE INDEX later ON bill (total)"
    )
    with pytest.raises(Exception, match="does not carry: later"):
        await migrator.upgrade()
    await pg.execute("DROP INDEX later")
    await migrator.upgrade()
    names = (
        "SELECT array_agg(conname::text ORDER BY conname) FROM pg_constraint"
        " WHERE conrelid = 'bill'::regclass AND contype = 'c'"
    )
    assert await pg.fetchval(names) == ["high", "low"]
