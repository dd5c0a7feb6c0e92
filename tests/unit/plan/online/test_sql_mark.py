"""The mark of online changes in SQL revisions."""

from __future__ import annotations

import pytest

from asyncmig.errors import ScriptError
from asyncmig.operations.directives.online import (
    AlterColumnOnlineOp,
    FinishColumnOnlineOp,
    RenameColumnOnlineOp,
)
from asyncmig.plan.online.sql_mark import marked_operation


def test_a_type():
    found = marked_operation(
        "drop_old=false fire_triggers=TRUE",
        "ALTER TABLE app.bill ALTER COLUMN total TYPE numeric(10, 2) USING total / 100.0",
    )
    assert isinstance(found, AlterColumnOnlineOp)
    assert (found.table_name, found.schema, found.column_name) == ("bill", "app", "total")
    assert found.type_.get_col_spec() == "numeric(10, 2)"
    assert (found.using, found.drop_old, found.fire_triggers) == ("total / 100.0", False, True)


def test_a_name():
    found = marked_operation("", "ALTER TABLE bill RENAME total TO amount")
    assert isinstance(found, RenameColumnOnlineOp)
    assert (found.column_name, found.new_column_name) == ("total", "amount")


def test_the_end():
    found = marked_operation("keep=amount", "ALTER TABLE bill DROP COLUMN total")
    assert isinstance(found, FinishColumnOnlineOp)
    assert found.column_name == "amount"


TYPE = "ALTER TABLE t ALTER a TYPE text"


@pytest.mark.parametrize(
    ("mark", "sql", "problem"),
    [
        ("slowly", TYPE, "it has 'slowly'"),
        ("drop_old=perhaps", TYPE, "it has 'drop_old=perhaps'"),
        ("keep=a", TYPE, "it has keep="),
        ("", 'ALTER TABLE t ALTER a TYPE text COLLATE "C"', "its statement has COLLATE"),
        ("drop_old=false", "ALTER TABLE t RENAME a TO b", "it has drop_old="),
        ("", "ALTER TABLE t DROP COLUMN a", "its statement drops a column"),
        ("keep=b drop_old=true", "ALTER TABLE t DROP COLUMN a", "its statement drops a column"),
        ("", "ALTER TABLE t ALTER a TYPE text, ALTER b TYPE text", "not followed by one change"),
        ("", "ALTER TABLE t ALTER a SET NOT NULL", "not followed by one change"),
        ("", "ALTER TABLE t ALTER a TYPE", "not followed by one change"),
        ("", "CREATE TABLE t (a int)", "not followed by one change"),
        ("", "", "not followed by one change"),
    ],
)
def test_refused(mark, sql, problem):
    with pytest.raises(ScriptError, match=problem):
        marked_operation(mark, sql)
