"""asyncmig.execution.messages.recovery: what failed is named, and sent again where that may help."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig.errors import ConfigError, StatementFailedError, UnexpectedStateError
from asyncmig.events import PhaseFinished, PhaseRetried
from asyncmig.execution.messages import recovery
from asyncmig.execution.messages import sender as sender_module
from asyncmig.execution.messages.sender import MessageSender
from asyncmig.execution.work_units import (
    Fragment,
    Transaction,
    TransactionState,
    fragments_of,
)
from support.fake_session import FakeSession, fake_context
from support.plans import statement, step, transaction
from support.sent_units import LOCKED, MISSING, Refusing, committed, sent, unit


@pytest.fixture(autouse=True)
def first_commit(monkeypatch):
    """Commits are numbered from 1 on, for ``committed``."""
    monkeypatch.setattr(sender_module.secrets, "randbits", lambda _: 1)


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

    async def test_a_connection_that_has_committed_nothing_yet(self) -> None:
        session = FakeSession(Refusing("FROM u", MISSING), {"committed": [{"number": None}]})
        events, failure = await sent(session, unit("SELECT 1 FROM u"), unit("SELECT 2"))
        assert not any(isinstance(event, PhaseFinished) for event in events)
        assert (failure.sql, failure.applied) == ("SELECT 1 FROM u", ())

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
        fragments = [Fragment(copy.sql, copy, own), Fragment("SELECT 1", None, own)]
        await sent(session, Transaction(step=own, fragments=fragments))
        begin, data, end = session.messages
        assert begin.startswith("BEGIN;")
        assert data == "COPY t FROM STDIN <- 1\n"
        assert end.startswith("SELECT 1\n;\n")
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
        assert session.messages[1:] == ["COPY t FROM STDIN <- 1\n", "ROLLBACK"]

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
