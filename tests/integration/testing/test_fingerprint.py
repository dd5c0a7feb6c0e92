"""Fingerprints of a schema: equal only if the full snapshots are equal."""

from __future__ import annotations

import pytest

from asyncmig.testing.fingerprint import read_fingerprint
from asyncmig.testing.snapshot import describe_changes, read_snapshot

START = """
CREATE TABLE a (id int PRIMARY KEY, name varchar(80) NOT NULL DEFAULT 'x', price numeric CHECK (price > 0));
CREATE INDEX a_name ON a (name);
CREATE SEQUENCE s;
CREATE VIEW v AS SELECT id FROM a;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION h() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION g();
CREATE RULE r AS ON DELETE TO v DO INSTEAD NOTHING;
CREATE STATISTICS stat ON id, name FROM a;
CREATE POLICY p ON a USING (id > 0);
"""

CHANGES = [
    "ALTER TABLE a ADD COLUMN born date",
    "ALTER TABLE a DROP COLUMN price",
    "ALTER TABLE a ALTER COLUMN name TYPE text",
    "ALTER TABLE a ALTER COLUMN name DROP NOT NULL",
    "ALTER TABLE a ALTER COLUMN name SET DEFAULT 'y'",
    "ALTER TABLE a ALTER COLUMN name SET STATISTICS 7",
    "ALTER TABLE a ALTER COLUMN name SET STORAGE EXTERNAL",
    "ALTER TABLE a RENAME COLUMN name TO title",
    "ALTER TABLE a RENAME TO b",
    "ALTER TABLE a SET UNLOGGED",
    "ALTER TABLE a SET (fillfactor = 50)",
    "ALTER TABLE a ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE a REPLICA IDENTITY FULL",
    "ALTER TABLE a DISABLE TRIGGER t",
    "ALTER TABLE a DROP CONSTRAINT a_price_check",
    "ALTER TABLE a ADD UNIQUE (name)",
    "ALTER TABLE a CLUSTER ON a_name",
    "ALTER INDEX a_name SET (fillfactor = 50)",
    "ALTER INDEX a_name RENAME TO a_title",
    "ALTER SEQUENCE s INCREMENT 2",
    "ALTER SEQUENCE s OWNED BY a.id",
    "CREATE OR REPLACE VIEW v AS SELECT id FROM a WHERE id > 1",
    "ALTER VIEW v SET (security_barrier)",
    "ALTER TYPE mood ADD VALUE 'glad'",
    "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
    "ALTER DOMAIN positive SET DEFAULT 3",
    "ALTER DOMAIN positive DROP CONSTRAINT positive_check",
    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    "ALTER FUNCTION f() STABLE",
    "DROP TRIGGER t ON a",
    "ALTER POLICY p ON a USING (id > 1)",
    "DROP RULE r ON v",
    "ALTER STATISTICS stat SET STATISTICS 9",
    "GRANT SELECT ON a TO public",
    "GRANT UPDATE (name) ON a TO public",
    "REVOKE USAGE ON SCHEMA public FROM public",
    "ALTER TABLE a OWNER TO pg_monitor",
    "COMMENT ON TABLE a IS 'x'",
    "COMMENT ON COLUMN a.name IS 'x'",
    "COMMENT ON SCHEMA public IS 'x'",
    "CREATE SCHEMA other",
    "CREATE TABLE other_table (i int REFERENCES a)",
    "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int)",
    "CREATE TYPE span AS RANGE (SUBTYPE = int)",
    "CREATE COLLATION german (LOCALE = 'C')",
    "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION h()",
]

RESTORED = [
    ("CREATE TABLE b (i serial PRIMARY KEY, t text)", "DROP TABLE b"),
    ("CREATE TABLE b (i int REFERENCES a)", "DROP TABLE b"),
    ("ALTER TABLE a ADD COLUMN note text NOT NULL DEFAULT ''", "ALTER TABLE a DROP COLUMN note"),
    ("CREATE INDEX b ON a (price)", "DROP INDEX b"),
    ("CREATE TYPE b AS ENUM ('x')", "DROP TYPE b"),
    ("COMMENT ON TABLE a IS 'x'", "COMMENT ON TABLE a IS NULL"),
]


@pytest.fixture
async def started(pg):
    await pg.execute(START)
    return pg


async def test_every_change_changes_it(started):
    """What a snapshot shows must never be hidden by equal fingerprints."""
    before = await read_fingerprint(started)
    unseen = []
    for change in CHANGES:
        transaction = started.transaction()
        await transaction.start()
        await started.execute(change)
        if await read_fingerprint(started) == before:
            unseen.append(change)
        await transaction.rollback()
        assert await read_fingerprint(started) == before, change
    assert unseen == []


@pytest.mark.parametrize(("change", "back"), RESTORED)
async def test_what_restores_the_schema_restores_it(started, change, back):
    before, snapshot = await read_fingerprint(started), await read_snapshot(started)
    await started.execute(change)
    assert await read_fingerprint(started) != before
    await started.execute(back)
    assert await read_fingerprint(started) == before
    assert list(describe_changes(snapshot, await read_snapshot(started))) == []
