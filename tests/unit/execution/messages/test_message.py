"""asyncmig.execution.messages.message: one simple-query message."""

from asyncmig.execution.messages.message import Message, is_copy
from asyncmig.execution.work_units import Fragment
from support.plans import statement

ASYNCHRONOUS = "SET LOCAL synchronous_commit = off"


def two_transactions() -> Message:
    message = Message()
    for number, sql in enumerate(("CREATE TABLE a ()", "CREATE TABLE b () -- last"), 1):
        message.begin("SELECT guard", "")
        message.add(sql)
        message.commits.append(number)
        message.commit(number)
    return message


def test_only_the_last_commit_is_synchronous() -> None:
    message = two_transactions()

    message.make_durable_once()

    begins = [text for text in message.texts if text.startswith("BEGIN")]
    assert begins == [f"BEGIN;SELECT guard;{ASYNCHRONOUS}", "BEGIN;SELECT guard"]


def test_the_one_commit_of_a_message_is_synchronous() -> None:
    message = Message(commits=[1])
    message.begin()
    message.commit(1)

    message.make_durable_once()

    assert ASYNCHRONOUS not in message.text


def test_a_transaction_that_stays_open_makes_no_commit_before_it_synchronous() -> None:
    message = two_transactions()
    message.begin()  # not committed by this message

    message.make_durable_once()

    begins = [text for text in message.texts if text.startswith("BEGIN")]
    assert [ASYNCHRONOUS in text for text in begins] == [True, False, False]


def test_the_last_commit_is_synchronous_behind_a_transaction_that_was_open_before() -> None:
    message = Message(commits=[1])
    message.commit(1)  # an earlier message has begun it
    for number in (2, 3):
        message.begin()
        message.commits.append(number)
        message.commit(number)

    message.make_durable_once()

    begins = [text for text in message.texts if text.startswith("BEGIN")]
    assert [ASYNCHRONOUS in text for text in begins] == [True, False]


def test_statements_are_guarded_by_a_savepoint() -> None:
    message = Message()
    message.guard(["CREATE TABLE a ()", "CREATE TABLE b ()"])

    assert message.texts == [
        "SAVEPOINT asyncmig_statements",
        "CREATE TABLE a ()",
        "CREATE TABLE b ()",
        "RELEASE SAVEPOINT asyncmig_statements",
    ]
    assert message.guarded == 2


def test_a_transaction_leaves_its_number_in_a_setting() -> None:
    assert two_transactions().texts[-1] == "SET asyncmig.committed = '2';COMMIT"


def test_a_line_comment_does_not_swallow_the_separator() -> None:
    assert "-- last\n;\nSET" in two_transactions().text


def test_the_size_is_that_of_the_text_and_a_separator() -> None:
    message = two_transactions()
    assert message.size == len(message.text) + len("\n;\n")


def test_copy_is_told_by_its_data() -> None:
    copy = statement("COPY t FROM STDIN", copy_data="1\n")
    assert is_copy(Fragment(copy.sql, copy))
    assert not is_copy(Fragment("SELECT 1", statement("SELECT 1")))
    assert not is_copy(Fragment("INSERT INTO asyncmig_journal"))
    assert not is_copy(None)
