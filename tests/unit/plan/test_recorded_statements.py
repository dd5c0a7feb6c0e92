"""asyncmig.plan.recorded_statements: text that no server takes."""

import pytest

from asyncmig.plan.recorded_statements import _unsendable


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("\0SELECT 1", "the SQL has a NUL character in line 1"),
        ("SELECT 1,\n\0", "the SQL has a NUL character in line 2"),
        ("SELECT '\ud800'", "the SQL has half of a surrogate pair in line 1"),
        ("SELECT\n'\udfff'", "the SQL has half of a surrogate pair in line 2"),
        ("SELECT '\U0001f600'", None),
        ("", None),
    ],
)
def test_what_cannot_be_sent(sql: str, problem: str | None) -> None:
    assert _unsendable(sql) == problem
