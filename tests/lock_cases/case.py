"""One statement with the tables that it needs."""

from __future__ import annotations

from dataclasses import dataclass

BASE = """
CREATE TABLE r (id int PRIMARY KEY, u int);
INSERT INTO r SELECT i, i FROM generate_series(1, 20) i;
CREATE TABLE t (
    id int PRIMARY KEY, a int, b text, c varchar(20), n numeric(10, 2), ts timestamp, j json, r_id int,
    d date NOT NULL DEFAULT current_date
);
INSERT INTO t SELECT i, i, i::text, i::text, i, now(), '{}', i FROM generate_series(1, 20) i;
CREATE INDEX i ON t (a);
"""

ROLES = {
    "t": "table",
    "r": "referenced table",
    "i": "index",
    "p": "partitioned table",
    "p1": "partition",
    "p2": "other partition",
    "pd": "default partition",
    "child": "child table",
    "parent": "parent table",
    "v": "view",
    "m": "materialized view",
    "s": "sequence",
    "t2": "table that uses it",
}
"""What the relations of the cases are called in the table of facts; others are other indexes."""
OTHER_INDEX = "other index"

PARTITIONED = """
CREATE TABLE p (id int NOT NULL, a int, b text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200);
INSERT INTO p SELECT i, i, i::text FROM generate_series(1, 150) i;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A statement and its place in the table of facts.

    Attributes:
        key: the kind of action, and the variant behind a colon.
        sql: the statement.
        setup: what is created before, beside the common tables ``t`` and ``r``.
        since: the first major version that has it; in older ones the case is left out.
        inside: statements of the same transaction, before it.
    """

    key: str
    sql: str
    setup: str = ""
    since: int = 14
    inside: str = ""


def case(key: str, sql: str, setup: str = "", *, since: int = 14, inside: str = "") -> Case:
    """A case."""
    return Case(key=key, sql=sql, setup=setup, since=since, inside=inside)
