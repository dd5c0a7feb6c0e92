"""Statements that the server would refuse: they are read to their end, each action with its place."""

from __future__ import annotations

from itertools import product

import pytest

from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.lexer import tokens

STATEMENTS = [
    "ALTER TABLE ONLY a.t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (c) ON DELETE SET NULL (a) NOT VALID",
    "ALTER TABLE t ADD a numeric(5, 2)[] DEFAULT ARRAY[1] NOT NULL CHECK (a > 0), ALTER b TYPE int USING c",
    "ALTER TYPE t ADD ATTRIBUTE a int, RENAME VALUE 'a' TO 'b'",
    "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID",
    "ALTER PUBLICATION p ADD TABLE a (b) WHERE (c), TABLE d",
    "CREATE TABLE t (a int REFERENCES u, LIKE v INCLUDING ALL, FOREIGN KEY (a) REFERENCES w) INHERITS (x, y)",
    "CREATE TABLE c PARTITION OF p (a NOT NULL) FOR VALUES FROM (1) TO (2) PARTITION BY LIST (a)",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON ONLY t USING btree (lower(a) DESC, b) INCLUDE (c) WHERE a > 0",
    "CREATE DOMAIN d AS int CONSTRAINT c NOT NULL CHECK (VALUE > 0) DEFAULT 5",
    "CREATE PUBLICATION p FOR TABLE a, ONLY b (c) WHERE (d)",
    "CREATE TRIGGER g AFTER UPDATE OF a, b ON t FOR EACH ROW EXECUTE FUNCTION f()",
    "CREATE STATISTICS s (ndistinct) ON a, b FROM t",
    "DROP FUNCTION IF EXISTS f(int, text), g() CASCADE",
    "COMMENT ON COLUMN d.s.t.a IS 'x'",
    "GRANT SELECT (a), UPDATE ON TABLE t, s.u TO r",
    "WITH a (b) AS NOT MATERIALIZED (DELETE FROM t WHERE c RETURNING *) UPDATE u SET (d, e) = (1, 2)",
    "COPY BINARY t (a, b) FROM '/x'",
    "TRUNCATE TABLE ONLY a *, b RESTART IDENTITY CASCADE",
    "LOCK TABLE ONLY (a), b IN ROW SHARE MODE",
    "VACUUM (FULL, ANALYZE) a (b), c",
    "UPDATE t SET (d, e) = (1, 2), f = 3 WHERE a RETURNING b",
    "SELECT CASE WHEN a THEN b END INTO TEMP TABLE u FROM t",
]  # fmt: skip


BEHIND = ["", " )", " ]", " ])", " ,", " (", " NOT", " 'x'", " 5"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("sql", STATEMENTS)
def test_a_statement_that_ends_anywhere(sql):
    for end, behind in product((token.end for token in tokens(sql)), BEHIND):
        text = sql[:end] + behind
        actions = parse_actions(text)
        assert actions
        for action in actions:
            assert 0 <= action.start <= action.end <= len(text), text
