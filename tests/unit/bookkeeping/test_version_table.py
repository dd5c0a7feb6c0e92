"""asyncmig.bookkeeping.version_table: the SQL of Alembic's table."""

import pytest

from asyncmig.bookkeeping.version_table import VersionTable
from asyncmig.revisions.graph.moves import RowChange

TABLE = VersionTable(schema="app")
NAME = "app.alembic_version"


def change(remove: str = "", add: str = "", **options) -> list[str]:
    rows = RowChange(remove=tuple(remove.split()), add=tuple(add.split()))
    return TABLE.change(rows, **options)


class TestChange:
    def test_a_first_row_is_inserted(self) -> None:
        assert change(add="a") == [f"INSERT INTO {NAME} (version_num) VALUES ('a')"]

    def test_a_last_row_is_deleted(self) -> None:
        assert change(remove="a") == [f"DELETE FROM {NAME} WHERE {NAME}.version_num = 'a'"]

    def test_a_row_that_follows_another_is_an_update(self) -> None:
        assert change("a", "b") == [
            f"UPDATE {NAME} SET version_num='b' WHERE {NAME}.version_num = 'a'"
        ]

    def test_a_merge_deletes_before_it_updates(self) -> None:
        assert change("a b", "c") == [
            f"DELETE FROM {NAME} WHERE {NAME}.version_num = 'a'",
            f"UPDATE {NAME} SET version_num='c' WHERE {NAME}.version_num = 'b'",
        ]

    def test_a_split_updates_before_it_inserts(self) -> None:
        assert change("c", "a b") == [
            f"UPDATE {NAME} SET version_num='a' WHERE {NAME}.version_num = 'c'",
            f"INSERT INTO {NAME} (version_num) VALUES ('b')",
        ]

    def test_no_change_is_no_statement(self) -> None:
        assert change() == change(expected=["a"]) == []

    def test_the_rows_before_are_checked_first(self) -> None:
        check, update = change("a", "b", expected=["z", "a"])
        assert update.startswith("UPDATE")
        assert check == TABLE.check(["a", "z"])


def test_a_check_locks_the_rows_and_compares_them_in_order() -> None:
    assert TABLE.check({"b", "a'"}) == (
        'SELECT CASE WHEN ARRAY(SELECT DISTINCT row COLLATE "C" FROM (SELECT version_num::text AS row'
        f" FROM {NAME} FOR UPDATE) AS locked ORDER BY 1) = ARRAY['a''', 'b']::text[] THEN '' ELSE"
        " pg_catalog.current_setting('asyncmig.version_table_changed') END"
    )


def test_an_empty_table_is_locked_as_a_whole() -> None:
    assert TABLE.check([]).startswith(
        f"LOCK TABLE {NAME} IN SHARE ROW EXCLUSIVE MODE;SELECT CASE WHEN ARRAY("
    )


class TestCreate:
    def test_it_is_alembics(self) -> None:
        assert TABLE.create() == (
            f"CREATE TABLE {NAME} (\n    version_num VARCHAR(32) NOT NULL,\n"
            "    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
        )

    def test_long_ids_have_room(self) -> None:
        assert "VARCHAR(40)" in TABLE.create(["a", "x" * 40])
        assert "VARCHAR(32)" in TABLE.create(["a"])

    def test_without_a_key(self) -> None:
        sql = VersionTable(primary_key=False).create(if_missing=True)
        assert sql == (
            "CREATE TABLE IF NOT EXISTS alembic_version (\n    version_num VARCHAR(32) NOT NULL\n)"
        )

    def test_widen(self) -> None:
        assert TABLE.widen(64) == f"ALTER TABLE {NAME} ALTER COLUMN version_num TYPE VARCHAR(64)"


@pytest.mark.parametrize(
    ("rows", "wrong", "place"),
    [
        ((), f"IF EXISTS (SELECT FROM {NAME}) THEN", "base"),
        (
            ("b", "a"),
            f"IF NOT ARRAY['a', 'b']::text[] <@ ARRAY(SELECT version_num::text FROM {NAME})",
            "a, b",
        ),
    ],
)
def test_a_script_for_psql_requires_its_rows(rows, wrong, place) -> None:
    statement = TABLE.require(rows)
    assert wrong in statement
    assert f"'this script begins at {place}, and the database is at another revision'" in statement


def test_a_name_with_dollars_does_not_end_the_body() -> None:
    assert VersionTable(name="a$$b").require(()).startswith("DO $asyncmig$\n")
    assert VersionTable(name="ab").require(()).startswith("DO $$\n")
