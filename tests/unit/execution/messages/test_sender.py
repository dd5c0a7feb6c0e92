"""asyncmig.execution.messages: sending, and sending again, on a session without a server."""

from __future__ import annotations

from dataclasses import replace

import anyio
import asyncpg
import pytest

from asyncmig.config.settings import Settings
from asyncmig.errors import ConfigError, PlanError, StatementFailedError, UnexpectedStateError
from asyncmig.events import BatchSent, PhaseFinished, PhaseRetried, StepFinished
from asyncmig.execution.messages import queue, recovery
from asyncmig.execution.messages import sender as sender_module
from asyncmig.execution.messages.sender import MessageSender
from asyncmig.execution.work_units import (
    Fragment,
    PhaseCommit,
    StandaloneStatement,
    Transaction,
    TransactionState,
    fragments_of,
)
from asyncmig.plan.model import PhaseKind
from support.fake_session import FakeSession, fake_context
from support.plans import WITHOUT_JOURNAL, autocommit, statement, step, transaction


class Refusing:
    """Refuses messages that have a word, as often as said."""

    def __init__(self, word: str, error: asyncpg.PostgresError, times: int = 10**6) -> None:
        self.word, self.error, self.times = word, error, times

    def __call__(self, sql: str) -> asyncpg.PostgresError | None:
        if self.word not in sql or not self.times:
            return None
        self.times -= 1
        return self.error


def unit(*sql: str, phase: int = 0, revision: str = "a1", closed: bool = True) -> Transaction:
    own = step(transaction(*sql), revision=revision)
    return Transaction(
        step=own,
        phase=phase,
        fragments=list(fragments_of(map(statement, sql), own, phase)),
        phase_commits=[PhaseCommit(own, phase, PhaseKind.TRANSACTION, final=True)],
        closed=closed,
    )


@pytest.fixture(autouse=True)
def first_commit(monkeypatch):
    """Commits are numbered from 1 on, for ``committed``."""
    monkeypatch.setattr(sender_module.secrets, "randbits", lambda _: 1)


def committed(number: int) -> dict:
    return {"asyncmig.committed": [{"number": str(number)}]}


LOCKED = asyncpg.LockNotAvailableError("canceling statement due to lock timeout")
MISSING = asyncpg.UndefinedTableError('relation "u" does not exist')


async def sent(session: FakeSession, *units, **options):
    """Flush units; gives the events, and the error if there was one."""
    events: list = []
    sender = MessageSender(fake_context(session, events=events, **options))
    for item in units:
        sender.add(item)
    try:
        await sender.flush()
    except (StatementFailedError, UnexpectedStateError) as error:
        return events, error
    return events, None


class TestFlush:
    async def test_one_message_for_two_revisions(self) -> None:
        session = FakeSession()
        events, error = await sent(session, unit("SELECT 1"), unit("SELECT 2", revision="b1"))
        assert error is None
        assert len(session.messages) == 1
        (batch,) = [event for event in events if isinstance(event, BatchSent)]
        assert (batch.revisions, batch.statements) == (("a1", "b1"), 2)
        assert [event.revision for event in events if isinstance(event, StepFinished)] == [
            "a1",
            "b1",
        ]

    async def test_a_caller_transaction_refuses_what_needs_a_commit(self) -> None:
        context = fake_context(FakeSession(caller_transaction=True))
        phase = autocommit("VACUUM t")
        alone = StandaloneStatement(
            step=step(phase), phase=0, index=0, statement=phase.statements[0]
        )
        with pytest.raises(PlanError, match="inside a transaction of the caller"):
            MessageSender(context).add(alone)

    async def test_a_caller_transaction_sends_no_commit(self) -> None:
        session = FakeSession(caller_transaction=True)
        events, _ = await sent(session, unit("SELECT 1"))
        (message,) = session.messages
        assert message.splitlines() == [
            "SAVEPOINT asyncmig_message;",
            "SELECT 1",
            ";RELEASE SAVEPOINT asyncmig_message",
        ]
        assert [type(event) for event in events][-1] is StepFinished

    async def test_a_message_that_fails_in_it_is_sent_again_statement_by_statement(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), caller_transaction=True)
        _, failure = await sent(session, unit("SELECT 1", "SELECT 2 FROM u"))
        assert (failure.sql, failure.statement) == ("SELECT 2 FROM u", 1)
        assert session.messages[1:] == [
            "ROLLBACK TO SAVEPOINT asyncmig_message",
            "SELECT 1",
            "SELECT 2 FROM u",
        ]

    async def test_one_that_succeeds_then_is_committed(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING, times=1), caller_transaction=True)
        events, failure = await sent(session, unit("SELECT 2 FROM u"))
        assert failure is None
        assert session.messages[1:] == [
            "ROLLBACK TO SAVEPOINT asyncmig_message",
            "SELECT 2 FROM u",
            "RELEASE SAVEPOINT asyncmig_message",
        ]
        assert [type(event) for event in events][-1] is StepFinished


def read_unit(*sql: str, closed: bool = True) -> Transaction:
    """A transaction in which a script has read."""
    made = unit(*sql, closed=closed)
    made.state = TransactionState.READ
    if closed:
        made.fragments.append(Fragment("INSERT INTO journal", None, made.step, 0))
    return made


class TestBehindARead:
    async def test_one_message_carries_its_ddl_and_its_commit(self) -> None:
        session = FakeSession()
        events, error = await sent(session, read_unit("CREATE TABLE a ()", "CREATE TABLE b ()"))
        assert error is None
        assert len(session.messages) == 1
        assert [event.revision for event in events if isinstance(event, StepFinished)] == ["a1"]

    async def test_a_failure_goes_back_to_the_savepoint_and_names_its_statement(self) -> None:
        session = FakeSession(Refusing("ON u", MISSING))
        _, failure = await sent(
            session, read_unit("CREATE TABLE a ()", "CREATE INDEX i ON u (x)", "CREATE TABLE c ()")
        )
        assert session.messages[1:] == [
            "ROLLBACK TO SAVEPOINT asyncmig_statements",
            "CREATE TABLE a ()",
            "CREATE INDEX i ON u (x)",
        ]
        assert (failure.sql, failure.statement) == ("CREATE INDEX i ON u (x)", 1)

    async def test_a_failure_that_is_over_lets_the_run_continue(self) -> None:
        session = FakeSession(Refusing("ON u", LOCKED, times=1))
        _, failure = await sent(session, read_unit("CREATE TABLE a ()", "CREATE INDEX i ON u (x)"))
        assert failure is None
        assert session.messages[1:5] == [
            "ROLLBACK TO SAVEPOINT asyncmig_statements",
            "CREATE TABLE a ()",
            "CREATE INDEX i ON u (x)",
            "RELEASE SAVEPOINT asyncmig_statements",
        ]
        assert session.messages[5].startswith("INSERT INTO journal")

    async def test_a_failure_behind_the_savepoint_is_not_blamed_on_the_script(self) -> None:
        released = asyncpg.InvalidSavepointSpecificationError("savepoint does not exist")
        refusing = Refusing("INSERT INTO journal", MISSING)
        gone = Refusing("ROLLBACK TO", released)
        session = FakeSession(lambda sql: refusing(sql) or gone(sql), committed(0))
        _, failure = await sent(session, read_unit("CREATE TABLE a ()"))
        assert failure is not None
        assert failure.sql is None
        assert "CREATE TABLE a ()" not in session.messages[1:]

    async def test_in_a_transaction_of_the_caller_statements_go_one_by_one(self) -> None:
        session = FakeSession(caller_transaction=True)
        await sent(session, read_unit("CREATE TABLE a ()", "CREATE TABLE b ()"))
        assert session.messages[:2] == ["CREATE TABLE a ()", "CREATE TABLE b ()"]


class TestFailure:
    async def test_what_precedes_the_failing_transaction_is_committed(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), committed(1))
        units = unit("SELECT 1"), unit("SELECT 2 FROM u", revision="b1"), unit("SELECT 3")
        events, failure = await sent(session, *units)
        finished = [event.revision for event in events if isinstance(event, PhaseFinished)]
        assert finished == ["a1"]
        assert (failure.revision, failure.sql) == ("b1", "SELECT 2 FROM u")
        assert failure.applied == ("a1",)
        assert not any("SELECT 3" in message for message in session.messages[1:])

    async def test_the_replay_stops_at_the_failing_statement(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        _, failure = await sent(session, unit("SELECT 1", "SELECT 2 FROM u", "SELECT 3"))
        # behind the question which transactions are committed
        replay = session.messages[session.messages.index("ROLLBACK") + 2 :]
        assert replay == ["BEGIN;SELECT guard", "SELECT 1", "SELECT 2 FROM u", "ROLLBACK"]
        assert failure.sql == "SELECT 2 FROM u"

    async def test_a_deferred_constraint_fails_at_commit(self) -> None:
        error = asyncpg.ForeignKeyViolationError("violates foreign key")
        session = FakeSession(Refusing("COMMIT", error), committed(0))
        _, failure = await sent(session, unit("SELECT 1"))
        assert failure.sql is None
        assert failure.sqlstate == "23503"

    async def test_the_phase_is_that_of_the_statement(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        _, failure = await sent(session, unit("SELECT 2 FROM u", phase=2))
        assert failure.phase == 2
        assert type(failure).__name__ == "PartiallyAppliedError"

    async def test_in_one_transaction_no_phase_is_committed_before(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        first = unit("SELECT 1")
        second = unit("SELECT 2 FROM u", phase=2, revision="b1")
        earlier = [unit("SELECT 3", phase=number, revision="b1") for number in range(2)]
        _, failure = await sent(session, first, *earlier, second, one_transaction=True)
        assert (failure.revision, failure.phase) == ("b1", 2)
        assert type(failure) is StatementFailedError

    async def test_a_hint_is_of_statements_of_the_same_revision(self) -> None:
        drop = "DROP TABLE u"
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        _, failure = await sent(session, unit(drop, "SELECT 2 FROM u"))
        assert "an earlier statement of this revision drops" in failure.hint
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        first, second = unit(drop), unit("SELECT 2 FROM u", revision="b1")
        _, failure = await sent(session, first, second, one_transaction=True)
        assert "an earlier statement" not in (failure.hint or "")

    async def test_a_hint_is_of_statements_before_the_one_that_failed(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        _, failure = await sent(session, unit("SELECT 2 FROM u", "DROP TABLE u"))
        assert "an earlier statement" not in (failure.hint or "")

    async def test_where_transactions_are_merged_the_revision_is_that_of_the_statement(
        self,
    ) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        failing, later = unit("SELECT 1 FROM u"), unit("SELECT 2", revision="b1")
        _, failure = await sent(session, failing, later, one_transaction=True)
        assert (failure.revision, failure.sql) == ("a1", "SELECT 1 FROM u")

    async def test_where_transactions_are_merged_the_index_is_that_in_the_phase(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        first = unit("SELECT 1", "SELECT 2")
        second = Transaction(
            step=first.step,
            phase=1,
            fragments=list(fragments_of([statement("SELECT 3 FROM u")], first.step, 1)),
        )
        _, failure = await sent(session, first, second, one_transaction=True)
        assert (failure.phase, failure.fields()["statement"]) == (1, 0)

    async def test_bookkeeping_that_fails_has_no_index(self) -> None:
        session = FakeSession(Refusing("UPDATE journal", MISSING), committed(0))
        made = unit("SELECT 1")
        made.fragments.append(Fragment("UPDATE journal", None, made.step, 0))
        _, failure = await sent(session, made)
        assert failure.fields().get("statement") is None

    async def test_a_journal_that_lost_a_column_is_an_error_of_the_configuration(self) -> None:
        error = asyncpg.UndefinedColumnError('column "tag" of relation "asyncmig_journal"')
        session = FakeSession(Refusing("SELECT 1", error), committed(0))
        sender = MessageSender(fake_context(session))
        sender.add(unit("SELECT 1"))
        with pytest.raises(ConfigError, match="asyncmig_journal is not a journal of asyncmig"):
            await sender.flush()

    async def test_our_own_tables_fail_as_a_database_error(self) -> None:
        session = FakeSession(
            Refusing("CREATE", asyncpg.InsufficientPrivilegeError("permission denied")),
            committed(0),
        )
        setup = Transaction(fragments=[Fragment("CREATE TABLE alembic_version ()")])
        sender = MessageSender(fake_context(session))
        sender.add(setup)
        with pytest.raises(Exception, match="PostgreSQL refused: permission denied") as caught:
            await sender.flush()
        assert not isinstance(caught.value, StatementFailedError)

    async def test_rows_that_another_process_changed_are_no_failure_of_a_statement(self) -> None:
        error = asyncpg.UndefinedObjectError(
            'unrecognized configuration parameter "asyncmig.version_table_changed"'
        )
        rows = committed(0) | {"version_num": [{"row": "z9"}]}
        session = FakeSession(Refusing("SELECT 1", error), rows)
        _, failure = await sent(session, unit("SELECT 1"))
        assert isinstance(failure, UnexpectedStateError)
        assert "holds z9 where the upgrade of revision a1 expected nothing" in str(failure)
        assert sum("SELECT 1" in message for message in session.messages) == 1  # not sent again

    @pytest.mark.parametrize(("before", "index"), [((), 1), (("VACUUM t",), 1), (None, 1)])
    async def test_the_index_of_a_statement_counts_what_was_committed_before_it(
        self, before, index
    ) -> None:
        failing = unit("SELECT 1", "SELECT 1 FROM u")
        if before is not None:
            failing = unit("SELECT 1 FROM u")
            failing.before = tuple(map(statement, before))
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        _, failure = await sent(session, failing)
        assert failure.fields()["statement"] == (0 if before == () else index)

    async def test_rows_that_changed_in_a_transaction_of_the_caller(self) -> None:
        error = asyncpg.UndefinedObjectError("asyncmig.version_table_changed")
        session = FakeSession(Refusing("SELECT 1", error, times=1), caller_transaction=True)
        _, failure = await sent(session, unit("SELECT 1"))
        assert isinstance(failure, UnexpectedStateError)
        assert "the version table does not hold the rows" in str(failure)

    async def test_a_journal_that_another_process_changed(self) -> None:
        error = asyncpg.UndefinedObjectError("asyncmig.journal_changed")
        for step_of, doing in ((True, "phase 0 of revision a1"), (False, "the run")):
            session = FakeSession(Refusing("SELECT 1", error), committed(0))
            own = unit("SELECT 1")
            own.step = own.step if step_of else None
            _, failure = await sent(session, own)
            assert isinstance(failure, UnexpectedStateError)
            assert f"of {doing} where this run wrote one" in str(failure)

    async def test_rows_of_a_stamp_that_another_process_changed(self) -> None:
        error = asyncpg.UndefinedObjectError("asyncmig.version_table_changed")
        session = FakeSession(Refusing("SELECT 1", error), committed(0))
        stamp = unit("SELECT 1")
        stamp.step = None
        stamp.fragments.insert(0, Fragment("CREATE TABLE journal ()"))
        _, failure = await sent(session, stamp)
        assert "where the stamp expected nothing" in str(failure)

    async def test_rows_that_changed_below_a_script_that_has_read(self) -> None:
        error = asyncpg.UndefinedObjectError("asyncmig.version_table_changed")
        session = FakeSession(Refusing("UPDATE alembic_version", error), committed(0))
        read = unit("SELECT 1", closed=False)
        read.state, read.sent, read.closed = TransactionState.READ, 1, True
        read.fragments.append(Fragment("UPDATE alembic_version", None, read.step))
        _, failure = await sent(session, read)
        assert isinstance(failure, UnexpectedStateError)


class TestRetries:
    async def test_a_lock_timeout_is_tried_again_in_one_message(self) -> None:
        session = FakeSession(Refusing("ALTER", LOCKED, times=2), committed(0))
        events, failure = await sent(session, unit("ALTER TABLE t"), retries=5)
        assert failure is None
        retried = [event for event in events if isinstance(event, PhaseRetried)]
        assert [(event.attempt, event.attempts) for event in retried] == [(2, 6), (3, 6)]
        assert [event.lock_timeout for event in retried] == [0.2, 0.4]
        begins = [message for message in session.messages if message.startswith("BEGIN")]
        assert begins[1].startswith("BEGIN;SELECT guard;SET LOCAL lock_timeout = 200\n;\nALTER")
        assert begins[2].startswith("BEGIN;SELECT guard;SET LOCAL lock_timeout = 400\n;\nALTER")

    async def test_between_attempts_nothing_is_held(self) -> None:
        session = FakeSession(Refusing("ALTER", LOCKED, times=3), committed(0))
        await sent(session, unit("ALTER TABLE t"), retries=5)
        kinds = [message.partition(";")[0] for message in session.messages]
        ends = [kind for kind in kinds if kind in {"BEGIN", "ROLLBACK"}]
        assert ends == ["BEGIN", "ROLLBACK"] * 3 + ["BEGIN"]

    async def test_those_are_asked_for_who_hold_what_may_have_been_waited_for(self) -> None:
        session = FakeSession(Refusing("ALTER TABLE t", LOCKED), committed(0))
        made = unit("ALTER TABLE s ADD x int", "ALTER TABLE t ADD x int")
        made.fragments.append(Fragment("UPDATE journal SET x = 1", None, made.step, 0))
        await sent(session, made, retries=2)
        names = ("'s'", "'t'", "'journal'")
        asked = [
            [name for name in names if name in message]
            for message in session.messages
            if "WITH named" in message
        ]
        # of a message it is not known which statement failed; the last attempt sends one by one
        assert asked == [["'s'", "'t'"], ["'s'", "'t'"], ["'t'"]]

    async def test_rows_that_another_process_changes_between_attempts(self) -> None:
        conflict = asyncpg.UndefinedObjectError("asyncmig.version_table_changed")
        answers = iter([LOCKED, conflict])
        session = FakeSession(lambda sql: next(answers) if "ALTER" in sql else None, committed(0))
        _, failure = await sent(session, unit("ALTER TABLE t"), retries=5)
        assert isinstance(failure, UnexpectedStateError)

    @pytest.mark.parametrize(("room", "together"), [(0, True), (-1, False)])
    async def test_an_attempt_is_one_message_where_it_has_the_room(
        self, monkeypatch, room, together
    ) -> None:
        statements = ["SELECT 1", "ALTER TABLE t"]
        monkeypatch.setattr(recovery, "MESSAGE_LIMIT", sum(map(len, statements)) + room)
        session = FakeSession(Refusing("ALTER", LOCKED, times=1), committed(0))
        await sent(session, unit(*statements), retries=5)
        assert ("SELECT 1" not in session.messages) is together

    async def test_the_last_attempt_goes_statement_by_statement(self) -> None:
        session = FakeSession(Refusing("ALTER", LOCKED), committed(0))
        _, failure = await sent(session, unit("SELECT 1", "ALTER TABLE t"), retries=2)
        replay = ["SELECT 1", "ALTER TABLE t", "ROLLBACK"]
        assert [text for text in session.messages if text in replay][-3:] == replay
        assert failure.fields()["attempts"] == 3
        assert failure.sql == "ALTER TABLE t"

    async def test_a_deadlock_is_tried_again_without_a_lock_timeout(self) -> None:
        error = asyncpg.DeadlockDetectedError("deadlock detected")
        session = FakeSession(Refusing("ALTER", error, times=1), committed(0))
        _, failure = await sent(session, unit("ALTER TABLE t"))
        assert failure is None

    async def test_no_retries_are_one_replay(self) -> None:
        session = FakeSession(Refusing("ALTER", LOCKED), committed(0))
        events, failure = await sent(session, unit("ALTER TABLE t"), retries=0)
        assert [event for event in events if isinstance(event, PhaseRetried)] == []
        assert failure.fields()["attempts"] == 1

    async def test_another_error_in_a_retry_is_replayed_at_once(self) -> None:
        answers = iter([LOCKED, MISSING, MISSING])
        session = FakeSession(lambda sql: next(answers) if "ALTER" in sql else None, committed(0))
        events, failure = await sent(session, unit("ALTER TABLE u"), retries=9)
        assert failure.sqlstate == "42P01"
        assert len([event for event in events if isinstance(event, PhaseRetried)]) == 1

    async def test_a_transaction_above_the_limit_is_tried_again_statement_by_statement(
        self, monkeypatch
    ) -> None:
        monkeypatch.setattr(recovery, "MESSAGE_LIMIT", 5)
        session = FakeSession(Refusing("ALTER", LOCKED, times=3), committed(0))
        events, failure = await sent(session, unit("SELECT 1", "ALTER TABLE t"), retries=5)
        assert failure is None
        assert len([event for event in events if isinstance(event, PhaseRetried)]) == 3
        assert session.messages[-3:] == ["SELECT 1", "ALTER TABLE t", "COMMIT"]

    async def test_copy_is_sent_again_with_its_data(self) -> None:
        own = step(transaction("COPY t FROM STDIN"))
        copy = statement("COPY t FROM STDIN", copy_data="1\n")
        fragments = [Fragment(copy.sql, copy, own), Fragment("SELECT 1", None, own)]
        load = Transaction(step=own, fragments=fragments)
        session = FakeSession(Refusing("COPY", LOCKED, times=1), committed(0))
        _, failure = await sent(session, load)
        assert failure is None
        assert session.messages[-3:] == ["COPY t FROM STDIN <- 1\n", "SELECT 1", "COMMIT"]

    async def test_copy_is_sent_inside_its_transaction(self) -> None:
        own = step(transaction("COPY t FROM STDIN"))
        copy = statement("COPY t FROM STDIN", copy_data="1\n")
        session = FakeSession()
        await sent(session, Transaction(step=own, fragments=[Fragment(copy.sql, copy, own)]))
        begin, data, end = session.messages
        assert begin.startswith("BEGIN;")
        assert data == "COPY t FROM STDIN <- 1\n"
        assert end.endswith("COMMIT")

    @pytest.mark.parametrize("error", [LOCKED, MISSING])
    async def test_copy_in_a_transaction_of_the_caller_is_not_sent_again(self, error) -> None:
        own = step(transaction("COPY t FROM STDIN"))
        copy = statement("COPY t FROM STDIN", copy_data="1\n")
        load = Transaction(step=own, fragments=[Fragment(copy.sql, copy, own)])
        session = FakeSession(Refusing("COPY", error, times=1), caller_transaction=True)
        _, failure = await sent(session, load)
        assert isinstance(failure, StatementFailedError)
        assert sum("COPY" in message for message in session.messages) == 1

    async def test_copy_that_is_wrong_is_not_sent_again(self) -> None:
        own = step(transaction("COPY t FROM STDIN"))
        copy = statement("COPY t FROM STDIN", copy_data="1\n")
        load = Transaction(step=own, fragments=[Fragment(copy.sql, copy, own)])
        session = FakeSession(Refusing("COPY", MISSING, times=1), committed(0))
        _, failure = await sent(session, load)
        assert isinstance(failure, StatementFailedError)
        assert sum("COPY" in message for message in session.messages) == 1

    @pytest.mark.parametrize("closed", [True, False])
    @pytest.mark.parametrize(("retries", "together"), [(5, True), (2, False)])
    async def test_only_a_closed_transaction_is_committed_with_an_attempt(
        self, closed, retries, together
    ) -> None:
        session = FakeSession(Refusing("ALTER", LOCKED, times=2), committed(0))
        _, failure = await sent(session, unit("ALTER TABLE t", closed=closed), retries=retries)
        assert failure is None
        last = session.messages[-1]
        assert last.startswith("BEGIN") is together
        assert last.endswith("COMMIT") is closed

    async def test_an_open_transaction_that_was_sent_again_stays_open(self) -> None:
        session = FakeSession(Refusing("SELECT 1", LOCKED, times=1), committed(0))
        sender = MessageSender(fake_context(session))
        opened = unit("SELECT 1", closed=False)
        sender.add(opened)
        await sender.flush()
        assert sender.head is opened
        assert opened.state is TransactionState.OPEN
        opened.fragments.append(Fragment("SELECT 2"))
        opened.closed = True
        await sender.flush()
        assert sender.head is None
        assert session.messages[-1].startswith("SELECT 2\n;\nSET asyncmig.committed")

    async def test_a_revision_may_set_its_own_limits(self) -> None:
        own = step(transaction("SELECT 1"), lock_timeout=0.05, statement_timeout=7.0)
        session = FakeSession()
        await sent(session, Transaction(step=own, fragments=[Fragment("SELECT 1", None, own)]))
        assert session.messages[0].startswith(
            "BEGIN;SELECT guard;SET LOCAL lock_timeout = 50;SET LOCAL statement_timeout = 7000\n"
        )


class TestReading:
    async def test_statements_of_a_script_that_has_read_go_one_by_one(self) -> None:
        session = FakeSession()
        sender = MessageSender(fake_context(session))
        reading = unit("SELECT 1", closed=False)
        sender.add(reading)
        await sender.flush()
        reading.state = TransactionState.READ
        reading.fragments += fragments_of([statement("SELECT 2"), statement("SELECT 3")], step(), 0)
        await sender.flush()
        assert session.messages[1:] == ["SELECT 2", "SELECT 3"]
        assert sender.head is reading

    async def test_its_error_leaves_the_transaction_as_it_is(self) -> None:
        session = FakeSession(Refusing("SELECT 2", MISSING))
        sender = MessageSender(fake_context(session))
        reading = unit("SELECT 1", closed=False)
        sender.add(reading)
        await sender.flush()
        reading.state = TransactionState.READ
        reading.fragments += fragments_of([statement("SELECT 2"), statement("SELECT 3")], step(), 0)
        with pytest.raises(StatementFailedError):
            await sender.flush()
        assert session.messages[1:] == ["SELECT 2"]
        assert reading.next_fragment is None  # what its directive appended is dropped

    async def test_its_end_is_not_sent_a_second_time(self) -> None:
        session = FakeSession(Refusing("COMMIT", LOCKED), committed(0))
        sender = MessageSender(fake_context(session, books=WITHOUT_JOURNAL))
        reading = unit("SELECT 1", closed=False)
        sender.add(reading)
        await sender.flush()
        reading.state, reading.closed = TransactionState.READ, True
        with pytest.raises(StatementFailedError):
            await sender.flush()
        assert sum("COMMIT" in message for message in session.messages) == 1


class TestSendAhead:
    async def test_the_next_batch_is_queued_while_one_is_in_flight(self) -> None:
        session = FakeSession()
        sender = MessageSender(fake_context(session))
        async with sender.overlapping():
            for number in range(queue.FIRST_BATCH):
                sender.add(unit(f"SELECT {number}"))
            assert sender.full
            await sender.send_ahead()
            sender.add(unit("SELECT 'next'"))
            assert not sender.full
            await sender.flush()
        assert len(session.messages) == 2
        assert "SELECT 'next'" in session.messages[1]

    async def test_one_message_is_sent_after_the_other(self) -> None:
        class Slow(FakeSession):
            busy = False

            async def send(self, sql: str) -> None:
                assert not self.busy
                self.busy = True
                await anyio.sleep(0.01)
                self.busy = False
                await super().send(sql)

        session = Slow()
        sender = MessageSender(fake_context(session))
        async with sender.overlapping():
            sender.add(unit("SELECT 1"))
            await sender.send_ahead()
            await anyio.sleep(0)
            sender.add(unit("SELECT 2"))
            await sender.flush()
        assert [message.count("SELECT 1") for message in session.messages] == [1, 0]

    async def test_the_owner_waits_for_the_batch_before_and_not_for_its_own(self) -> None:
        gate = anyio.Event()

        class Gated(FakeSession):
            async def send(self, sql: str) -> None:
                await anyio.sleep(0.01)
                if "SELECT 2" in sql:
                    await gate.wait()
                await super().send(sql)

        session = Gated()
        sender = MessageSender(fake_context(session))
        async with sender.overlapping():
            sender.add(unit("SELECT 1"))
            await sender.send_ahead()
            sender.add(unit("SELECT 2"))
            with anyio.fail_after(5):
                await sender.send_ahead()
            assert len(session.messages) == 1
            gate.set()
        assert len(session.messages) == 2

    async def test_a_failure_in_flight_is_raised_where_the_owner_looks(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        sender = MessageSender(fake_context(session))
        reached = []
        with pytest.raises(StatementFailedError):  # noqa: PT012 - raised inside of its block
            async with sender.overlapping():
                sender.add(unit("SELECT 1 FROM u"))
                await sender.send_ahead()
                reached.append("queued")
                await sender.wait_sent()
                reached.append("sent")
        assert reached == ["queued"]

    async def test_letting_other_tasks_run_raises_it_too(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), committed(0))
        sender = MessageSender(fake_context(session))
        raised: list[type[Exception]] = []

        async def overlap() -> None:
            async with sender.overlapping():
                sender.add(unit("SELECT 1 FROM u"))
                await sender.send_ahead()
                for _ in range(50):
                    try:
                        await sender.yield_to_loop()
                    except StatementFailedError as error:
                        raised.append(type(error))
                        raise

        with pytest.raises(StatementFailedError):
            await overlap()
        assert raised == [StatementFailedError]

    async def test_merged_transactions_are_sent_before_it_returns(self) -> None:
        session = FakeSession()
        sender = MessageSender(fake_context(session, one_transaction=True))
        async with sender.overlapping():
            sender.add(unit("SELECT 1"))
            await sender.send_ahead()
            assert len(session.messages) == 1

    async def test_discarded_units_are_not_sent(self) -> None:
        session = FakeSession()
        sender = MessageSender(fake_context(session))
        sender.add(unit("SELECT 1"))
        sender.discard()
        await sender.flush()
        assert session.messages == []


class TestWaitForTransactions:
    @pytest.mark.parametrize(
        ("seconds", "sql", "caller", "asked"),
        [
            (5.0, "ALTER TABLE t ADD x int", False, True),
            (0.0, "ALTER TABLE t ADD x int", False, False),
            (5.0, "REFRESH MATERIALIZED VIEW v", False, False),
            (5.0, "ALTER TABLE t ADD x int", True, False),
        ],
    )
    async def test_it_is_done_in_front_of_a_strong_lock(
        self, monkeypatch, seconds, sql, caller, asked
    ) -> None:
        waited: list[Transaction] = []

        async def wait(_: object, unit: Transaction) -> None:
            waited.append(unit)

        monkeypatch.setattr(sender_module, "wait_for_transactions", wait)
        session = FakeSession(caller_transaction=caller)
        settings = Settings(script_location="migrations", wait_for_transactions=seconds)
        sender = MessageSender(replace(fake_context(session), settings=settings))
        made = unit(sql)
        made.fragments = list(fragments_of([statement(sql, replaces="a form")], made.step, 0))
        sender.add(made)
        await sender.flush()
        assert len(waited) == asked

    async def test_a_statement_of_the_script_does_not_wait(self, monkeypatch) -> None:
        monkeypatch.setattr(sender_module, "wait_for_transactions", None)
        settings = Settings(script_location="migrations", wait_for_transactions=5.0)
        session = FakeSession()
        sender = MessageSender(replace(fake_context(session), settings=settings))
        sender.add(unit("ALTER TABLE t ADD x int"))
        await sender.flush()
        assert len(session.messages) == 1
