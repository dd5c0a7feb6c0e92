"""``from asyncmig import op`` speaks for the script that is running, and for no other."""

from __future__ import annotations

import asyncio

import pytest

from asyncmig.errors import NeedsDatabaseError, ScriptError
from asyncmig.operations.facade import Operations
from asyncmig.operations.op_proxy import current, op
from asyncmig.operations.running_op import using
from support.recording_sink import RecordingSink


def test_directives_reach_the_running_script():
    sink = RecordingSink()
    with using(Operations(sink)):
        op.drop_table("t")
        assert op.get_context().dialect is sink.dialect
        assert current().get_context() is op.get_context()
    assert sink.sql == ["DROP TABLE t"]


def test_outside_of_a_script_the_error_says_what_to_do():
    with pytest.raises(ScriptError, match=r"op\.drop_table was used where no migration") as caught:
        op.drop_table("t")
    assert "upgrade()" in caught.value.hint
    with pytest.raises(ScriptError):
        current()


def test_a_script_within_a_script_ends_where_it_began():
    outer, inner = RecordingSink(), RecordingSink()
    with using(Operations(outer)):
        with using(Operations(inner)):
            op.drop_table("inner_table")
        with pytest.raises(NeedsDatabaseError), using(Operations(inner)):
            op.get_bind()
        op.drop_table("outer_table")
    assert inner.sql == ["DROP TABLE inner_table"]
    assert outer.sql == ["DROP TABLE outer_table"]


async def test_two_scripts_run_side_by_side():
    async def script(sink: RecordingSink, names: list[str]) -> None:
        with using(Operations(sink)):
            for name in names:
                op.drop_table(name)
                await asyncio.sleep(0)

    first, second = RecordingSink(), RecordingSink()
    await asyncio.gather(script(first, ["a", "b", "c"]), script(second, ["x", "y", "z"]))
    assert first.sql == ["DROP TABLE a", "DROP TABLE b", "DROP TABLE c"]
    assert second.sql == ["DROP TABLE x", "DROP TABLE y", "DROP TABLE z"]


def test_editors_and_test_runners_may_look_at_it():
    assert "create_table" in dir(op)
    assert "no script is running" in repr(op)
    assert not hasattr(op, "__wrapped__")
    assert not hasattr(op, "_private")
    with using(Operations(RecordingSink())):
        assert "create_table" in dir(op)
        assert "Operations" in repr(op)


def test_decorators_work_outside_of_a_script():
    assert op.register_operation.__self__ is Operations
    assert op.implementation_for.__self__ is Operations
