"""Directives know the line of the script that called them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from asyncmig.errors import DirectiveError
from asyncmig.operations.base.origin import at_call_site, call_site, calling_line
from asyncmig.operations.facade import Operations
from support.recording_sink import RecordingSink

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """\
from helper import through_helper

def upgrade(op):
    op.drop_table("a")
    for name in ("b", "c"):
        op.drop_table(name)
    through_helper(lambda: op.drop_table("d"))
    with op.batch_alter_table("e") as batch:
        batch.drop_column("x")

        batch.drop_column("y")
    nested(op)

def nested(op):
    op.drop_table("f")
"""


class LineSink(RecordingSink):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.lines: list[int | None] = []

    def perform(self, operation):
        super().perform(operation)
        self.lines.append(calling_line(self.path))


def through_helper(call):
    call()


def test_the_line_is_the_innermost_of_the_script(tmp_path: Path):
    path = str(tmp_path / "0001_script.py")
    namespace = {"through_helper": through_helper}
    source = SCRIPT.replace("from helper import through_helper", "")
    exec(compile(source, path, "exec"), namespace)
    sink = LineSink(path)
    namespace["upgrade"](Operations(sink))
    # a batch is performed at the end of its block, and its directives keep their own lines
    assert sink.lines == [4, 6, 6, 7, 9, 11, 15]


def test_a_call_from_elsewhere_has_no_line():
    assert calling_line("/no/such/script.py") is None


def test_an_earlier_call_answers_for_itself():
    site = call_site()
    here = calling_line(__file__)
    with at_call_site(site):
        assert calling_line(__file__) == here - 1
        assert calling_line("/no/such/script.py") is None
    assert calling_line(__file__) > here


def test_refusals_name_the_line(tmp_path: Path):
    path = str(tmp_path / "0002_script.py")
    source = (
        "def upgrade(op):\n"
        "    with op.batch_alter_table('t') as batch:\n"
        "        batch.drop_column('x')\n"
        "        batch.alter_column('y', postgresql_using='z')\n"
        "\n"
        "def other(op):\n"
        "    op.bulk_insert(\n"
        "        sa.table('t', sa.column('a')), [{'b': 1}], multiinsert=False)\n"
    )
    namespace = {"sa": sa}
    exec(compile(source, path, "exec"), namespace)
    for function, line in (("upgrade", 4), ("other", 7)):
        with pytest.raises(DirectiveError) as caught:
            namespace[function](Operations(RecordingSink()))
        assert str(caught.value).endswith(f" ({path}:{line})")
        assert caught.value.fields()["origin"] == f"{path}:{line}"
        assert caught.value.fields()["directive"] in {"alter_column", "bulk_insert"}
