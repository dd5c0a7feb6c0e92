"""asyncmig.bookkeeping.journal: the SQL of each row."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from asyncmig.bookkeeping.journal import Decision, FailureFingerprint, Journal, Run, written_by
from support.plans import RUN, autocommit, statement, step, transaction

JOURNAL = Journal(schema="app", run=RUN)
OFFLINE = Journal(schema="app")
PHASE = transaction("SELECT 1", "SELECT 2")


def columns(insert: str) -> dict[str, str]:
    """The values of an INSERT by their columns."""
    names, values = re.fullmatch(
        r"INSERT INTO \S+ \((.*?)\) VALUES \((.*)\)", insert, re.DOTALL
    ).groups()
    depth, parts, quoted = 0, [""], False
    for character in values:
        quoted ^= character == "'"
        depth += not quoted and character in "(["
        depth -= not quoted and character in ")]"
        if character == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return dict(zip(names.split(", "), [part.strip() for part in parts], strict=True))


class TestInsert:
    def test_a_transaction_phase_is_done_with_its_row(self) -> None:
        row = columns(JOURNAL.insert(step(PHASE), 2, PHASE, state="done", final=True))
        assert row["revision"] == "'a1'"
        assert row["direction"] == "'upgrade'"
        assert (row["phase"], row["kind"], row["state"]) == ("2", "'transaction'", "'done'")
        assert (row["statement"], row["final"]) == ("2", "true")
        assert row["fingerprint"] == f"'{PHASE.fingerprint}'"
        assert row["finished_at"].startswith("to_timestamp(set_config('asyncmig.finished'")
        assert row["started_at"].startswith("greatest(now(), to_timestamp(nullif(current_setting(")
        assert (row["host"], row["pid"], row["application"]) == ("'here'", "1", "'tests'")
        assert (row["role"], row["tag"], row["error"]) == ("current_user", "NULL", "NULL")

    def test_the_answers_of_safe_rewrites_have_a_column(self) -> None:
        insert = JOURNAL.insert(
            step(PHASE, rewrite_facts={"a": "it's"}), 0, PHASE, state="done", final=True
        )
        assert columns(insert)["rewrite_facts"] == """'{"a": "it''s"}'"""
        none = JOURNAL.insert(step(PHASE), 0, PHASE, state="done", final=True)
        assert "rewrite_facts" not in columns(none)

    def test_an_autocommit_phase_starts_with_no_statement_done(self) -> None:
        phase = autocommit("VACUUM t")
        row = columns(
            JOURNAL.insert(step(phase), 0, phase, state="started", final=False, statement=0)
        )
        assert (row["kind"], row["state"]) == ("'autocommit'", "'started'")
        assert (row["statement"], row["final"], row["finished_at"]) == ("0", "false", "NULL")

    def test_parents_are_an_array(self) -> None:
        known = step(PHASE, down_revisions=("x", "y'z"))
        row = columns(JOURNAL.insert(known, 0, PHASE, state="done", final=False))
        assert row["down_revisions"] == "ARRAY['x', 'y''z']::text[]"

    def test_a_script_for_psql_knows_neither_host_nor_process(self) -> None:
        row = columns(OFFLINE.insert(step(PHASE), 0, PHASE, state="done", final=True))
        assert (row["run"], row["host"], row["pid"]) == ("gen_random_uuid()", "NULL", "NULL")
        assert (row["application"], row["started_at"]) == ("'psql'", "now()")
        assert row["finished_at"] == "clock_timestamp()"

    def test_a_nul_of_a_tag_is_left_out(self) -> None:
        run = Run(id="7f2c", host="here", pid=1, tag="a\0b")
        journal = Journal(run=run)
        row = columns(journal.insert(step(PHASE), 0, PHASE, state="done", final=True))
        assert row["tag"] == "'ab'"

    def test_a_stamp(self) -> None:
        row = columns(JOURNAL.insert_stamp("b1", ("a1",)))
        assert (row["revision"], row["direction"], row["kind"]) == ("'b1'", "'stamp'", "'stamp'")
        assert (row["state"], row["final"]) == ("'done'", "true")
        assert row["down_revisions"] == "ARRAY['a1']::text[]"


FINGERPRINT = "fingerprint = CASE state WHEN 'failed' THEN NULL ELSE fingerprint END"


def checked(update: str) -> str:
    """An UPDATE that fails unless it changes one row."""
    return (
        f"WITH changed AS ({update} RETURNING 1) SELECT CASE count(*) WHEN 1 THEN '' ELSE"
        " pg_catalog.current_setting('asyncmig.journal_changed') END FROM changed"
    )


class TestUpdates:
    PHASE = "revision = 'a1' AND direction = 'upgrade' AND phase = 3"
    OPEN = f"state = 'started' AND {PHASE} AND run = '7f2c'"

    def test_advance(self) -> None:
        assert JOURNAL.advance(step(), 3, 2) == checked(
            f"UPDATE app.asyncmig_journal SET statement = 2 WHERE {self.OPEN}"
        )

    def test_finish(self) -> None:
        sql = JOURNAL.finish(step(), 3, PHASE, final=True)
        assert sql.startswith(
            "WITH changed AS (UPDATE app.asyncmig_journal SET state = 'done', final = true, statement = 2,"
            f" fingerprint = '{PHASE.fingerprint}', finished_at = to_timestamp("
        )
        assert sql.endswith(
            checked(f"error = NULL WHERE {self.OPEN}").removeprefix("WITH changed AS (")
        )

    def test_psql_prints_no_result_of_an_update(self) -> None:
        assert OFFLINE.advance(step(), 3, 2) == (
            "UPDATE app.asyncmig_journal SET statement = 2 WHERE state = 'started'"
            f" AND {self.PHASE}"
        )

    @pytest.mark.parametrize("state", ["failed", "refused"])
    def test_stop_keeps_the_fingerprint_of_what_is_done(self, state) -> None:
        done, failed = autocommit("VACUUM a"), statement("VACUUM b")
        fingerprint = f"{done.fingerprint}:{failed.fingerprint}"
        sql = JOURNAL.stop(step(), 3, done, state, "it's locked\0", statement=failed, final=False)
        assert sql == (
            f"UPDATE app.asyncmig_journal SET state = '{state}', final = false,"
            f" finished_at = clock_timestamp(), fingerprint = '{fingerprint}',"
            f" error = 'it''s locked' WHERE {self.OPEN}"
        )
        assert FailureFingerprint.parse(fingerprint).before == done.fingerprint

    def test_a_handled_error_is_of_this_run(self) -> None:
        sql = JOURNAL.catch(step(), 3, PHASE, "boom")
        assert "SET state = 'caught'" in sql
        assert "error = 'boom'" in sql
        assert "AND phase = 3 AND run = '7f2c' RETURNING 1" in sql
        assert OFFLINE.catch(step(), 3, PHASE, "boom").endswith("AND phase = 3")

    def test_reopen_takes_the_row_over(self) -> None:
        sql = JOURNAL.reopen(9, PHASE)
        assert "SET state = 'started', started_at = now(), finished_at = NULL, error = NULL" in sql
        assert "run = '7f2c', (host, pid, application, role, version, tag) = ROW ('here', 1," in sql
        assert " WHERE id = 9 RETURNING 1) SELECT CASE count(*) WHEN 1" in sql

    @pytest.mark.parametrize(
        ("decision", "change"),
        [
            (Decision.DONE, f"state = 'resolved', {FINGERPRINT}, statement = statement + 1"),
            (Decision.RETRY, f"state = 'resolved', {FINGERPRINT}"),
            (Decision.FORGET, "state = 'forgotten', final = true, finished_at = clock_timestamp()"),
        ],
    )
    def test_decisions(self, decision, change) -> None:
        assert JOURNAL.resolve(9, decision) == checked(
            f"UPDATE app.asyncmig_journal SET {change} WHERE id = 9"
        )


def test_create_names_its_indexes_after_the_table() -> None:
    table, by_revision, still_open = Journal(name="Log", schema="app").create()
    assert table.startswith('CREATE TABLE IF NOT EXISTS app."Log" (\n    id bigint GENERATED')
    assert by_revision == (
        'CREATE INDEX IF NOT EXISTS "Log_revision_idx" ON app."Log" (revision, id)'
    )
    assert (
        still_open == 'CREATE INDEX IF NOT EXISTS "Log_open_idx" ON app."Log" (id) WHERE NOT final'
    )


@pytest.mark.parametrize("text", ["abc", "abc:def"])
def test_the_fingerprint_of_a_failure_is_written_as_it_was_read(text: str) -> None:
    assert str(FailureFingerprint.parse(text)) == text


@pytest.mark.parametrize("stopped", [FailureFingerprint("1" * 32, "2" * 32), None])
def test_the_row_of_a_failure_keeps_what_was_committed_before_it(stopped) -> None:
    row = Journal(run=RUN).insert_failure(
        step(), 1, "no table", final=False, elapsed=2.5, stopped=stopped
    )
    update, insert = row.split(" INSERT INTO ", 1)
    assert ("fingerprint = " in update) is (stopped is not None)
    if stopped is not None:
        assert f"fingerprint = '{stopped}'" in update
    assert "secs => 2.500" in insert


def test_a_failure_has_one_row_in_a_run() -> None:
    row = Journal(run=RUN).insert_failure(step(), 1, "no table", final=False, elapsed=0.0)
    assert row.endswith(
        " WHERE NOT EXISTS (SELECT FROM stopped) AND NOT EXISTS (SELECT FROM asyncmig_journal"
        " WHERE run = '7f2c' AND revision = 'a1' AND direction = 'upgrade' AND phase = 1"
        " AND state IN ('failed', 'refused'))"
    )


def test_the_locks_of_a_run() -> None:
    """A wait belongs to the phase that finished next; a lock is held until its phase finished."""
    held = SimpleNamespace(since=90.5, mode="ShareLock", relation="book")
    watch = SimpleNamespace(waits={80.0: 1.5}, held={90.0: held})
    add, wait, hold = JOURNAL.record_locks(watch)  # type: ignore[arg-type]  # what is read of it
    assert "attname = 'lock_relation'" in add
    assert "ADD COLUMN IF NOT EXISTS lock_wait double precision" in add
    row = "finished_at >= to_timestamp({}) ORDER BY finished_at, id LIMIT 1)"
    assert "SET lock_wait = greatest(lock_wait, 1.5)" in wait
    assert wait.endswith(row.format("80.0"))
    assert "lock_held = extract(epoch FROM finished_at)::float8 - 90.5" in hold
    assert "lock_mode = 'ShareLock', lock_relation = 'book'" in hold
    assert hold.endswith(row.format("90.5"))
    nothing = SimpleNamespace(waits={}, held={})
    assert JOURNAL.record_locks(nothing) == []  # type: ignore[arg-type]  # likewise


def test_who_writes_a_row() -> None:
    run = Run(application="a\0b", host="h", pid=7, tag="t")
    assert written_by(run).startswith("'h', 7, 'ab', current_user, '")
    assert written_by(None).startswith("NULL, NULL, 'psql', current_user, '")
