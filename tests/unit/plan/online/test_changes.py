"""asyncmig.plan.online.changes: what is known of a column when its script is planned, or run again."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from asyncmig.ddl.compilation import Compilation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError
from asyncmig.operations.directives.online import AlterColumnOnlineOp
from asyncmig.plan.online.changes import OnlineChanges
from asyncmig.plan.online.phases import column_request
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.revision import Revision

DIALECT = MigrationDialect()
ALTER = AlterColumnOnlineOp("bill", "total", type_=sa.BigInteger)
REQUEST = column_request(ALTER, Compilation(DIALECT))


def document(**facts: Any) -> dict[str, Any]:
    lists = ("objects", "indexes", "constraints", "foreign_keys", "triggers")
    table = {
        "schema": "public",
        "name": "bill",
        "kind": "r",
        "persistence": "p",
        "replica_identity": "d",
        "has_key": True,
        "columns": [{"name": "total", "type": "integer", "can_compare": True}],
        "names": ["id", "total"],
        **{name: [] for name in (*lists, "publications", "rules", "dependents")},
    }
    return {"version": 17, "column": "total", "mark": None, "tables": [table | facts]}


FOUND = document()


def changes(**facts: Any) -> OnlineChanges:
    return OnlineChanges(**{"documents": {REQUEST.key: FOUND}, **facts})


def problem(made: OnlineChanges, **options: Any) -> str:
    with pytest.raises(DirectiveError) as caught:
        made.for_script("a1").form(ALTER, DIALECT, **options)
    return f"{caught.value} {caught.value.hint}"


def test_a_change_has_the_phases_of_its_document_and_keeps_it() -> None:
    made = changes()
    script = made.for_script("a1")
    form = script.form(ALTER, DIALECT)
    assert form is not None
    assert len(form.phases) > 3
    assert script.answers == {"safe_rewrites": False, REQUEST.key: FOUND}
    assert made.requested == [REQUEST]


def test_the_document_is_added_to_the_answers_of_safe_rewrites() -> None:
    answers = {"safe_rewrites": True}
    script = changes().for_script("a1", answers)
    script.form(ALTER, DIALECT)
    assert answers == {"safe_rewrites": True, REQUEST.key: FOUND}


def test_a_script_that_is_run_again_gets_the_same_answer() -> None:
    made = changes()
    made.for_script("a1").form(ALTER, DIALECT)
    made.documents = {REQUEST.key: document(names=["total"])}
    assert made.document("a1", REQUEST) == FOUND
    assert made.document("b1", REQUEST) == document(names=["total"])


def test_the_answer_of_an_interrupted_run_comes_first() -> None:
    old = document(names=["total", "x"])
    made = changes(recorded={"a1": {REQUEST.key: old}, "b1": None})
    assert made.document("a1", REQUEST) == old
    assert made.document("b1", REQUEST) == FOUND


def test_without_a_database_the_column_is_assumed() -> None:
    script = changes(documents=None).for_script("a1")
    assert script.form(ALTER, DIALECT) is not None
    assert script.answers == {"safe_rewrites": False}


@pytest.mark.parametrize(
    ("documents", "text"),
    [
        ({}, "the table was not looked up before the run"),
        ({REQUEST.key: {"missing": "table"}}, "there is no table bill correct the name"),
        (
            {REQUEST.key: {"missing": "column", "mark": None}},
            "there is no column total in bill correct the name",
        ),
    ],
)
def test_what_was_not_found_is_refused(documents, text) -> None:
    assert text in problem(changes(documents=documents))


def test_phases_that_cannot_be_committed_are_refused() -> None:
    assert "one by one: of the plan run it by itself" in problem(changes(obstacle="of the plan"))
    assert "one by one: of the script" in problem(
        changes(obstacle="of the plan"), obstacle="of the script"
    )


@pytest.mark.parametrize(
    ("sql", "refused"),
    [
        ("ALTER TABLE bill ADD x int", True),
        ("COMMENT ON TABLE bill IS 'x'", True),
        ("ALTER TABLE other ADD x int", False),
        ("UPDATE bill SET total = 1", False),
    ],
)
def test_a_table_that_the_revision_has_changed_is_refused(sql, refused) -> None:
    script = changes().for_script("a1")
    script.note(sql)
    if refused:
        with pytest.raises(DirectiveError, match="an earlier statement of this revision changes"):
            script.form(ALTER, DIALECT)
    else:
        assert script.form(ALTER, DIALECT) is not None


def test_a_table_that_the_plan_has_created_needs_no_phases() -> None:
    made = changes(documents={})
    earlier = made.for_script("a1")
    earlier.note("CREATE TABLE bill (total int)")
    assert earlier.form(ALTER, DIALECT) is None
    later = made.for_script("b1")
    assert later.form(ALTER, DIALECT) is None
    assert later.is_foreseen(ALTER, DIALECT)


def test_what_an_unfinished_change_contradicts_is_refused() -> None:
    left = {"kind": "alter", "old": "total", "new": "total_online"}
    found = document() | {"mark": left | {"revision": "a1", "direction": "upgrade"}}
    graph = RevisionGraph([Revision(id="a1"), Revision(id="b1", down_revisions=("a1",))])
    made = changes(documents={REQUEST.key: found}, graph=graph)
    assert made.for_script("a1").form(ALTER, DIALECT) is not None
    with pytest.raises(DirectiveError, match="so the column is as before a1") as caught:
        made.for_script("b1").form(ALTER, DIALECT)
    assert "DROP FUNCTION public.bill_total_online() CASCADE" in str(caught.value.hint)


def test_without_a_history_nothing_contradicts_an_unfinished_change() -> None:
    left = {"kind": "alter", "old": "total", "new": "total_online"}
    found = document() | {"mark": left | {"revision": "a1", "direction": "upgrade"}}
    made = changes(documents={REQUEST.key: found}, graph=None)
    assert made.for_script("b1").form(ALTER, DIALECT) is not None


def test_a_column_that_is_looked_up_later_is_found() -> None:
    made = changes(documents={})
    assert made.document("a1", REQUEST) is None
    made.documents = {REQUEST.key: FOUND}
    assert made.document("a1", REQUEST) == FOUND


def test_the_catalog_is_read_again_behind_a_script_that_changes_the_table() -> None:
    made = changes()
    earlier, later = made.for_script("a1"), made.for_script("b1")
    later.note("ALTER TABLE bill ADD y int")
    assert earlier.is_foreseen(ALTER, DIALECT)
    assert later.is_foreseen(ALTER, DIALECT)
    earlier.note("ALTER TABLE bill ADD x int")
    assert earlier.is_foreseen(ALTER, DIALECT)
    assert not later.is_foreseen(ALTER, DIALECT)
    made.documents = None
    assert later.is_foreseen(ALTER, DIALECT)
