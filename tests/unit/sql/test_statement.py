"""asyncmig.sql.statement: a statement as people may see it."""

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


def test_a_statement_is_transactional_unless_it_says_otherwise() -> None:
    assert Statement(sql="SELECT 1").transactional
