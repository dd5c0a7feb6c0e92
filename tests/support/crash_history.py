"""A history with every kind of statement that commits by itself, and all that two runs may differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from fix_database import catalog_dump

if TYPE_CHECKING:
    from fix_project import Project


def write_every_kind(project: Project) -> Project:
    """A history with every kind of statement that commits by itself, up and down."""
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE t (id int, s text) PARTITION BY RANGE (id)")
            op.execute("CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000)")
            op.execute("CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (1000) TO (2000)")
            op.execute("CREATE TABLE u (id int)")
            op.execute("CREATE TYPE mood AS ENUM ('sad')")
            op.execute("INSERT INTO t SELECT i, 'row ' || i FROM generate_series(0, 1999) AS i")
            op.execute("INSERT INTO u SELECT i FROM generate_series(0, 499) AS i")
        """,
        downgrade="""
            op.execute("DROP TABLE t, u")
            op.execute("DROP TYPE mood")
        """,
    )
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("CREATE INDEX CONCURRENTLY u_id ON u (id)")
            op.execute("CREATE UNIQUE INDEX CONCURRENTLY u_id_2 ON u ((id + 1))")
            op.execute("ALTER TYPE mood ADD VALUE 'happy'")
            op.execute("CREATE TABLE m (mood mood DEFAULT 'happy')")
            op.execute("INSERT INTO m DEFAULT VALUES")
            op.execute("ALTER TABLE t DETACH PARTITION t2 CONCURRENTLY")
            op.execute("VACUUM u")
            op.execute("REINDEX INDEX CONCURRENTLY u_id")
        """,
        downgrade="""
            op.execute("DROP INDEX CONCURRENTLY u_id")
            op.execute("ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (1000) TO (2000)")
            op.execute("DROP INDEX CONCURRENTLY u_id_2")
            op.execute("DROP TABLE m")
            op.execute("DROP TYPE mood")
            op.execute("CREATE TYPE mood AS ENUM ('sad')")
        """,
    )
    project.revision(
        "c1",
        down="b1",
        header="import sqlalchemy as sa",
        upgrade="""
            with op.autocommit():
                op.execute("INSERT INTO u VALUES (1000)")
                op.execute("INSERT INTO u VALUES (1001)")
            bind = op.get_bind()
            count = bind.execute(sa.text("SELECT count(*) FROM u")).scalar()
            bind.execute(sa.text("INSERT INTO m VALUES ('sad')"))
            op.execute(f"CREATE TABLE c{count} (i int)")
            op.execute("CREATE INDEX CONCURRENTLY u_id_3 ON u (id, id)")
            op.execute("INSERT INTO u VALUES (1002)")
        """,
        downgrade="""
            op.execute("DROP TABLE c502")
            op.execute("DROP INDEX CONCURRENTLY u_id_3")
            op.execute("DELETE FROM u WHERE id >= 1000")
            op.execute("DELETE FROM m WHERE mood = 'sad'")
        """,
    )
    project.revision(
        "d1",
        down="c1",
        upgrade='op.execute("CREATE TABLE d (i int)")',
        downgrade='op.execute("DROP TABLE d")',
    )
    return project


async def contents(url: str) -> tuple[str, list[object], list[tuple[object, ...]]]:
    """Everything that two runs may differ in."""
    connection = await asyncpg.connect(url)
    try:
        data = []
        for table in ("t", "t1", "u", "m"):
            if await connection.fetchval("SELECT to_regclass($1)", table):
                rows = await connection.fetch(f"SELECT x::text FROM {table} AS x ORDER BY 1")
                data.append((table, [row[0] for row in rows]))
        invalid = await connection.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
        assert invalid == 0
        unfinished = await connection.fetch("SELECT * FROM asyncmig_journal WHERE state <> 'done'")
        assert unfinished == []
        phases = await connection.fetch(
            "SELECT revision, direction, phase, count(*) FROM asyncmig_journal"
            " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
    finally:
        await connection.close()
    return catalog_dump(url), data, [tuple(row) for row in phases]
