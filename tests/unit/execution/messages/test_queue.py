"""asyncmig.execution.messages.queue: what travels in the next message."""

import pytest

from asyncmig.execution.messages import queue as module
from asyncmig.execution.messages.queue import MessageQueue
from asyncmig.execution.work_units import (
    Fragment,
    PhaseCommit,
    StandaloneStatement,
    Transaction,
    TransactionState,
)
from asyncmig.plan.model import PhaseKind
from support.plans import autocommit, statement, step

STEP = step()


def unit(*sql: str, closed: bool = True, **facts) -> Transaction:
    commit = PhaseCommit(STEP, 0, PhaseKind.TRANSACTION, final=True)
    known = {"step": STEP, "phase_commits": [commit] if closed else []} | facts
    return Transaction(fragments=[Fragment(text) for text in sql], closed=closed, **known)


def alone() -> StandaloneStatement:
    phase = autocommit("VACUUM t")
    return StandaloneStatement(step=step(phase), phase=0, index=0, statement=phase.statements[0])


def queue(*units, released: bool = True, **options) -> MessageQueue:
    made = MessageQueue(**options)
    for item in units:
        made.add(item)
    if released:
        made.release()
    return made


def begin(transaction: Transaction, first: bool) -> list[str]:
    del transaction
    return ["SELECT guard"] if first else []


class TestCompose:
    def test_transactions_travel_together_each_with_its_own_commit(self) -> None:
        message = queue(unit("SELECT 1"), unit("SELECT 2")).compose(begin)

        assert message.texts == [
            "BEGIN;SELECT guard;SET LOCAL synchronous_commit = off",
            "SELECT 1",
            "SET asyncmig.committed = '1';COMMIT",
            "BEGIN",
            "SELECT 2",
            "SET asyncmig.committed = '2';COMMIT",
        ]
        assert message.commits == [1, 2]

    def test_nothing_is_sent_that_was_not_released(self) -> None:
        made = queue(unit("SELECT 1"))
        made.add(unit("SELECT 2"))
        assert made.compose(begin).commits == [1]

    def test_the_first_message_carries_four_transactions_and_the_next_twice_as_many(self) -> None:
        made = queue(*(unit(f"SELECT {number}") for number in range(20)))

        sizes = []
        while made.due is not None:
            message = made.compose(begin)
            sizes.append(len(message.commits))
            made.sent(message, elapsed=0.0)

        assert sizes == [4, 8, 8]

    @pytest.mark.parametrize(
        ("elapsed", "second"),
        [(0.0, 8), (module.QUICK, 8), (module.SLOW + 0.1, 4)],
    )
    def test_a_slow_answer_makes_messages_smaller(self, elapsed: float, second: int) -> None:
        made = queue(*(unit(f"SELECT {number}") for number in range(40)))
        made.sent(made.compose(begin), elapsed=elapsed)
        message = made.compose(begin)
        assert len(message.commits) == second

    @pytest.mark.parametrize(
        ("elapsed", "third"), [(0.0, 16), (module.QUICK, 8), (module.SLOW, 8), (1.1, 4)]
    )
    def test_only_quick_answers_make_messages_larger(self, elapsed: float, third: int) -> None:
        made = queue(*(unit(f"SELECT {number}") for number in range(40)))
        for _ in range(2):
            message = made.compose(begin)
            made.sent(message, elapsed=elapsed)
        assert len(made.compose(begin).commits) == (third if elapsed <= module.SLOW else 2)

    def test_a_message_never_carries_fewer_than_one_transaction(self) -> None:
        made = queue(*(unit(f"SELECT {number}") for number in range(40)))
        for _ in range(8):
            message = made.compose(begin)
            made.sent(message, elapsed=module.SLOW * 2)
        assert len(message.commits) == 1

    def test_a_standalone_statement_ends_a_message(self) -> None:
        made = queue(unit("SELECT 1"), alone(), unit("SELECT 2"))
        message = made.compose(begin)
        assert message.commits == [1]
        made.sent(message, 0.0)
        assert isinstance(made.due, StandaloneStatement)

    def test_a_transaction_that_stays_open_ends_a_message(self) -> None:
        made = queue(unit("SELECT 1"), unit("SELECT 2", closed=False), unit("SELECT 3"))
        message = made.compose(begin)
        assert message.commits == [1]
        assert "SELECT 2" in message.texts
        assert "SELECT 3" not in message.texts

    def test_copy_ends_a_message_in_the_middle_of_its_transaction(self) -> None:
        copy = statement("COPY t FROM STDIN", copy_data="1\n")
        transaction = unit("SELECT 1")
        transaction.fragments += [Fragment(copy.sql, copy), Fragment("SELECT 2")]
        made = queue(transaction)

        made.sent(made.compose(begin), 0.0)

        assert transaction.state is TransactionState.OPEN
        assert transaction.next_fragment == Fragment(copy.sql, copy)
        assert made.due is transaction

    def test_a_message_keeps_below_its_limit(self, monkeypatch) -> None:
        monkeypatch.setattr(module, "MESSAGE_LIMIT", 60)
        transaction = unit("SELECT 1", "SELECT '" + "x" * 60 + "'", "SELECT 3")
        made = queue(transaction, unit("SELECT 4"))

        first = made.compose(begin)
        made.sent(first, 0.0)
        second = made.compose(begin)
        made.sent(second, 0.0)
        third = made.compose(begin)

        assert first.texts[1:] == ["SELECT 1"]
        assert second.texts[0].startswith("SELECT 'xxx")  # longer than the limit: it goes by itself
        assert third.texts[0] == "SELECT 3"
        assert third.commits == [1]

    @pytest.mark.parametrize(("limit", "together"), [(31, True), (30, False)])
    def test_a_message_may_reach_its_limit(self, monkeypatch, limit: int, together: bool) -> None:
        made = queue(unit("SELECT 1", "SELECT 2"), caller_transaction=True)
        assert made.compose(begin).size == 2 * len("SELECT 1\n;\n") == 22
        monkeypatch.setattr(module, "MESSAGE_LIMIT", limit - 12)
        made = queue(unit("SELECT 1", "SELECT 2"), caller_transaction=True)
        assert (made.compose(begin).texts == ["SELECT 1", "SELECT 2"]) is together

    def test_no_transaction_begins_in_a_full_message(self, monkeypatch) -> None:
        alone = queue(unit("SELECT 1")).compose(begin).size
        for limit, transactions in ((alone, 1), (alone + 1, 2)):
            monkeypatch.setattr(module, "MESSAGE_LIMIT", limit)
            message = queue(unit("SELECT 1"), unit("SELECT 2")).compose(begin)
            assert sum(text.startswith("BEGIN") for text in message.texts) == transactions

    def test_a_caller_transaction_has_neither_begin_nor_commit(self) -> None:
        message = queue(unit("SELECT 1"), caller_transaction=True).compose(begin)
        assert (message.texts, message.commits) == (["SELECT 1"], [1])


def read_unit(*sql: str, closed: bool = True) -> Transaction:
    """A transaction in which a script has read, and what the script did afterwards."""
    fragments = [Fragment(text, statement(text)) for text in sql]
    if closed:
        fragments.append(Fragment("INSERT INTO journal"))
    return Transaction(
        step=STEP, fragments=fragments, closed=closed, state=TransactionState.READ, sent=0
    )


class TestComposeBehindARead:
    def test_ddl_travels_behind_a_savepoint_with_the_commit(self) -> None:
        made = queue(read_unit("CREATE TABLE a ()"), unit("SELECT 2"))

        message = made.compose(begin)

        assert message.texts == [
            "SAVEPOINT asyncmig_statements",
            "CREATE TABLE a ()",
            "RELEASE SAVEPOINT asyncmig_statements",
            "INSERT INTO journal",
            "SET asyncmig.committed = '1';COMMIT",
            "BEGIN",
            "SELECT 2",
            "SET asyncmig.committed = '2';COMMIT",
        ]
        assert message.guarded == 1

    def test_ddl_of_an_open_transaction(self) -> None:
        made = queue(read_unit("CREATE TABLE a ()", "ALTER TABLE a ADD b int", closed=False))
        message = made.compose(begin)
        assert message.guarded == 2
        assert message.commits == []
        made.sent(message, 0.0)
        assert made.due is None

    @pytest.mark.parametrize(
        "other", ["SELECT f()", "INSERT INTO a VALUES (1)", "SAVEPOINT s", "DO 'BEGIN END'"]
    )
    def test_anything_else_ends_it(self, other: str) -> None:
        transaction = read_unit(
            "CREATE TABLE a ()", "CREATE TABLE b ()", other, "CREATE TABLE c ()"
        )
        made = queue(transaction)

        made.sent(made.compose(begin), 0.0)

        assert transaction.next_fragment is not None
        assert transaction.next_fragment.sql == other
        assert transaction.guardable == []

    def test_a_single_statement_of_an_open_transaction_needs_no_savepoint(self) -> None:
        assert read_unit("CREATE TABLE a ()", closed=False).guardable == []

    def test_before_the_read_nothing_is_guarded(self) -> None:
        transaction = read_unit("CREATE TABLE a ()", "CREATE TABLE b ()")
        transaction.state = TransactionState.OPEN
        assert transaction.guardable == []


class TestSent:
    def test_committed_phases_are_given_and_their_units_dropped(self) -> None:
        made = queue(unit("SELECT 1"), unit("SELECT 2", closed=False))
        commits = made.sent(made.compose(begin), 0.0)
        assert [commit.step for commit in commits] == [STEP]
        assert isinstance(made.head, Transaction)
        assert made.head.state is TransactionState.OPEN
        assert made.due is None  # the script is next

    def test_a_script_that_has_read_stays_so(self) -> None:
        transaction = unit("SELECT 1", closed=False)
        made = queue(transaction)
        made.sent(made.compose(begin), 0.0)
        transaction.state = TransactionState.READ
        transaction.fragments.append(Fragment("SELECT 2"))
        made.release()
        made.sent(made.compose(begin), 0.0)
        assert transaction.state is TransactionState.READ
        assert transaction.sent == 2

    def test_clear_forgets_all(self) -> None:
        made = queue(unit("SELECT 1"), alone())
        made.add(alone())
        made.clear()
        assert (made.head, made.due, made.full) == (None, None, False)

    def test_what_is_dropped_makes_no_room_for_what_was_not_released(self) -> None:
        made = queue(unit("SELECT 1"))
        made.add(unit("SELECT 2"))
        made.drop()
        assert made.head is not None
        assert made.due is None


class TestMerge:
    @pytest.mark.parametrize("option", ["merge", "caller_transaction"])
    def test_adjacent_transactions_become_one(self, option: str) -> None:
        first, second = unit("SELECT 1"), unit("SELECT 2", phase=1)
        made = queue(first, **{option: True})
        assert made.add(second) is first
        assert [fragment.sql for fragment in first.fragments] == ["SELECT 1", "SELECT 2"]
        assert (first.phase, len(first.phase_commits)) == (1, 2)

    def test_without_it_they_stay_apart(self) -> None:
        made = queue(unit("SELECT 1"))
        second = unit("SELECT 2")
        assert made.add(second) is second

    def test_the_creation_of_the_tables_stays_apart(self) -> None:
        made = queue(unit("CREATE TABLE alembic_version ()", step=None), merge=True)
        second = unit("SELECT 2")
        assert made.add(second) is second

    def test_the_begin_of_an_autocommit_phase_joins_and_ends_it(self) -> None:
        first, opening, third = unit("SELECT 1"), unit("SELECT 2", before=()), unit("SELECT 3")
        made = queue(first, merge=True)
        assert made.add(opening) is first
        assert made.add(third) is third

    def test_a_standalone_statement_stands_between(self) -> None:
        made = queue(unit("SELECT 1"), alone(), merge=True)
        second = unit("SELECT 2")
        assert made.add(second) is second

    def test_a_merged_queue_is_never_full(self) -> None:
        assert not queue(unit("SELECT 1"), alone(), released=False, merge=True).full


class TestFull:
    def test_with_a_batch(self) -> None:
        made = queue(*(unit("SELECT 1") for _ in range(3)), released=False)
        assert not made.full
        made.add(unit("SELECT 1"))
        assert made.full
        made.release()
        assert not made.full

    def test_with_a_standalone_statement(self) -> None:
        assert queue(alone(), released=False).full

    @pytest.mark.parametrize("again", [None, MessageQueue.release, MessageQueue.clear])
    def test_with_enough_text(self, monkeypatch, again) -> None:
        monkeypatch.setattr(module, "MESSAGE_LIMIT", len("SELECT 1"))
        made = queue(unit("SELECT 1"), released=False)
        assert made.full
        if again is not None:
            again(made)
        else:
            made = queue(released=False)
        made.add(unit("SELECT1"))
        assert not made.full
