"""asyncmig.bookkeeping.backfill_tables: the SQL that records backfills."""

from __future__ import annotations

import re

import pytest

from asyncmig.bookkeeping.backfill_tables import JOB_LOCKS, RANGE_LOCKS, BackfillTables
from asyncmig.bookkeeping.journal import Decision
from asyncmig.sql.backfills.parse import parse_backfill
from support.plans import RUN

TABLES = BackfillTables(schema="app", run=RUN)
DEFINITION = parse_backfill("name=fill", "UPDATE t SET a = 1 WHERE a IS NULL")


def test_locks_and_tables_are_the_same_in_every_release() -> None:
    assert (RANGE_LOCKS, JOB_LOCKS) == (1634955113, 1634955115)
    assert TABLES.failures == "app.asyncmig_backfill_failure"


def test_the_tables_are_beside_the_version_table() -> None:
    assert TABLES.jobs == "app.asyncmig_backfill"
    assert TABLES.ranges == "app.asyncmig_backfill_range"
    assert TABLES.failures == "app.asyncmig_backfill_failure"
    assert BackfillTables().jobs == "asyncmig_backfill"
    created = re.findall(r"CREATE TABLE (\S+)", TABLES.create())
    assert created == [TABLES.jobs, TABLES.ranges, TABLES.failures]


def test_the_ranges_and_failures_of_a_job_are_deleted_with_it() -> None:
    _, jobs, ranges, failures = TABLES.create().split("CREATE TABLE ")
    assert "name text NOT NULL UNIQUE" in jobs
    for table in (ranges, failures):
        assert f"job bigint NOT NULL REFERENCES {TABLES.jobs} ON DELETE CASCADE" in table


class TestBegin:
    """What is removed before a job is recorded."""

    @pytest.mark.parametrize("restart", ["always", "ended", "never"])
    def test_statements(self, restart) -> None:
        create, *remove, insert = TABLES.begin(DEFINITION, "a1", restart=restart)
        assert create == TABLES.create()
        assert insert.startswith("INSERT INTO app.asyncmig_backfill AS job")
        assert insert.endswith("WHERE job.revision = 'a1'")
        assert "'tests', current_user" in insert
        free = (
            f"state = 'cancelled' OR (state = 'done' AND fingerprint = '{DEFINITION.fingerprint}')"
        )
        mine = {
            "always": f"revision = 'a1' OR {free}",
            "ended": f"(revision = 'a1' AND state IN ('done', 'cancelled')) OR {free}",
        }
        wanted = [
            f"DELETE FROM app.asyncmig_backfill WHERE name = 'fill' AND ({mine[restart]})"
            for _ in range(restart != "never")
        ]
        assert remove == wanted

    def test_a_script_for_psql_does_not_know_its_process(self) -> None:
        *_, insert = BackfillTables().begin(DEFINITION, "a1", restart="never")
        assert "NULL, NULL, 'psql', current_user" in insert


def test_a_downgrade_pauses_and_ends_jobs() -> None:
    pause = TABLES.pause_of_revisions(["a1", "b1"])
    assert "WHERE revision = ANY (ARRAY['a1', 'b1']" in pause
    assert pause.endswith("AND deferred AND state IN ('pending', 'running', 'waiting')")
    cancel = TABLES.cancel_of_revision("a1")
    assert "SET state = 'cancelled'" in cancel
    assert cancel.endswith("WHERE revision = 'a1' AND state <> 'cancelled'")


@pytest.mark.parametrize(
    ("decision", "state", "finished", "of"),
    [
        (Decision.DONE, "'done'", "clock_timestamp()", "NOT deferred AND state <> 'done'"),
        (
            Decision.RETRY,
            "CASE WHEN started_at IS NULL THEN 'pending' ELSE 'running' END",
            "NULL",
            "NOT deferred AND state <> 'done'",
        ),
        (Decision.FORGET, "'cancelled'", "clock_timestamp()", "state <> 'cancelled'"),
    ],
)
def test_the_decision_of_a_person(decision, state, finished, of) -> None:
    sql = TABLES.resolve("a1", decision)
    assert sql.startswith(f"UPDATE app.asyncmig_backfill SET state = {state}, reason = ")
    assert f"finished_at = {finished} WHERE revision = 'a1' AND {of}" in sql
