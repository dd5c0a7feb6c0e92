"""A misspelled keyword is refused by every directive, with the name that was meant; none has no effect."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.ddl.keywords import _BUILT
from asyncmig.errors import DirectiveError
from asyncmig.operations.directives.columns import AlterColumnOp, DropColumnOp
from asyncmig.operations.facade import Operations
from support.recording_sink import sql_of

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "create_table": (("t", sa.Column("a", sa.Integer)), {"if_not_exist": "if_not_exists"}),
    "drop_table": (("t",), {"if_exist": "if_exists"}),
    "drop_column": (("t", "a"), {"if_exist": "if_exists"}),
    "alter_column": (
        ("t", "a"),
        {"nulable": "nullable", "type": "type_", "postgresql_usng": "postgresql_using"},
    ),
    "create_index": (
        ("i", "t", ["a"]),
        {"unik": "unique", "postgresql_wher": "postgresql_where", "if_not_exist": "if_not_exists"},
    ),
    "drop_index": (("i",), {"postgresql_concurently": "postgresql_concurrently"}),
    "create_primary_key": (("p", "t", ["a"]), {"initialy": "initially"}),
    "create_unique_constraint": (
        ("u", "t", ["a"]),
        {
            "defferable": "deferrable",
            "schema_name": "schema",
            "postgresql_nulls_not_distnct": "postgresql_nulls_not_distinct",
        },
    ),
    "create_foreign_key": (
        ("f", "t", "r", ["a"], ["b"]),
        {"on_delete": "ondelete", "ondelte": "ondelete", "not_valid": "postgresql_not_valid"},
    ),
    "create_check_constraint": (("c", "t", "a > 0"), {"not_valid": "postgresql_not_valid"}),
    "create_exclude_constraint": (
        ("x", "t", ("a", "=")),
        {"wher": "where", "postgresql_wher": "where"},
    ),
}


def test_every_directive_that_takes_any_keyword_is_here():
    taking = {
        name
        for name, method in inspect.getmembers(Operations, inspect.isfunction)
        if not name.startswith("_")
        and name != "run_async"
        and any(
            parameter.kind is parameter.VAR_KEYWORD
            for parameter in inspect.signature(method).parameters.values()
        )
    }
    assert taking == set(CALLS)
    assert set(_BUILT) <= set(CALLS)


@pytest.mark.parametrize(
    ("directive", "wrong", "meant"),
    [
        (directive, wrong, meant)
        for directive, (_, keywords) in CALLS.items()
        for wrong, meant in keywords.items()
    ],
)
def test_a_misspelled_keyword(directive: str, wrong: str, meant: str):
    positional, _ = CALLS[directive]

    def call(op: Operations) -> None:
        getattr(op, directive)(*positional, **{wrong: True})

    with pytest.raises(DirectiveError, match=f"has no keyword {wrong}") as caught:
        sql_of(call)
    assert caught.value.hint == f"did you mean '{meant}'?"


@pytest.mark.parametrize(
    "call",
    [
        lambda batch: batch.drop_column("a", if_exist=True),
        lambda batch: batch.create_foreign_key("f", "r", ["a"], ["b"], on_delete="CASCADE"),
    ],
)
def test_a_misspelled_keyword_in_a_batch(call: Callable[[Any], None]):
    def script(op: Operations) -> None:
        with op.batch_alter_table("t") as batch:
            call(batch)

    with pytest.raises(DirectiveError, match="has no keyword"):
        sql_of(script)


@pytest.mark.parametrize(
    "call",
    [
        lambda op: op.create_table("t", sa.Column("a", sa.Integer), mysql_engine="InnoDB"),
        lambda op: op.create_table("t", sa.Column("a", sa.Integer), sqlite_autoincrement=True),
        lambda op: op.create_table("t", sa.Column("a", sa.Integer), extend_existing=True),
        lambda op: op.drop_column("t", "a", mssql_drop_check=True),
        lambda op: op.create_foreign_key("f", "t", "r", ["a"], ["b"], use_alter=True),
        lambda op: op.create_exclude_constraint("x", "t", ("a", "="), where="a > 0"),
    ],
)
def test_keywords_of_other_databases_and_of_sqlalchemy_are_taken(
    call: Callable[[Operations], None],
):
    assert sql_of(call)


def test_a_keyword_that_alembic_ignores_is_a_warning_in_a_script_for_alembic():
    operation = DropColumnOp("t", "a", if_exist=True)
    with pytest.warns(UserWarning, match="has no keyword if_exist, and Alembic ignores it"):
        found = compile_operation(operation, MigrationDialect(), of_alembic=True)
    assert [each.sql for each in found] == ["ALTER TABLE t DROP COLUMN a"]


def test_alter_column_warns_once_in_a_script_for_alembic():
    operation = AlterColumnOp("t", "a", modify_nullable=False, default="x")
    with pytest.warns(UserWarning, match="default has no effect") as warned:
        found = compile_operation(operation, MigrationDialect(), of_alembic=True)
    assert [each.sql for each in found] == ["ALTER TABLE t ALTER COLUMN a SET NOT NULL"]
    assert [str(each.message) for each in warned] == [
        "alter_column of t.a: default has no effect on PostgreSQL"
    ]
