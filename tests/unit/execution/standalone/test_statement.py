"""asyncmig.execution.standalone: one statement outside a transaction, on a session without a server."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import pytest

from asyncmig.bookkeeping.state import PreviousAttempt
from asyncmig.errors import PartiallyAppliedError, StatementFailedError
from asyncmig.events import PhaseRetried, PhaseStarted, StatementStarted
from asyncmig.execution.standalone.interrupted_statements import is_done
from asyncmig.execution.standalone.invalid_index_repair import remove_invalid_index
from asyncmig.execution.standalone.statement import send_standalone
from asyncmig.execution.work_units import StandaloneStatement
from support.fake_session import FakeSession, fake_context
from support.plans import WITHOUT_JOURNAL, autocommit, statement, step

INDEX = "CREATE INDEX CONCURRENTLY i ON app.t (a)"
NONE, ENDED, FAILED, INTERRUPTED = PreviousAttempt
LOCKED = asyncpg.LockNotAvailableError("lock timeout")


def unit(sql: str, previous: PreviousAttempt = NONE, **facts) -> StandaloneStatement:
    phase = autocommit(sql)
    known = {"phase": 0, "index": 0} | facts
    return StandaloneStatement(
        step=step(phase), statement=phase.statements[0], previous=previous, **known
    )


def index(*, valid: bool, building: bool = False) -> dict:
    row = {
        "valid": valid,
        "schema": "app",
        "name": "i",
        "table_name": "app.t",
        "building": building,
    }
    return {"indisvalid AS valid": [row]}


class TestSend:
    async def test_events_come_before_the_statement(self) -> None:
        events: list = []
        session = FakeSession()
        await send_standalone(fake_context(session, events=events), unit("VACUUM t"))
        assert [type(event) for event in events] == [PhaseStarted, StatementStarted]
        assert session.messages == ["VACUUM t"]

    async def test_rows_of_copy_are_sent_behind_it(self) -> None:
        session = FakeSession()
        copied = replace(statement("COPY t FROM STDIN"), copy_data="1\n2\n")
        await send_standalone(
            fake_context(session), replace(unit("COPY t FROM STDIN"), statement=copied)
        )
        assert session.messages == ["COPY t FROM STDIN <- 1\n2\n"]

    async def test_only_the_first_of_a_phase_starts_it(self) -> None:
        events: list = []
        await send_standalone(fake_context(FakeSession(), events=events), unit("VACUUM t", index=1))
        assert [type(event) for event in events] == [StatementStarted]

    async def test_it_waits_for_locks_as_long_as_the_attempt_may(self) -> None:
        answers = iter([LOCKED, None])
        session = FakeSession(lambda _: next(answers))
        await send_standalone(fake_context(session, retries=5), unit("VACUUM t"))
        assert session.settings_made == [{"lock_timeout": "100"}, {"lock_timeout": "200"}]
        assert session.settings_restored == 2

    async def test_what_it_has_done_is_kept_for_a_later_error(self) -> None:
        context = fake_context(FakeSession())
        await send_standalone(context, unit("VACUUM t"))
        assert context.progress.standalone == {"a1": ["VACUUM"]}

    @pytest.mark.parametrize("closed", [False, True])
    async def test_what_a_failure_has_left_is_looked_up_where_the_session_lives(
        self, closed
    ) -> None:
        def refuse(sql: str) -> asyncpg.PostgresError | None:
            if sql != INDEX:
                return None
            session.closed = closed
            return asyncpg.UndefinedTableError("no table")

        session = FakeSession(refuse)
        with pytest.raises(StatementFailedError):
            await send_standalone(fake_context(session), unit(INDEX))
        # the question, and the row of the journal
        assert len(session.messages[session.messages.index(INDEX) + 1 :]) == (0 if closed else 2)

    async def test_a_concurrent_build_has_no_limit(self) -> None:
        session = FakeSession()
        await send_standalone(fake_context(session), unit(INDEX))
        assert session.settings_made == [{"lock_timeout": "0", "statement_timeout": "0"}]

    async def test_each_retry_is_an_event_and_the_last_failure_is_journalled(self) -> None:
        events: list = []
        session = FakeSession(lambda sql: LOCKED if sql == "VACUUM t" else None)
        with pytest.raises(StatementFailedError, match=r"tried 3 times") as caught:
            await send_standalone(fake_context(session, events=events, retries=2), unit("VACUUM t"))
        assert len([event for event in events if isinstance(event, PhaseRetried)]) == 2
        assert caught.value.sqlstate == "55P03"
        assert "SET state = 'failed'" in session.messages[-1]

    async def test_without_a_journal_nothing_is_recorded(self) -> None:
        session = FakeSession(lambda _: asyncpg.UndefinedTableError("no table"))
        with pytest.raises(StatementFailedError):
            await send_standalone(fake_context(session, books=WITHOUT_JOURNAL), unit("VACUUM t"))
        assert session.messages == ["VACUUM t"]

    @pytest.mark.parametrize(("phase", "index"), [(1, 0), (0, 1)])
    async def test_what_is_committed_before_makes_the_failure_partial(self, phase, index) -> None:
        session = FakeSession(
            lambda sql: asyncpg.UndefinedTableError("no table") if sql == "VACUUM t" else None
        )
        before = (statement("ANALYZE t"),) * index
        failing = unit("VACUUM t", phase=phase, index=index, before=before)
        with pytest.raises(PartiallyAppliedError):
            await send_standalone(fake_context(session), failing)

    async def test_a_retried_build_drops_the_invalid_index_of_its_own_attempt(self) -> None:
        answers = iter([asyncpg.DeadlockDetectedError("deadlock"), None])
        session = FakeSession(lambda sql: next(answers) if sql == INDEX else None)
        session.rows = {}
        context = fake_context(session)

        class Rows(dict):
            def items(self):  # the invalid index is there after the first attempt
                return index(valid=False).items() if INDEX in session.messages else ()

        session.rows = Rows()
        await send_standalone(context, unit(INDEX))
        assert session.messages.count(INDEX) == 2
        assert "DROP INDEX CONCURRENTLY app.i" in session.messages


class TestIsDone:
    @pytest.mark.parametrize(
        ("sql", "rows", "done"),
        [
            (INDEX, index(valid=True), True),
            (INDEX, index(valid=False), False),
            (INDEX, {}, False),
            ("DROP INDEX CONCURRENTLY i", {}, True),
            ("DROP INDEX CONCURRENTLY i", index(valid=False), False),
            ("CREATE DATABASE d", {"pg_database": [{}]}, True),
            ("CREATE DATABASE d", {}, False),
            ("DROP DATABASE d", {}, True),
            ("CREATE TABLESPACE s LOCATION '/s'", {"pg_tablespace": [{}]}, True),
            ("CREATE TABLESPACE s LOCATION '/s'", {}, False),
            ("DROP TABLESPACE s", {"pg_tablespace": [{}]}, False),
            ("DROP TABLESPACE s", {}, True),
            ("ALTER TABLE p DETACH PARTITION c CONCURRENTLY", {}, True),
            (
                "ALTER TABLE p DETACH PARTITION c CONCURRENTLY",
                {"inhdetachpending": [{"pending": False}]},
                False,
            ),
            ("VACUUM t", {}, False),
            ("REINDEX SYSTEM d", {}, False),
            ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", {"pg_subscription": [{}]}, True),
            ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", {}, False),
            ("DROP SUBSCRIPTION s", {}, True),
        ],
    )
    async def test_what_the_catalogs_say_of_an_interrupted_statement(self, sql, rows, done) -> None:
        assert await is_done(FakeSession(rows=rows), unit(sql, INTERRUPTED)) is done

    async def test_a_pending_detach_is_finished(self) -> None:
        session = FakeSession(rows={"inhdetachpending": [{"pending": True}]})
        sql = "ALTER TABLE p DETACH PARTITION c CONCURRENTLY"
        assert await is_done(session, unit(sql, INTERRUPTED))
        assert session.messages[-1] == "ALTER TABLE p DETACH PARTITION c FINALIZE"

    @pytest.mark.parametrize(
        "sql",
        [
            "REINDEX INDEX CONCURRENTLY i",
            "REINDEX TABLE CONCURRENTLY t",
            "REINDEX SCHEMA CONCURRENTLY app",
            "REINDEX DATABASE CONCURRENTLY d",
        ],
    )
    @pytest.mark.parametrize("previous", [INTERRUPTED, ENDED])
    async def test_what_reindex_has_left_is_dropped(self, sql, previous) -> None:
        session = FakeSession(rows={"WITH RECURSIVE": [{"schema": "app", "name": "i_ccnew"}]})
        assert not await is_done(session, unit(sql, previous))
        assert session.messages[-1] == "DROP INDEX CONCURRENTLY IF EXISTS app.i_ccnew"

    @pytest.mark.parametrize(
        "sql",
        [
            "CALL p()",
            "CREATE INDEX CONCURRENTLY ON t (a)",
            "ALTER TABLE p DETACH PARTITION",
            "CREATE DATABASE",
        ],
    )
    async def test_a_statement_without_a_trace_needs_a_decision(self, sql) -> None:
        with pytest.raises(PartiallyAppliedError, match="did it run"):
            await is_done(FakeSession(), unit(sql, INTERRUPTED))

    async def test_a_failed_statement_that_may_have_committed_needs_a_decision(self) -> None:
        with pytest.raises(PartiallyAppliedError, match="may have committed a part of its work"):
            await is_done(FakeSession(), unit("CALL p()", FAILED))
        assert not await is_done(FakeSession(), unit("CALL p()", ENDED))
        assert not await is_done(FakeSession(), unit("VACUUM t", FAILED))

    @pytest.mark.parametrize("previous", [NONE, ENDED])
    async def test_a_statement_that_was_not_interrupted_is_not_looked_up(self, previous) -> None:
        session = FakeSession(rows=index(valid=True))
        assert not await is_done(session, unit(INDEX, previous))
        assert session.messages == []


class TestInvalidIndex:
    @pytest.mark.parametrize("rows", [{}, index(valid=True)])
    async def test_none_is_in_the_way(self, rows) -> None:
        session = FakeSession(rows=rows)
        await remove_invalid_index(session, unit(INDEX))
        assert not any("DROP" in message for message in session.messages)

    @pytest.mark.parametrize("previous", [ENDED, INTERRUPTED])
    async def test_one_of_an_earlier_attempt_is_dropped(self, previous) -> None:
        session = FakeSession(rows=index(valid=False))
        await remove_invalid_index(session, unit(INDEX, previous))
        assert session.messages[-1] == "DROP INDEX CONCURRENTLY app.i"

    async def test_one_of_others_stops_the_run(self) -> None:
        with pytest.raises(
            StatementFailedError, match=r"there is an invalid index app\.i on app\.t"
        ) as raised:
            await remove_invalid_index(FakeSession(rows=index(valid=False)), unit(INDEX))
        assert type(raised.value) is StatementFailedError  # nothing is applied yet

    async def test_one_that_is_being_built_stops_the_run(self) -> None:
        session = FakeSession(rows=index(valid=False, building=True))
        with pytest.raises(PartiallyAppliedError, match="is being built by another session"):
            await remove_invalid_index(session, unit(INDEX, INTERRUPTED, phase=1))

    @pytest.mark.parametrize("sql", ["CREATE INDEX i ON t (a)", "VACUUM t"])
    async def test_other_statements_are_not_looked_at(self, sql) -> None:
        session = FakeSession(rows=index(valid=False))
        await remove_invalid_index(session, unit(sql))
        assert session.messages == []

    async def test_the_refusal_is_journalled(self) -> None:
        session = FakeSession(rows=index(valid=False))
        with pytest.raises(StatementFailedError):
            await send_standalone(fake_context(session), unit(INDEX))
        assert "SET state = 'refused'" in session.messages[-1]


@pytest.mark.parametrize(("sql", "monitored"), [(INDEX, True), ("VACUUM t", False)])
async def test_only_concurrent_statements_are_monitored(monkeypatch, sql, monitored) -> None:
    seen: list[str] = []

    async def run_monitored(send, context, of) -> None:
        seen.append(of.statement.sql)
        await send()

    monkeypatch.setattr("asyncmig.execution.standalone.statement.run_monitored", run_monitored)
    session = FakeSession()
    await send_standalone(fake_context(session), unit(sql))
    assert session.messages[-1] == sql
    assert seen == ([sql] if monitored else [])


@pytest.mark.parametrize(
    ("sql", "whole"),
    [
        ("CREATE DATABASE d", True),
        ("DROP DATABASE d", False),
        ("CREATE TABLESPACE s LOCATION '/s'", False),
        ("DROP TABLESPACE s", False),
    ],
)
async def test_a_database_of_which_only_a_part_is_left_was_not_created(sql, whole) -> None:
    session = FakeSession()
    done = await is_done(session, unit(sql, INTERRUPTED))
    assert ("datconnlimit" in session.messages[0]) is whole
    assert done is sql.startswith("DROP")
