"""What a Python file says of itself, read without running it, and what only running can tell."""

import re
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncmig.errors import ScriptError
from asyncmig.revisions.files.python_metadata import decode, read_metadata, revision_from
from asyncmig.revisions.graph.revision import Revision, Verdict

ALEMBIC = '''\
"""add users

Revision ID: ae1027a6acf
Revises: 27c6a30d7c24
Create Date: 2026-01-01 12:00:00.000000

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = 'ae1027a6acf'
down_revision: Union[str, Sequence[str], None] = '27c6a30d7c24'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table("users", sa.Column("id", sa.Integer()))


def downgrade() -> None:
    op.drop_table("users")
'''

PATH = "/versions/x.py"


def read(source: str) -> Revision | Verdict:
    return read_metadata(dedent(source).encode(), PATH)


def by_running(source: str) -> Revision:
    """The same facts, as Python itself has them."""
    module: dict[str, object] = {"__name__": "script"}
    exec(compile(dedent(source), PATH, "exec"), module)
    doc = module.get("__doc__")
    return revision_from(module, doc if isinstance(doc, str) else None, PATH)


def test_a_script_of_alembic():
    assert read(ALEMBIC) == Revision(
        id="ae1027a6acf",
        down_revisions=("27c6a30d7c24",),
        doc="add users\n\nRevision ID: ae1027a6acf\nRevises: 27c6a30d7c24\n"
        "Create Date: 2026-01-01 12:00:00.000000",
        path=PATH,
    )


def test_the_head_of_a_common_script_is_not_parsed(monkeypatch):
    monkeypatch.setattr("ast.parse", None)
    assert isinstance(read(ALEMBIC), Revision)


def samples(name: str) -> dict[str, str]:
    """Scripts of a text file, each after a line with its title."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    parts = re.split(r"^===== (.*)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


READABLE = samples("readable_scripts.txt")
COMPUTED = samples("computed_scripts.txt")


@pytest.mark.parametrize("source", READABLE.values(), ids=READABLE.keys())
def test_reads_what_running_tells(source):
    assert read(source) == by_running(source)


def test_the_last_line_may_have_no_end():
    source = 'revision = "a"\ndown_revision = None'
    assert read(source) == by_running(source)


@pytest.mark.parametrize("source", COMPUTED.values(), ids=COMPUTED.keys())
def test_leaves_to_running_what_only_running_tells(source):
    assert read(source) is Verdict.COMPUTED
    by_running(source)  # and it does run


def test_functions_are_not_assignments():
    with pytest.raises(ScriptError, match="must be a string"):
        by_running("def revision(): pass\ndown_revision = None\n")
    assert read("def revision(): pass\ndown_revision = None\n") is Verdict.COMPUTED
    assert read("async def revision(): pass\ndown_revision = None\n") is Verdict.COMPUTED


def test_deleting_counts():
    assert read('revision = "a"\ndown_revision = None\ndel revision\n') is Verdict.COMPUTED


class TestWhatIsNoRevision:
    def test_without_a_revision(self):
        with pytest.raises(
            ScriptError, match=r"x.py is not a revision: it has no `revision`"
        ) as caught:
            read("import re\n")
        assert caught.value.path == PATH
        assert "move the file out" in caught.value.hint

    def test_without_a_down_revision(self):
        with pytest.raises(ScriptError, match="revision 'a' has no `down_revision`") as caught:
            read('revision = "a"\n')
        assert caught.value.revision == "a"
        assert "down_revision = None" in caught.value.hint

    def test_the_oldest_scripts_are_named_by_their_file(self):
        found = read_metadata(b'down_revision = "27c6"\n', "/v/1975ea83b712.py")
        assert isinstance(found, Revision)
        assert found.id == "1975ea83b712"

    @pytest.mark.parametrize("value", ["None", '("a",)', "1"])
    def test_an_id_that_is_no_string(self, value):
        with pytest.raises(ScriptError, match=r"no `revision`|must be a string"):
            by_running(f"revision = {value}\ndown_revision = None\n")

    def test_an_id_that_is_a_tuple(self):
        with pytest.raises(
            ScriptError, match=r"`revision` in .* is \('a',\), and must be a string"
        ):
            read('revision = ("a",)\ndown_revision = None\n')

    @pytest.mark.parametrize("value", ["1", "{'a': 1}", "(1, 'a')"])
    def test_names_that_are_no_strings(self, value):
        with pytest.raises(ScriptError, match="`depends_on`"):
            by_running(f'revision = "a"\ndown_revision = None\ndepends_on = {value}\n')

    def test_a_set_has_no_order_of_its_own(self):
        found = by_running('revision = "a"\ndown_revision = {"c", "b"}\n')
        assert found.down_revisions == ("b", "c")


class TestWhatIsNoPython:
    def test_a_slip_before_the_metadata(self):
        with pytest.raises(ScriptError, match=r"x.py:1 is not valid Python") as caught:
            read('import (\nrevision = "a"\n')
        assert caught.value.line == 1

    def test_a_slip_after_it_is_found_when_the_script_is_needed(self):
        assert isinstance(read('revision = "a"\ndown_revision = None\ndef upgrade(:\n'), Revision)

    def test_a_slip_that_hides_the_metadata(self):
        with pytest.raises(ScriptError, match="is not valid Python") as caught:
            read('"""never closed\nrevision = "a"\ndown_revision = None\n')
        assert caught.value.hint

    def test_a_slip_in_a_file_without_metadata_is_told_first(self):
        with pytest.raises(ScriptError, match=r"x.py:3 is not valid Python") as caught:
            read("x = 1\ny = 'revision'\nz = = 2\n")
        assert caught.value.text == "z = = 2"
        assert caught.value.hint == "correct the line: z = = 2"

    def test_a_null_byte(self):
        with pytest.raises(ScriptError) as caught:
            read('revision = "a"\0\n')
        assert (
            caught.value.message
            == f"{PATH} is not valid Python: source code string cannot contain null bytes"
        )
        assert caught.value.hint == "correct the file"

    def test_warnings_of_python_are_not_repeated(self, recwarn):
        assert isinstance(read('x = "\\d"\nrevision = "a"\ndown_revision = None\n'), Revision)
        assert not recwarn.list


class TestEncodings:
    def test_a_mark_of_utf8(self):
        found = read_metadata(
            '\ufeff"""naïve"""\nrevision = "a"\ndown_revision = None\n'.encode(), PATH
        )
        assert isinstance(found, Revision)
        assert found.message == "naïve"

    def test_a_cookie(self):
        source = '# -*- coding: latin-1 -*-\n"""naïve"""\nrevision = "a"\ndown_revision = None\n'
        found = read_metadata(source.encode("latin-1"), PATH)
        assert isinstance(found, Revision)
        assert found.message == "naïve"

    def test_a_cookie_in_the_second_line_only(self):
        assert decode(b"#!x\n# coding: latin-1\n\xe9", PATH)[-1] == "é"
        with pytest.raises(ScriptError):
            decode(b"\n\n# coding: latin-1\n\xe9", PATH)

    def test_line_ends_of_others(self):
        source = '"""first\r\n\r\nsecond"""\r\nrevision = "a"\r\ndown_revision = None\r\n'
        found = read(source)
        assert isinstance(found, Revision)
        assert (found.message, found.doc) == ("first", "first\n\nsecond")
        assert decode(b"a\rb\r\nc", PATH) == "a\nb\nc"

    def test_bytes_that_are_no_text(self):
        with pytest.raises(ScriptError, match="is not utf-8: byte 15") as caught:
            read_metadata(b'revision = "a"\n\xff\xfe', PATH)
        assert caught.value.line == 2
        assert "coding" in caught.value.hint

    def test_a_cookie_of_no_encoding(self):
        with pytest.raises(ScriptError, match="cannot be read: unknown encoding"):
            read_metadata(b"# coding: nonsense\n", PATH)


def test_a_hostile_head_takes_no_time():
    # each line nearly fits; a pattern that tries again would take ages
    lines = "import " + "a, " * 5000 + "!\n" + "from x import (" + "a " * 5000 + "!\n"
    with pytest.raises(ScriptError, match="is not valid Python"):
        read('revision = "a"\n' + lines + "down_revision = None\n")


STATEMENTS = st.sampled_from(
    [
        'revision = "a"',
        'revision = "b"  # no',
        "down_revision = None",
        'down_revision = ("a", "b")',
        'branch_labels: str | None = "l"',
        "depends_on = ['x']",
        "depends_on = str() or None",
        "import re",
        "from os import (\n    sep,\n    path,\n)",
        "from string import digits as branch_labels",
        "from string import *",
        '"""\nrevision = 1\n"""',
        "x = 'revision'",
        'text = """\ndown_revision = 7\n"""',
        "if x := 1:\n    down_revision = None",
        "def f():\n    revision = 1\n    return revision",
        "def g():\n    global depends_on\n    depends_on = 'y'\ng()",
        "class C:\n    revision = 1",
        "globals()['branch_labels'] = 'm'",
        "# revision = 2",
        "",
    ]
)


@given(st.lists(STATEMENTS, max_size=8))
def test_reading_never_contradicts_running(statements):
    source = "\n".join(statements) + "\n"
    try:
        read_it = read(source)
    except ScriptError:
        with pytest.raises(ScriptError):
            by_running(source)
    else:
        assert read_it is Verdict.COMPUTED or read_it == by_running(source)
