"""asyncmig.sql.separate_statements: which texts travel in one piece."""

import pytest

from asyncmig.sql.separate_statements import statements_to_send_separately


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "COMMIT",
        "VACUUM t",
        "SELECT 1; SELECT 2",
        "SAVEPOINT a; SELECT 1; ROLLBACK TO a;",
        "COMMIT;",
        "SELECT 'COMMIT; VACUUM t'; SELECT 2",
        "COMMIT; SELECT 'open",
        "",
    ],
)
def test_one_piece(sql: str) -> None:
    assert statements_to_send_separately(sql) == [sql]


@pytest.mark.parametrize(
    ("sql", "pieces"),
    [
        ("COMMIT; VACUUM t", ["COMMIT", "VACUUM t"]),
        ("SELECT 1; VACUUM t;", ["SELECT 1", "VACUUM t"]),
        ("BEGIN; SELECT ';'; COMMIT", ["BEGIN", "SELECT ';'", "COMMIT"]),
    ],
)
def test_one_by_one(sql: str, pieces: list[str]) -> None:
    assert statements_to_send_separately(sql) == pieces
