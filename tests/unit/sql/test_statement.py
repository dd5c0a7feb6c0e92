"""asyncmig.sql.statement: a statement as people may see it."""

import pytest

from asyncmig.sql.statement import Statement

ROLE = "ALTER ROLE app PASSWORD 'hunter2'"


def test_a_statement_may_be_in_a_transaction_unless_something_else_is_said() -> None:
    assert Statement(sql="SELECT 1").transactional


def test_secrets_are_not_shown() -> None:
    statement = Statement(sql=ROLE, parameters=("hunter2", "other", 7))
    assert statement.shown == "ALTER ROLE app PASSWORD '***'"
    assert statement.shown_parameters == ("***", "***", "***")
    assert "hunter2" not in repr(statement)


def test_other_parameters_are_shown() -> None:
    statement = Statement(sql="SELECT 1", parameters=(1, "a"))
    assert statement.shown_parameters == (1, "a")


def test_two_releases_agree_on_a_fingerprint() -> None:
    assert Statement(sql="SELECT 1").fingerprint == "e004ebd5b5532a4b85984a62f8ad48a8"


@pytest.mark.parametrize(
    ("facts", "is_online"),
    [
        ({"directive": "alter_column_online", "replaces": "ALTER TABLE t"}, True),
        ({"directive": "alter_column_online"}, False),
        ({"directive": "alter_column", "replaces": "ALTER TABLE t"}, False),
        ({"replaces": "ALTER TABLE t"}, False),
        ({}, False),
    ],
)
def test_a_statement_of_an_online_change(facts, is_online) -> None:
    assert Statement(sql="SELECT 1", **facts).is_of_online_change is is_online
