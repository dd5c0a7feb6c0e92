"""Upgrades and downgrades on a real server."""

from __future__ import annotations

import subprocess

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.errors import (
    IrreversibleError,
    PartiallyAppliedError,
    PlanError,
    RevisionNotFoundError,
    ScriptError,
    StatementFailedError,
    UrlError,
)
from fix_database import catalog_dump, postgres_program

CREATE = 'op.create_table("{name}", sa.Column("id", sa.Integer, primary_key=True))'
HEADER = "import sqlalchemy as sa"


def as_engine_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


@pytest.fixture
def migrator(project, database_url):
    def make(database=None, **overrides):
        return Migrator(
            database_url if database is None else database,
            script_location=project.script_location,
            **overrides,
        )

    return make


@pytest.fixture
def three_tables(project):
    for number, name in enumerate("abc"):
        project.revision(
            f"{name}1",
            down=f"{'abc'[number - 1]}1" if number else None,
            header=HEADER,
            upgrade=CREATE.format(name=name),
            downgrade=f'op.drop_table("{name}")',
        )


async def tables(pg) -> list[str]:
    rows = await pg.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname NOT IN ('alembic_version', 'asyncmig_journal') ORDER BY 1"
    )
    return [row["relname"] for row in rows]


async def versions(pg) -> list[str]:
    rows = await pg.fetch("SELECT version_num FROM alembic_version ORDER BY 1")
    return [row["version_num"] for row in rows]


async def test_up_and_down(migrator, pg, three_tables):
    result = await migrator().upgrade()
    assert result.revisions == ("a1", "b1", "c1")
    assert (result.before, result.after) == ((), ("c1",))
    assert await tables(pg) == ["a", "b", "c"]
    assert await versions(pg) == ["c1"]

    result = await migrator().downgrade("-1")
    assert result.revisions == ("c1",)
    assert await tables(pg) == ["a", "b"]

    result = await migrator().downgrade("base")
    assert result.revisions == ("b1", "a1")
    assert await tables(pg) == []
    assert await versions(pg) == []


async def test_at_head_nothing_is_done(migrator, pg, three_tables):
    await migrator().upgrade()
    result = await migrator().upgrade()
    assert not result
    assert result.after == ("c1",)


async def test_one_journal_row_a_phase(migrator, pg, three_tables):
    await migrator().upgrade(tag="deploy-7")
    rows = await pg.fetch(
        "SELECT revision, phase, state, final, tag, checksum FROM asyncmig_journal ORDER BY id"
    )
    assert [(row["revision"], row["phase"], row["state"], row["final"]) for row in rows] == [
        ("a1", 0, "done", True),
        ("b1", 0, "done", True),
        ("c1", 0, "done", True),
    ]
    assert {row["tag"] for row in rows} == {"deploy-7"}
    assert all(row["checksum"] for row in rows)


async def test_the_preview_is_what_runs(migrator, pg, three_tables):
    plan = await migrator().plan()
    again = await migrator().plan("heads", current=[])
    assert plan == again
    assert plan.revisions == ("a1", "b1", "c1")
    assert [phase.kind for phase in plan.steps[0].phases] == ["transaction"]
    assert "CREATE TABLE a" in plan.steps[0].phases[0].statements[0].sql
    assert plan.steps[0].phases[0].statements[0].origin.endswith("a1.py:11")
    await migrator().upgrade()
    fingerprints = await pg.fetch("SELECT fingerprint FROM asyncmig_journal ORDER BY id")
    assert [row["fingerprint"] for row in fingerprints] == [
        step.phases[0].fingerprint for step in plan
    ]


async def test_the_whole_script_of_a_failing_revision_is_undone(project, migrator, pg):
    project.revision("a1", header=HEADER, upgrade=CREATE.format(name="a"))
    project.revision(
        "b1",
        down="a1",
        header=HEADER,
        upgrade=CREATE.format(name="b") + "\nop.execute('SELECT 1/0')\n" + CREATE.format(name="c"),
    )
    with pytest.raises(StatementFailedError) as caught:
        await migrator().upgrade()
    error = caught.value
    assert not isinstance(error, PartiallyAppliedError)
    assert error.fields()["revision"] == "b1"
    assert error.fields()["sql"] == "SELECT 1/0"
    assert error.fields()["sqlstate"] == "22012"
    assert error.fields()["directive"] == "execute"
    assert error.fields()["applied"] == ["a1"]
    assert "b1.py:12" in str(error)
    assert await tables(pg) == ["a"]
    assert await versions(pg) == ["a1"]


async def test_a_syntax_error_late_in_a_batch_keeps_what_precedes_it(project, migrator, pg):
    down = None
    for number in range(12):
        sql = "CREATE TABEL x" if number == 9 else f"CREATE TABLE t{number} (i int)"
        project.revision(f"r{number:02}", down=down, upgrade=f"op.execute({sql!r})")
        down = f"r{number:02}"
    with pytest.raises(StatementFailedError) as caught:
        await migrator().upgrade()
    assert caught.value.fields()["revision"] == "r09"
    assert await versions(pg) == ["r08"]


async def test_what_is_no_database_is_told(migrator, database_url, three_tables):
    async with asyncpg.create_pool(database_url, min_size=1) as pool:
        for wrong in (pool, 5):
            with pytest.raises(UrlError, match="takes a URL, an AsyncEngine or an AsyncConn"):
                await migrator(wrong).status()


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 1;\nSELECT 'x", "unterminated quoted string in line 2"),
        ("SELECT 1\0", "the SQL has a NUL character in line 1"),
        ("SELECT 1,\n'\ud800'", "the SQL has half of a surrogate pair in line 2"),
    ],
)
async def test_a_text_that_no_server_reads_is_told_with_its_line(project, migrator, pg, sql, told):
    path = project.revision("a1", upgrade=f"op.execute({sql!a})")
    with pytest.raises(ScriptError) as caught:
        await migrator().upgrade()
    assert f"revision a1 failed at {path}:" in str(caught.value)
    assert str(caught.value).endswith(f" in op.execute: {told}")
    assert caught.value.fields()["line"] >= path.read_text().split("op.execute")[0].count("\n") + 1
    assert await versions(pg) == []


async def test_a_concurrent_index_gets_a_phase_of_its_own(project, migrator, pg):
    project.revision(
        "a1",
        header=HEADER,
        upgrade="""
            op.create_table("t", sa.Column("id", sa.Integer))
            op.create_index("t_id", "t", ["id"], postgresql_concurrently=True)
            op.execute("INSERT INTO t VALUES (1)")
        """,
        downgrade='op.drop_table("t")',
    )
    plan = await migrator().plan()
    assert [phase.kind for phase in plan.steps[0].phases] == [
        "transaction",
        "autocommit",
        "transaction",
    ]
    await migrator().upgrade()
    assert await pg.fetchval("SELECT count(*) FROM t") == 1
    assert await pg.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_id'::regclass")
    rows = await pg.fetch("SELECT phase, kind, state, final FROM asyncmig_journal ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (0, "transaction", "done", False),
        (1, "autocommit", "done", False),
        (2, "transaction", "done", True),
    ]
    assert await pg.fetchval("SHOW lock_timeout") == "0"


async def test_a_new_enum_label_used_at_once(project, migrator, pg):
    project.revision("a1", upgrade="op.execute(\"CREATE TYPE mood AS ENUM ('sad')\")")
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("ALTER TYPE mood ADD VALUE 'happy'")
            op.execute("CREATE TABLE m (mood mood DEFAULT 'happy')")
        """,
    )
    project.revision("c1", down="b1", upgrade="op.execute(\"ALTER TYPE mood ADD VALUE 'calm'\")")
    plan = await migrator().plan()
    assert [phase.kind for phase in plan.steps[1].phases] == ["autocommit", "transaction"]
    assert [phase.kind for phase in plan.steps[2].phases] == ["transaction"]
    await migrator().upgrade()
    assert await pg.fetchval("SELECT enum_range(NULL::mood)::text") == "{sad,happy,calm}"


async def test_a_failure_after_a_commit_says_what_stands(project, migrator, pg):
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            op.execute("CREATE INDEX CONCURRENTLY t_i ON t (i)")
            op.execute("SELECT 1/0")
        """,
    )
    with pytest.raises(PartiallyAppliedError) as caught:
        await migrator().upgrade()
    assert caught.value.exit_code == 5
    assert caught.value.fields()["phase"] == 2
    assert await versions(pg) == []
    status = await migrator().status()
    assert status.state == "partial"
    assert status.partial[0].revision == "a1"
    assert status.partial[0].phase == 2


async def test_a_sync_script_reads_and_writes(project, migrator, pg):
    project.revision(
        "a1",
        header=HEADER + "\nfrom sqlalchemy.orm import Session",
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            bind = op.get_bind()
            bind.execute(sa.text("INSERT INTO t VALUES (:i)"), {"i": 1})
            op.execute("INSERT INTO t VALUES (2)")
            with Session(bind=bind) as session:
                session.execute(sa.text("INSERT INTO t VALUES (3)"))
                session.commit()
            count = bind.execute(sa.text("SELECT count(*) FROM t")).scalar()
            op.execute(f"INSERT INTO t VALUES ({count + 1})")
            bind.commit()
        """,
    )
    plan = await migrator().plan()
    assert plan.steps[0].live
    await migrator().upgrade()
    assert await pg.fetchval("SELECT array_agg(i ORDER BY i) FROM t") == [1, 2, 3, 4]


async def test_a_failing_live_script_is_undone(project, migrator, pg):
    project.revision(
        "a1",
        header=HEADER,
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            op.get_bind().execute(sa.text("SELECT 1"))
            op.get_bind().commit()
            op.get_bind().execute(sa.text("SELECT 1/0"))
        """,
    )
    with pytest.raises(StatementFailedError) as caught:
        await migrator().upgrade()
    assert "a1.py:14" in str(caught.value)
    assert await tables(pg) == []


async def test_commit_by_hand_before_vacuum(project, migrator, pg):
    project.revision(
        "a1",
        header=HEADER,
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            bind = op.get_bind()
            bind.execute(sa.text("COMMIT"))
            bind.execute(sa.text("VACUUM t"))
            bind.execute(sa.text("CREATE INDEX CONCURRENTLY t_i ON t (i)"))
            op.execute("INSERT INTO t VALUES (1)")
        """,
    )
    await migrator().upgrade()
    assert await pg.fetchval("SELECT count(*) FROM t") == 1
    assert await versions(pg) == ["a1"]
    kinds = await pg.fetch("SELECT kind, state FROM asyncmig_journal ORDER BY id")
    assert [row["kind"] for row in kinds] == [
        "transaction",
        "autocommit",
        "autocommit",
        "transaction",
    ]
    assert {row["state"] for row in kinds} == {"done"}


async def test_a_savepoint_saves_a_live_script(project, migrator, pg):
    project.revision(
        "a1",
        header=HEADER,
        upgrade="""
            bind = op.get_bind()
            op.execute("CREATE TABLE t (i int)")
            try:
                with bind.begin_nested():
                    op.execute("CREATE TABLE t (i int)")
            except Exception:
                pass
            op.execute("INSERT INTO t VALUES (7)")
        """,
    )
    await migrator().upgrade()
    assert await pg.fetchval("SELECT i FROM t") == 7


async def test_an_async_script_copies(project, migrator, pg):
    project.revision(
        "a1",
        signature="async def {name}(op):",
        upgrade="""
            op.execute("CREATE TABLE t (i int, s text)")
            connection = await op.connection()
            await connection.copy_records_to_table("t", records=[(1, "x"), (2, "y")])
            op.execute("INSERT INTO t VALUES (3, 'z')")
            rows = await op.fetch("SELECT i FROM t WHERE i > $1 ORDER BY i", 1)
            assert [row["i"] for row in rows] == [2, 3]
            async with connection.transaction():
                await connection.execute("INSERT INTO t VALUES (4, 'w')")
        """,
    )
    await migrator().upgrade()
    assert await pg.fetchval("SELECT count(*) FROM t") == 4


async def test_an_async_script_that_only_directs_is_static(project, migrator, pg):
    project.revision(
        "a1", signature="async def {name}(op):", upgrade='op.execute("CREATE TABLE t (i int)")'
    )
    plan = await migrator().plan()
    assert not plan.live
    await migrator().upgrade()
    assert await tables(pg) == ["t"]


async def test_the_op_proxy(project, migrator, pg):
    project.revision(
        "a1",
        header="from asyncmig import op",
        signature="def {name}():",
        upgrade='op.execute("CREATE TABLE t (i int)")',
        downgrade='op.drop_table("t")',
    )
    await migrator().upgrade()
    assert await tables(pg) == ["t"]
    await migrator().downgrade("base")
    assert await tables(pg) == []


async def test_sql_revision(project, migrator, pg):
    project.sql_revision(
        "a1",
        upgrade="""
            CREATE TABLE t (i int, s text);
            COPY t (i, s) FROM stdin;
            1\tone
            2\ttwo
            \\.
            CREATE INDEX CONCURRENTLY t_i ON t (i);
            INSERT INTO t VALUES (3, ';');
        """,
        downgrade="DROP TABLE t;",
    )
    await migrator().upgrade()
    assert await pg.fetchval("SELECT count(*) FROM t") == 3
    await migrator().downgrade("base")
    assert await tables(pg) == []


async def test_all_in_one_transaction(project, migrator, pg):
    project.revision("a1", upgrade='op.execute("CREATE TABLE a (i int)")')
    project.revision("b1", down="a1", upgrade='op.execute("SELECT 1/0")')
    with pytest.raises(StatementFailedError) as caught:
        await migrator(transaction="all").upgrade()
    assert caught.value.fields()["revision"] == "b1"
    assert await tables(pg) == []


async def test_all_in_one_transaction_with_reads(project, migrator, pg):
    project.revision("a1", upgrade='op.execute("CREATE TABLE a (i int)")')
    project.revision(
        "b1",
        down="a1",
        header=HEADER,
        upgrade="""
            assert op.get_bind().execute(sa.text("SELECT count(*) FROM a")).scalar() == 0
            op.execute("CREATE TABLE b (i int)")
        """,
    )
    project.revision("c1", down="b1", upgrade='op.execute("CREATE TABLE c (i int)")')
    result = await migrator(transaction="all").upgrade()
    assert result.revisions == ("a1", "b1", "c1")
    assert await tables(pg) == ["a", "b", "c"]


async def test_with_an_engine(migrator, database_url, pg, three_tables):
    engine = create_async_engine(as_engine_url(database_url))
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql("SET lock_timeout = '3s'")
            await connection.commit()
        result = await migrator(engine).upgrade()
        assert result.revisions == ("a1", "b1", "c1")
        async with engine.connect() as connection:
            # the pool's connection is as it was
            shown = await connection.exec_driver_sql("SHOW lock_timeout")
            assert shown.scalar() == "3s"
            assert connection.in_transaction()
            await connection.rollback()
    finally:
        await engine.dispose()


async def test_inside_a_callers_transaction(migrator, database_url, pg, three_tables):
    engine = create_async_engine(as_engine_url(database_url))
    try:
        async with engine.connect() as connection:
            await connection.begin()
            result = await migrator(connection).upgrade()
            assert result.revisions == ("a1", "b1", "c1")
            assert await tables(pg) == []
            await connection.rollback()
        assert await tables(pg) == []
        async with engine.begin() as connection:
            await migrator(connection).upgrade()
        assert await tables(pg) == ["a", "b", "c"]
    finally:
        await engine.dispose()


async def test_a_concurrent_index_inside_a_callers_transaction_is_refused(
    project, migrator, database_url
):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision("b1", down="a1", upgrade='op.execute("CREATE INDEX CONCURRENTLY x ON t (i)")')
    engine = create_async_engine(as_engine_url(database_url))
    try:
        async with engine.begin() as connection:
            with pytest.raises(PlanError, match="needs a commit of its own"):
                await migrator(connection).upgrade()
    finally:
        await engine.dispose()


async def test_an_unwritten_downgrade_runs_nothing(project, migrator, pg):
    project.revision("a1", header=HEADER, upgrade=CREATE.format(name="a"), downgrade=None)
    project.revision(
        "b1",
        down="a1",
        header=HEADER,
        upgrade=CREATE.format(name="b"),
        downgrade='op.drop_table("b")',
    )
    await migrator().upgrade()
    with pytest.raises(IrreversibleError, match="a1"):
        await migrator().downgrade("base")
    assert await tables(pg) == ["a", "b"]


async def test_the_scripts_own_error_keeps_what_precedes_it(project, migrator, pg, three_tables):
    project.revision("d1", down="c1", upgrade='raise ValueError("no such luck")')
    with pytest.raises(ScriptError, match="no such luck") as caught:
        await migrator().upgrade()
    assert "d1.py:11" in str(caught.value)
    assert await versions(pg) == ["c1"]


async def test_a_search_path_emptied_by_a_script(project, migrator, pg):
    project.revision(
        "a1",
        upgrade="""
            op.execute("SELECT pg_catalog.set_config('search_path', '', false)")
            op.execute("CREATE TABLE public.t (i int)")
        """,
    )
    await migrator().upgrade()
    assert await versions(pg) == ["a1"]


async def test_long_ids_widen_the_column(project, migrator, pg):
    project.revision("a1")
    await migrator().upgrade()
    long = "b" * 48
    project.revision(long, down="a1")
    await migrator().upgrade()
    assert await versions(pg) == [long]


async def test_an_unknown_row_is_named(migrator, pg, three_tables):
    await migrator().upgrade()
    await pg.execute("UPDATE alembic_version SET version_num = 'zzz'")
    with pytest.raises(RevisionNotFoundError, match="zzz"):
        await migrator().upgrade()
    assert (await migrator().status()).state == "diverged"


async def test_a_database_ahead_of_the_code_is_no_error(project, migrator, pg, three_tables):
    newer = project.revision("d1", down="c1", upgrade='op.execute("CREATE TABLE d (i int)")')
    await migrator().upgrade()
    newer.unlink()
    result = await migrator().upgrade()
    assert result.ahead
    assert not result.applied
    status = await migrator().status()
    assert status.state == "ahead"
    assert status.ok
    assert (await migrator().current()).unknown == ("d1",)


async def test_a_partial_revision_of_newer_code_is_no_error(project, migrator, pg, three_tables):
    """All modes of a start agree: the code that lacks the revision can neither continue nor wait for it."""
    newer = project.revision(
        "d1",
        down="c1",
        upgrade="""
            op.execute("CREATE TABLE d (i int)")
            with op.autocommit():
                op.execute("SELECT 1/0")
        """,
    )
    with pytest.raises(StatementFailedError):
        await migrator().upgrade()
    assert (await migrator().status()).state == "partial"
    newer.unlink()
    assert not (await migrator().upgrade()).applied
    for status in (await migrator().status(), await migrator().wait_until_current(timeout=5)):
        assert status.state == "ahead"
        assert status.ok
        assert [step.revision for step in status.partial] == ["d1"]
    assert (await migrator().current()).is_current
    later = project.revision("c2", down="c1", upgrade='op.execute("CREATE TABLE c2 (i int)")')
    status = await migrator().status()
    assert (status.state, status.pending) == ("pending", ("c2",))
    later.unlink()


async def test_stamp_and_purge(migrator, pg, three_tables):
    result = await migrator().stamp("b1")
    assert result.after == ("b1",)
    assert await tables(pg) == []
    await pg.execute("UPDATE alembic_version SET version_num = 'gone'")
    result = await migrator().stamp("head", purge=True)
    assert (result.before, result.after) == (("gone",), ("c1",))
    assert await versions(pg) == ["c1"]


async def test_the_version_table_is_alembics(migrator, database_url, pg, three_tables):
    await migrator().ensure_version()
    dump = catalog_dump(database_url)
    assert (
        "CREATE TABLE public.alembic_version (\n    version_num character varying(32) NOT NULL\n);"
        in dump
    )
    assert "ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);" in dump


async def test_offline_script_gives_the_same_catalogs(
    project, migrator, make_database, three_tables
):
    project.revision(
        "d1", down="c1", upgrade='op.execute("CREATE INDEX CONCURRENTLY a_id ON a (id)  -- note")'
    )
    script = await migrator().sql("head")
    offline, online = make_database(), make_database()
    psql = postgres_program("psql")
    done = subprocess.run(
        [str(psql), offline, "--set", "ON_ERROR_STOP=1", "--quiet"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    await migrator(online).upgrade()
    assert catalog_dump(offline, journal=True) == catalog_dump(online, journal=True)
    connection = await asyncpg.connect(offline)
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "d1"
    assert await connection.fetchval("SELECT count(*) FROM asyncmig_journal") == 4
    await connection.close()


async def test_phase_marks_of_a_sql_revision(project, migrator, pg):
    project.sql_revision(
        "a1",
        upgrade="""
            CREATE TABLE t (i int);
            -- phase: transaction
            INSERT INTO t VALUES (1);
            -- phase: autocommit
            INSERT INTO t VALUES (2);
            -- phase: transaction
            INSERT INTO t VALUES (3);
        """,
    )
    plan = await migrator().plan()
    assert [phase.kind for phase in plan.steps[0].phases] == [
        "transaction",
        "transaction",
        "autocommit",
        "transaction",
    ]
    await migrator().upgrade()
    assert await pg.fetchval("SELECT count(*) FROM t") == 3


async def test_asking_for_the_dialects_name_reads_nothing(project, migrator, pg):
    project.revision(
        "a1",
        upgrade="""
            if op.get_bind().dialect.name == "postgresql":
                op.execute("CREATE TABLE t (i int)")
        """,
    )
    plan = await migrator().plan()
    assert not plan.live
    await migrator().upgrade()
    assert await tables(pg) == ["t"]


@pytest.mark.parametrize("separate", [True, False])
async def test_a_new_enum_label_used_by_a_later_revision_of_one_transaction(
    project, database_url, pg, separate
):
    """PostgreSQL demands a commit between them (55P04), so ``transaction = "all"`` is divided there."""
    await pg.execute("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE m (mood mood)")
    add, use = (
        "op.execute(\"ALTER TYPE mood ADD VALUE 'happy'\")",
        "op.execute(\"INSERT INTO m VALUES ('happy')\")",
    )
    project.revision("a1", upgrade="op.execute('CREATE TABLE first ()')")
    project.revision("b1", down="a1", upgrade=add if separate else f"{add}\n{use}")
    project.revision("c1", down="b1", upgrade=use if separate else "op.execute('SELECT 1')")
    migrator = Migrator(database_url, script_location=project.script_location, transaction="all")
    await migrator.upgrade()
    assert await pg.fetchval("SELECT count(*) FROM m WHERE mood = 'happy'") == 1
    assert (await migrator.status()).state == "current"
