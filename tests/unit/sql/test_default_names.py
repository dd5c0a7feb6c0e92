"""Names that PostgreSQL chooses, cut to 63 bytes."""

from __future__ import annotations

import pytest

from asyncmig.sql.default_names import default_name


@pytest.mark.parametrize(
    ("table", "columns", "label", "expected"),
    [
        ("t", "a_b", "key", "t_a_b_key"),
        ("t", "", "pkey", "t_pkey"),
        ("t" * 70, "", "pkey", "t" * 58 + "_pkey"),
        ("t" * 40, "c" * 40, "idx", "t" * 29 + "_" + "c" * 29 + "_idx"),
        ("t" * 40, "c" * 40, "fkey", "t" * 29 + "_" + "c" * 28 + "_fkey"),
        ("t" * 10, "c" * 60, "idx", "t" * 10 + "_" + "c" * 48 + "_idx"),
        ("ä" * 40, "", "seq", "ä" * 29 + "_seq"),
    ],
)
def test_the_longer_part_is_truncated(table, columns, label, expected):
    assert default_name(table, columns, label) == expected
    assert len(default_name(table, columns, label).encode()) <= 63
