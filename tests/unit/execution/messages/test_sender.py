"""asyncmig.execution.messages.sender: what is sent when, on a session without a server."""

from __future__ import annotations

from dataclasses import replace

import anyio
import asyncpg
import pytest

from asyncmig.config.settings import Settings
from asyncmig.errors import PlanError, StatementFailedError
from asyncmig.events import BatchSent, PhaseFinished, StepFinished
from asyncmig.execution.messages import queue
from asyncmig.execution.messages import sender as sender_module
from asyncmig.execution.messages.sender import MessageSender
from asyncmig.execution.work_units import (
    StandaloneStatement,
    Transaction,
    TransactionState,
    fragments_of,
)
from support.fake_session import FakeSession, fake_context
from support.plans import WITHOUT_JOURNAL, autocommit, statement, step
from support.sent_units import LOCKED, MISSING, Refusing, committed, read_unit, sent, unit


@pytest.fixture(autouse=True)
def first_commit(monkeypatch):
    """Commits are numbered from 1 on, for ``committed``."""
    monkeypatch.setattr(sender_module.secrets, "randbits", lambda _: 1)


class TestFlush:
    async def test_one_message_for_two_revisions(self) -> None:
        session = FakeSession()
        events, error = await sent(session, unit("SELECT 1"), unit("SELECT 2", revision="b1"))
        assert error is None
        assert len(session.messages) == 1
        assert session.messages[0].count("SELECT guard") == 1
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


class TestBehindARead:
    async def test_one_message_carries_its_ddl_and_its_commit(self) -> None:
        session = FakeSession()
        events, error = await sent(session, read_unit("CREATE TABLE a ()", "CREATE TABLE b ()"))
        assert error is None
        assert len(session.messages) == 1
        assert [event.revision for event in events if isinstance(event, StepFinished)] == ["a1"]

    @pytest.mark.parametrize(("closed", "batches"), [(True, 1), (False, 0)])
    async def test_what_it_said_is_a_batch_where_it_is_committed(self, closed, batches) -> None:
        read = read_unit("CREATE TABLE a ()", "CREATE TABLE b ()", closed=closed)
        events, _ = await sent(FakeSession(), read)
        assert sum(isinstance(event, BatchSent) for event in events) == batches

    async def test_the_end_of_a_callers_transaction_is_not_sent(self) -> None:
        session = FakeSession(caller_transaction=True)
        events: list = []
        sender = MessageSender(fake_context(session, events=events))
        read = read_unit("CREATE TABLE a ()", closed=False)
        sender.add(read)
        await sender.flush()
        assert session.messages == ["CREATE TABLE a ()"]
        read.closed = True
        await sender.flush()
        assert session.messages == ["CREATE TABLE a ()"]
        assert [type(event) for event in events] == [PhaseFinished, StepFinished]

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
            (0.5, "ALTER TABLE t ADD x int", False, True),
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
