"""Which names a statement speaks of."""

from __future__ import annotations

import pytest

from asyncmig.sql.names import mentioned_names


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("", set()),
        ("alter TABLE App.T add b int", {"alter", "table", "app", "t", "app.t", "add", "b", "int"}),
        ('DROP TABLE "My.Table", "a" . "B"', {"drop", "table", "My.Table", "a", "B", "a.B"}),
        ("SELECT 'a.b', $$SELECT c.d$$, 1.5", {"select", "c", "d", "c.d"}),
        ('SELECT "", "".x -- y', {"select", "x"}),
        ("SELECT 'never closed", {"select"}),
    ],
)
def test_words_alone_and_behind_their_schema(sql, names):
    assert set(map(str, mentioned_names(sql))) == names
