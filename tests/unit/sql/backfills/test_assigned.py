"""The columns that a list behind SET changes."""

from __future__ import annotations

import pytest

from asyncmig.sql.backfills.assigned import assigned_columns, names_in


@pytest.mark.parametrize(
    ("assignments", "columns"),
    [
        ("a = 1", {"a"}),
        ('A = f(b, c = d), "B c" = x', {"a", "B c"}),
        ("(a, b) = (SELECT c, d FROM e), f = ARRAY[g, h]", {"a", "b", "f"}),
        ("a = CASE WHEN b = c THEN d END", {"a"}),
    ],
)
def test_assigned(assignments, columns):
    assert assigned_columns(assignments) == columns


def test_names():
    assert names_in('RANGE ((lower("Name")), id)') == {"range", "lower", "Name", "id"}
