"""``Rewriter`` and the registries of functions of the user: which is called, and what becomes of it."""

from __future__ import annotations

import pytest

from asyncmig.autogenerate.dispatch import Dispatcher
from asyncmig.autogenerate.rewriter import Rewriter
from asyncmig.operations.base.containers import (
    DowngradeOps,
    MigrationScript,
    ModifyTableOps,
    OpContainer,
    UpgradeOps,
)
from asyncmig.operations.directives.columns import AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.tables import DropTableOp, RenameTableOp


def script(*operations):
    return MigrationScript(
        rev_id="a1", upgrade_ops=UpgradeOps(list(operations)), downgrade_ops=DowngradeOps([])
    )


def rewritten(writer, *operations):
    """The operations of the upgrade, containers as lists."""
    directives = [script(*operations)]
    writer("context", "revision", directives)
    return described(directives[0].upgrade_ops.ops)


def described(operations):
    return [
        described(each.ops) if isinstance(each, OpContainer) else type(each).__name__
        for each in operations
    ]


# Rewriter


def test_each_operation_of_a_class_is_given_to_its_function():
    writer, seen = Rewriter(), []

    @writer.rewrites((DropTableOp, RenameTableOp))
    def keep(context, revision, operation):
        seen.append((context, revision, type(operation).__name__))
        return operation

    table = ModifyTableOps("t", [DropColumnOp("t", "a")])
    found = rewritten(writer, DropTableOp("t"), table, RenameTableOp("a", "b"))
    assert found == ["DropTableOp", ["DropColumnOp"], "RenameTableOp"]
    assert seen == [
        ("context", "revision", "DropTableOp"),
        ("context", "revision", "RenameTableOp"),
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, []),
        (RenameTableOp("t", "gone"), ["RenameTableOp"]),
        ([ExecuteSQLOp("SELECT 1"), DropTableOp("t")], ["ExecuteSQLOp", "DropTableOp"]),
        ((DropTableOp("t"),), ["DropTableOp"]),
    ],
)
def test_what_a_function_returns_takes_the_place_of_the_operation(answer, expected):
    writer = Rewriter()
    writer.rewrites(DropTableOp)(lambda *_: answer)
    assert rewritten(writer, DropTableOp("t")) == expected


def test_operations_that_a_function_returned_are_not_rewritten_again():
    writer, calls = Rewriter(), []

    @writer.rewrites(AlterColumnOp)
    def twice(_context, _revision, operation):
        calls.append(operation)
        return [operation, AlterColumnOp("t", "b", modify_nullable=True)]

    table = ModifyTableOps("t", [AlterColumnOp("t", "a", modify_nullable=False)])
    assert rewritten(writer, table) == [["AlterColumnOp", "AlterColumnOp"]]
    assert len(calls) == 1


def test_containers_and_scripts_are_operations_too():
    writer = Rewriter()
    writer.rewrites(ModifyTableOps)(lambda *_: None)
    assert rewritten(writer, ModifyTableOps("t", [DropColumnOp("t", "a")])) == []

    @writer.rewrites(MigrationScript)
    def none(_context, _revision, _script):
        return None

    directives = [script()]
    writer("context", "revision", directives)
    assert directives == []


def test_the_function_of_the_nearest_base_class_is_used():
    class Own(DropTableOp):
        """Of a user."""

    writer = Rewriter()
    writer.rewrites(DropTableOp)(lambda *_: ExecuteSQLOp("SELECT 1"))
    assert rewritten(writer, Own("t")) == ["ExecuteSQLOp"]
    writer.rewrites(Own)(lambda *_: None)
    assert rewritten(writer, Own("t"), DropTableOp("t")) == ["ExecuteSQLOp"]


def test_a_function_replaces_the_one_before_it():
    writer = Rewriter()
    writer.rewrites(DropTableOp)(lambda *_: None)
    writer.rewrites(DropTableOp)(lambda _context, _revision, operation: operation)
    assert rewritten(writer, DropTableOp("t")) == ["DropTableOp"]


def test_a_chain_runs_one_after_the_other_and_leaves_the_first_as_it_is():
    first, order = Rewriter(), []
    first.rewrites(DropTableOp)(lambda *_: order.append("first"))
    both = first.chain(lambda *_: order.append("second")).chain(lambda *_: order.append("third"))
    assert rewritten(both, DropTableOp("t")) == []
    assert order == ["first", "second", "third"]
    order.clear()
    first.process_revision_directives("context", "revision", [script(DropTableOp("t"))])
    assert order == ["first"]


@pytest.mark.parametrize("made", [None, [UpgradeOps([]), UpgradeOps([])]])
def test_one_container_of_a_script_stays_one(made):
    writer = Rewriter()
    writer.rewrites(UpgradeOps)(lambda *_: made)
    count = len(made or ())
    message = f"a Rewriter made {count} objects of one upgrade_ops; return exactly one"
    with pytest.raises(ValueError, match=message):
        rewritten(writer, DropTableOp("t"))


# registries


def test_functions_in_the_order_of_their_registration_those_for_postgresql_last():
    found = Dispatcher()
    found.dispatch_for("table", qualifier="postgresql")("of postgresql")
    found.dispatch_for("table")("one")
    found.dispatch_for("table")("two")
    found.dispatch_for("table", qualifier="mysql")("of another database")
    assert list(found.registered("table")) == ["one", "two", "of postgresql"]
    assert list(found.registered("column")) == []
    found.dispatch_for("table", replace=True)("three")
    assert list(found.registered("table")) == ["three", "of postgresql"]


def test_the_last_function_of_a_class_or_its_nearest_base():
    found = Dispatcher()
    assert found.nearest(bool) is None
    found.dispatch_for(int)("first")
    found.dispatch_for(int)("second")
    assert found.nearest(bool) == "second"
