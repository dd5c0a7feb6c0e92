"""Carriage returns that a file of SQL keeps."""

from __future__ import annotations

import pytest

from asyncmig.sql.escaping.carriage_returns import escape_carriage_returns


@pytest.mark.parametrize(
    ("sql", "spelled"),
    [
        ("SELECT 'a\nb'", "SELECT 'a\nb'"),
        ("SELECT 'it''s\r\n\\', 'b'", "SELECT E'it''s\\r\n\\\\', 'b'"),
        ("AS $x$BEGIN\r\n'a'; $$\rEND$x$ COST 3", "AS E'BEGIN\\r\n''a''; $$\\rEND' COST 3"),
        ("SELECT E'\\n\r'", "SELECT E'\n\\r'"),
        ("SELECT\r\n1, 'a'", "SELECT\r\n1, 'a'"),
    ],
)
def test_values_with_carriage_returns(sql, spelled):
    assert escape_carriage_returns(sql) == spelled
