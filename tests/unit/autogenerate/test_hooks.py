"""Hooks of the user: what they may be, errors in them, and the contexts that they receive."""

from __future__ import annotations

from types import SimpleNamespace

import anyio
import pytest
import sqlalchemy as sa
from sqlalchemy.util import greenlet_spawn

from asyncmig.autogenerate import hooks as hooks_module
from asyncmig.autogenerate.context import AutogenContext, ComparisonContext
from asyncmig.autogenerate.hooks import Hooks
from asyncmig.autogenerate.user_errors import user_errors
from asyncmig.errors import AsyncmigError, ConfigError


def decide(*_):
    return True


@pytest.mark.parametrize(
    "make", [lambda options: options, lambda options: SimpleNamespace(**options)]
)
def test_hooks_of_a_module_or_of_options(make):
    found = Hooks.found_in(
        make({"include_name": decide, "compare_type": False, "user_module_prefix": "", "other": 1})
    )
    assert (found.include_name, found.compare_type, found.user_module_prefix) == (decide, False, "")
    assert found.render_item is None
    assert found.deciding == {"include_name": decide}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("include_object", "x", "include_object is a str, and must be a function"),
        ("compare_type", 1, "compare_type is a int, and must be True, False or a function"),
        ("alembic_module_prefix", 1, "alembic_module_prefix is a int, and must be a string"),
    ],
)
def test_a_hook_of_another_type(name, value, message):
    with pytest.raises(ConfigError) as caught:
        Hooks.found_in({name: value})
    assert str(caught.value) == message
    assert caught.value.fields()["name"] == name


def test_values_for_what_is_not_given():
    given = Hooks(compare_type=False).or_else(compare_type=True, user_module_prefix="app.")
    assert (given.compare_type, given.user_module_prefix) == (False, "app.")


def test_hooks_that_let_others_run_give_the_same_answers():
    calls = []

    def include_name(*arguments):
        calls.append(arguments)
        return False

    hooks = Hooks(include_name=include_name, compare_type=True).cooperative()
    assert hooks.include_name is not None
    assert hooks.include_name("a", "table", {}) is False
    assert calls == [("a", "table", {})]
    assert hooks.compare_type is True


async def test_a_hook_that_took_long_lets_other_tasks_run(monkeypatch):
    times = iter((0.0, 0.01, 1.0, 1.0))
    monkeypatch.setattr(hooks_module, "monotonic", lambda: next(times))
    turns = []

    async def other():
        turns.append("other")

    def compare():
        for name in ("quick", "slow"):
            assert hooks.include_name is not None
            hooks.include_name(name)
            turns.append(name)

    hooks = Hooks(include_name=decide).cooperative()
    async with anyio.create_task_group() as group:
        group.start_soon(other)
        await greenlet_spawn(compare)
    assert turns == ["quick", "other", "slow"]


# errors


def test_an_error_of_a_hook_has_its_line():
    def hook():
        raise ValueError("no such table\nmore")

    with pytest.raises(ConfigError) as caught, user_errors():
        hook()
    line = hook.__code__.co_firstlineno + 1
    assert str(caught.value) == f"{__file__}:{line}: hook failed: ValueError: no such table"
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.fields()["line"] == line


def test_an_error_in_no_code_of_the_user_stays_as_it_is():
    with pytest.raises(ValueError, match="invalid literal"):
        exec(compile("with errors(): int('x')", "<string>", "exec"), {"errors": user_errors})


def test_an_error_of_asyncmig_stays_as_it_is():
    error = AsyncmigError("refused")
    with pytest.raises(AsyncmigError) as caught, user_errors():
        raise error
    assert caught.value is error


# contexts

BOOK = sa.MetaData()
SHELF = sa.Table("shelf", BOOK, sa.Column("id", sa.Integer, primary_key=True))
sa.Table("book", BOOK, sa.Column("shelf_id", sa.ForeignKey("shelf.id")))
LOAN = sa.MetaData()
sa.Table("loan", LOAN, sa.Column("id", sa.Integer))


@pytest.mark.parametrize(
    ("metadata", "tables"),
    [
        (None, []),
        (BOOK, ["shelf", "book"]),
        ([BOOK, LOAN], ["shelf", "book", "loan"]),
        ((LOAN,), ["loan"]),
    ],
)
def test_the_tables_of_the_models(metadata, tables):
    context = AutogenContext(ComparisonContext({}), metadata)
    assert [table.name for table in context.sorted_tables] == tables
    assert set(context.table_key_to_table) == set(tables)


def test_the_filters_of_the_user():
    without = AutogenContext(ComparisonContext({}))
    assert without.run_name_filters("a", "table", {})
    assert without.run_filters(SHELF, "shelf", "table", False, None)
    filtered = AutogenContext(
        ComparisonContext({}),
        include_name=lambda name, kind, parents: name == "a",
        include_object=lambda item, *_: item is not SHELF,
    )
    assert filtered.run_name_filters("a", "table", {})
    assert not filtered.run_name_filters("b", "table", {})
    assert not filtered.run_object_filters(SHELF, "shelf", "table", False, None)


def test_a_context_without_a_connection():
    context = ComparisonContext({"config": 1, "script": 2, "environment_context": 3}, heads=["a1"])
    assert (context.config, context.script, context.environment_context) == (1, 2, 3)
    assert (context.connection, context.bind, context.is_offline_mode()) == (None, None, False)
    assert (context.get_current_heads(), context.get_current_revision()) == (("a1",), "a1")
    assert ComparisonContext({}, heads=["a1", "b1"]).get_current_revision() is None
    with pytest.raises(ConfigError, match="has no connection to execute SQL on"):
        context.execute("SELECT 1")
    autogen = AutogenContext(context)
    assert autogen.connection is None
    with pytest.raises(TypeError, match="there is no connection to inspect"):
        _ = autogen.inspector


def test_the_reflection_of_the_compared_database():
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        context = AutogenContext(ComparisonContext({}, connect=lambda: connection))
        assert context.inspector.get_table_names() == []
        assert context.inspector is context.inspector


def test_a_connection_is_opened_when_a_hook_uses_it():
    opened = []

    class Connection:
        def execute(self, statement, *, execution_options):
            opened.append((str(statement), execution_options))

    def connect():
        opened.append("opened")
        return Connection()

    context = ComparisonContext({}, connect=connect)  # type: ignore[arg-type]  # what is used of one
    assert opened == []
    context.execute("SELECT 1", {"a": 1})
    context.execute(sa.text("SELECT 2"))
    assert opened == ["opened", ("SELECT 1", {"a": 1}), ("SELECT 2", None)]
    context.disconnect()
    assert context.connection is None
