"""Loading scripts: import, errors with their line, what is written, and what is left behind: nothing."""

import ast
import gc
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from asyncmig.errors import FileError, ScriptError
from asyncmig.revisions.files.checksum import checksum
from asyncmig.revisions.files.import_script import forget_module, import_script
from asyncmig.revisions.files.python_ast import flattened, parse
from asyncmig.revisions.files.script import PythonScript, SqlScript, load_script
from asyncmig.revisions.graph.revision import Revision, ScriptKind

HEAD = 'revision = "a"\ndown_revision = None\n'


@pytest.fixture
def script(tmp_path):
    """Write a Python script and load it."""

    def load(body: str = "", *, name: str = "a.py", **options) -> PythonScript:
        path = tmp_path / name
        path.write_text(HEAD + dedent(body))
        loaded = load_script(Revision(id="a", path=str(path)), **options)
        assert isinstance(loaded, PythonScript)
        return loaded

    return load


@pytest.fixture
def sql_script(tmp_path):
    """Write a SQL script and load it."""

    def load(body: str) -> SqlScript:
        path = tmp_path / "a.sql"
        path.write_text("-- revision: a\n" + dedent(body))
        loaded = load_script(Revision(id="a", path=str(path), kind=ScriptKind.SQL))
        assert isinstance(loaded, SqlScript)
        return loaded

    return load


class TestPython:
    def test_functions_and_module(self, script):
        loaded = script("def upgrade(): return 'up'\ndef downgrade(): return 'down'\n")
        assert loaded.upgrade() == "up"
        assert loaded.downgrade() == "down"
        assert loaded.module.revision == "a"
        assert loaded.module.__file__ == loaded.revision.path
        assert loaded.transactional is True
        assert (loaded.has_upgrade, loaded.has_downgrade) == (True, True)

    def test_outside_of_a_transaction(self, script):
        assert script("transactional = False\n").transactional is False

    @pytest.mark.parametrize(
        ("body", "written"),
        [
            ("def downgrade(): pass\n", True),
            ('def downgrade():\n    """Nothing to do."""\n', True),
            ("def downgrade(): ...\n", True),
            ("async def downgrade(op): return\n", True),
            ("downgrade = print\n", True),
            ("def downgrade():\n    if False:\n        raise NotImplementedError\n", True),
            ("def downgrade(): raise ValueError\n", True),
            ("def downgrade():\n    raise NotImplementedError\ndef downgrade(): pass\n", True),
            ("", False),
            ("def downgrade(): raise NotImplementedError\n", False),
            (
                'def downgrade():\n    """No."""\n    raise NotImplementedError("no way back")\n',
                False,
            ),
            ("async def downgrade(op): raise NotImplementedError()\n", False),
            # Python reads the name in NFKC
            ("def downgrade(): raise \uff2eotImplementedError\n", False),
            ('def downgrade(): return "\u00e9"\n', True),
        ],
    )
    def test_when_a_downgrade_is_written(self, script, body, written):
        assert script(body).has_downgrade is written
        assert script(body.replace("downgrade", "upgrade")).has_upgrade is written

    @pytest.mark.parametrize(
        ("raised", "message"),
        [
            ("NotImplementedError", None),
            ("NotImplementedError()", None),
            ('NotImplementedError("no " "way")', "no way"),
            ('NotImplementedError(f"no {1 + 1}", 3)', "f'no {1 + 1}', 3"),
        ],
    )
    def test_what_an_unwritten_function_says(self, script, raised, message):
        loaded = script(f'def upgrade():\n    """No."""\n\n    raise {raised}\n')
        found = loaded.unwritten["upgrade"]
        lines = Path(loaded.revision.path).read_text().splitlines()
        assert found.message == message
        assert lines[found.line - 1].strip() == f"raise {raised}"

    def test_the_module_is_known_while_the_script_lives(self, script):
        body = """
            from __future__ import annotations
            from dataclasses import dataclass
            import pickle, sys

            @dataclass
            class Row:
                id: int

            def upgrade():
                assert sys.modules[__name__].Row is Row
                return pickle.loads(pickle.dumps(Row(1)))
        """
        loaded = script(dedent(body).replace("\nfrom __future__ import annotations", ""))
        name = loaded.module.__name__
        assert loaded.upgrade() == loaded.module.Row(1)
        assert sys.modules[name] is loaded.module
        del loaded
        gc.collect()
        assert name not in sys.modules

    def test_two_of_the_same_name_do_not_meet(self, tmp_path):
        loaded = []
        for folder in ("x", "y"):
            path = tmp_path / folder / "a.py"
            path.parent.mkdir()
            path.write_text(f"{HEAD}where = {folder!r}\n")
            loaded.append(load_script(Revision(id="a", path=str(path))))
        assert [script.module.where for script in loaded] == ["x", "y"]
        assert len({script.module.__name__ for script in loaded}) == 2

    def test_loading_again_replaces_and_forgetting_the_old_keeps_the_new(self, script):
        first = script("n = 1\n")
        second = script("n = 2\n")
        name = second.module.__name__
        assert first.module.__name__ == name
        del first
        gc.collect()
        assert sys.modules[name] is second.module

    def test_a_script_saved_twice_within_a_second(self, script, monkeypatch):
        monkeypatch.setattr(sys, "dont_write_bytecode", False)
        assert script("n = 1\n").module.n == 1
        assert script("n = 2\n").module.n == 2

    def test_byte_code_is_kept_of_older_ones(self, script, tmp_path, monkeypatch):
        monkeypatch.setattr(sys, "dont_write_bytecode", False)
        now = time.time
        monkeypatch.setattr("time.time", lambda: now() + 60)
        first = script("def upgrade(): pass\n")
        assert list(tmp_path.glob("__pycache__/a.*.pyc"))
        again = load_script(first.revision)
        assert again.checksum == first.checksum
        assert again.has_upgrade
        assert not again.has_downgrade

    def test_the_context_is_active_while_it_is_imported_only(self, script):
        seen = []

        @contextmanager
        def context():
            seen.append("in")
            yield
            seen.append("out")

        script("import sys\n", import_context=context)
        assert seen == ["in", "out"]
        with pytest.raises(ScriptError):
            script("import nothing_of_that_name\n", import_context=context)
        assert seen == ["in", "out", "in"]

    def test_byte_code_alone(self, script, tmp_path):
        import py_compile

        path = tmp_path / "b.py"
        path.write_text(HEAD + "def upgrade(): return 1\n")
        compiled = py_compile.compile(str(path), cfile=str(tmp_path / "b.pyc"))
        path.unlink()
        loaded = load_script(Revision(id="a", path=str(compiled)))
        assert loaded.upgrade() == 1
        assert loaded.has_upgrade
        assert not loaded.has_downgrade
        assert len(loaded.checksum) == 32


class TestErrors:
    def test_a_syntax_error_names_the_line(self, script):
        with pytest.raises(ScriptError, match=r"a.py:3 is not valid Python: .*") as caught:
            script("def upgrade(:\n")
        error = caught.value
        assert (error.line, error.text, error.revision) == (3, "def upgrade(:", "a")
        assert error.hint == "correct the line: def upgrade(:"
        assert error.path.endswith("a.py")

    def test_a_module_that_is_not_there(self, script):
        with pytest.raises(
            ScriptError, match=r"a.py:4 cannot be imported: No module named 'app_models'"
        ) as c:
            script("\nimport app_models\n")
        assert "prepend_sys_path" in c.value.hint

    def test_a_name_that_a_module_has_not(self, script):
        with pytest.raises(ScriptError, match=r"a.py:3 cannot be imported") as caught:
            script("from os import no_such_name\n")
        assert caught.value.hint == "correct the import: from os import no_such_name"

    @pytest.mark.parametrize(
        "statement", ["1 / 0", "raise SystemExit(3)", "raise ValueError('two\\nlines')"]
    )
    def test_anything_else_that_is_raised(self, script, statement):
        with pytest.raises(ScriptError, match=r"a.py:3 raises \w+ when it is imported") as caught:
            script(f"{statement}\n")
        assert caught.value.text == statement
        assert "\n" not in str(caught.value)

    def test_the_line_is_that_of_the_script(self, script):
        body = "import json\ndef f():\n    json.loads('{')\nf()\n"
        with pytest.raises(ScriptError, match=r"a.py:5 raises JSONDecodeError"):
            script(body)

    def test_a_syntax_error_of_another_file(self, script, tmp_path, monkeypatch):
        (tmp_path / "broken_module.py").write_text("x = = 1\n")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(
            ScriptError, match=r"a.py:3 raises SyntaxError .*broken_module.py"
        ) as caught:
            script("import broken_module\n")
        assert caught.value.line == 3

    def test_an_error_of_ours_passes(self, script):
        with pytest.raises(FileError, match="mine"):
            script("from asyncmig.errors import FileError\nraise FileError('mine')\n")

    def test_an_interruption_passes(self, script):
        with pytest.raises(KeyboardInterrupt):
            script("raise KeyboardInterrupt\n")

    def test_nothing_is_left_in_the_modules(self, script):
        before = set(sys.modules)
        with pytest.raises(ScriptError):
            script("1 / 0\n")
        assert not {name for name in set(sys.modules) - before if "asyncmig_script" in name}

    def test_a_null_byte(self, tmp_path):
        path = tmp_path / "a.py"
        path.write_bytes(b"x = 1\0\n")
        with pytest.raises(ScriptError, match="null bytes") as caught:
            load_script(Revision(id="a", path=str(path)))
        assert caught.value.fields()["path"] == str(path)

    def test_nesting_that_python_gives_up_at(self):
        with pytest.raises(ScriptError, match=r"x.py is not valid Python") as caught:
            parse("-" * 100_000 + "1", "x.py")
        assert caught.value.hint == "correct the file"

    def test_a_file_that_is_gone(self, tmp_path):
        with pytest.raises(
            ScriptError, match="revision 'a' cannot be read: No such file"
        ) as caught:
            load_script(Revision(id="a", path=str(tmp_path / "a.py")))
        assert caught.value.revision == "a"

    def test_byte_code_that_is_none(self, tmp_path):
        path = tmp_path / "a.pyc"
        path.write_bytes(b"nonsense")
        with pytest.raises(ScriptError, match="cannot be imported") as caught:
            load_script(Revision(id="a", path=str(path)))
        assert caught.value.line is None


def test_forgetting_what_is_not_there_is_fine(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    module, tree = import_script(str(path))
    assert tree is not None
    forget_module(module.__name__, id(module))
    forget_module(module.__name__, id(module))
    assert module.__name__ not in sys.modules


class TestSql:
    def test_sections(self, sql_script):
        loaded = sql_script("-- upgrade\nSELECT 1;\n-- downgrade\n")
        assert [part.text for part in loaded.upgrade] == ["SELECT 1;"]
        assert loaded.downgrade == ()
        assert (loaded.has_upgrade, loaded.has_downgrade) == (True, True)
        assert loaded.transactional is True

    def test_what_is_not_written(self, sql_script):
        loaded = sql_script("-- upgrade\nSELECT 1;\n")
        assert (loaded.has_upgrade, loaded.has_downgrade) == (True, False)
        assert not sql_script("").has_upgrade

    def test_errors_have_their_line(self, sql_script):
        with pytest.raises(ScriptError, match=r"a.sql:3 marks an unknown phase"):
            sql_script("-- upgrade\n-- phase: x\n")


class TestPythonChecksum:
    BODY = (
        "def upgrade(op):\n    op.execute('select 1')\n    op.run(a=[1, 2], b={'x': None}, **k)\n"
    )

    @pytest.mark.parametrize(
        "same",
        [
            """
            # a comment
            def upgrade(op):
                op.execute('select 1')  # why
                op.run(a=[1, 2], b={'x': None}, **k)
            """,
            """
            def upgrade(op):
                'What it does.'
                op.execute("select 1")

                op.run(
                    a=[1, 2,],
                    b={'x': None,},
                    **k,
                )
            """,
            """
            def upgrade(op):
              op.execute(('select 1'));  op.run(a=[0x1, 2], b={u'x': None}, **k)
            """,
            """
            def upgrade(op):
                op.execute('select ' '1')
                op.run(a=[1, 2], b={'x': None}, **k)
            """,
        ],
    )
    def test_layout_comments_and_docstrings_do_not_count(self, script, same):
        assert script(same).checksum == script(self.BODY).checksum

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("select 1", "select 2"),
            ("[1, 2]", "[1, 2, 3]"),
            ("[1, 2]", "(1, 2)"),
            ("[1, 2]", "[2, 1]"),
            ("[1, 2]", "[1, '2']"),
            ("[1, 2]", "[True, 2]"),
            ("'x': None", "**k"),
            ("None", "b'x'"),
            ("a=[", "c=["),
            ("def ", "async def "),
            ("op)", "op=None)"),
            ("**k", "k=k"),
        ],
    )
    def test_everything_else_does(self, script, old, new):
        assert script(self.BODY.replace(old, new, 1)).checksum != script(self.BODY).checksum

    def test_other_functions_count(self, script):
        assert script(self.BODY + "def helper(): pass\n").checksum != script(self.BODY).checksum

    def test_a_string_that_is_no_docstring_counts(self, script):
        with_string = self.BODY.replace(
            "    op.execute", "    x = 1\n    'text'\n    op.execute", 1
        )
        assert script(with_string).checksum != script(with_string.replace("text", "other")).checksum

    def test_it_is_the_same_under_every_python(self):
        # Counted once and written down. A change here makes every journal say "edited".
        body = r"""
import os as o
from a.b import *

@d
class C(B, metaclass=M):
    x: int = -1

async def upgrade(op, /, a, *b, c=1, **d) -> None:
    global g
    async with x as y, z:
        f"{a!r:>{w}} naïve \U0001FAE8 {b=}" f"{{" "}"
    await (yield [i async for i in a if i if j])

def downgrade():
    match a:
        case {"k": [1, *_], **r} | C(x=2) | None: ...
    try:
        pass
    except* E as e:
        raise X from e
    lambda *, k=1: k[1:2, ...] @ 1.5j ** 1e100
"""
        assert checksum(flattened(parse(body, "x.py"))) == "aef9d197b6388bb5b1696beb2164d8f4"

    def test_pieces_of_f_strings_are_joined(self):
        x = ast.Name("x", ast.Load())
        values = [
            ast.Constant(""),
            ast.Constant("a"),
            ast.Constant("b"),
            ast.FormattedValue(x, -1),
            ast.Constant("c"),
        ]
        one = ast.JoinedStr([ast.Constant("ab"), *values[3:]])
        trees = [ast.Module([ast.Expr(tree)], []) for tree in (ast.JoinedStr(values), one)]
        assert flattened(trees[0]) == flattened(trees[1])

    def test_a_long_sum_is_no_matter(self, script):
        body = f"x = {' + '.join(['1'] * 900)}\n"
        assert script(body).checksum != script(body.replace("1", "2", 1)).checksum


class TestSqlChecksum:
    BODY = "-- upgrade\nSELECT 1;\nSELECT 'a';\n-- downgrade\nSELECT 2;\n"

    @pytest.mark.parametrize(
        "same",
        [
            "-- about it\n-- upgrade\n\n-- one\nSELECT 1; -- why\nSELECT  'a';\n-- downgrade\nSELECT 2;\n",
            "-- UPGRADE\r\nSELECT 1;\r\nSELECT 'a';\r\n-- downgrade\r\nSELECT 2;",
        ],
    )
    def test_comments_and_line_ends_do_not_count(self, sql_script, same):
        assert sql_script(same).checksum == sql_script(self.BODY).checksum

    @pytest.mark.parametrize(
        "other",
        [
            "-- upgrade\nSELECT 1;\nSELECT 'b';\n-- downgrade\nSELECT 2;\n",
            "-- upgrade\nSELECT 1;\nSELECT 'a';\n-- downgrade\n",
            "-- upgrade\nSELECT 1;\nSELECT 'a';\n",
            "-- upgrade\n-- phase: autocommit\nSELECT 1;\nSELECT 'a';\n-- downgrade\nSELECT 2;\n",
            "-- downgrade\nSELECT 1;\nSELECT 'a';\n-- upgrade\nSELECT 2;\n",
        ],
    )
    def test_sql_and_marks_do(self, sql_script, other):
        assert sql_script(other).checksum != sql_script(self.BODY).checksum


def test_paths_with_odd_names(tmp_path):
    path = Path(tmp_path) / "2024-01-01 add stuff.py"
    path.write_text(HEAD)
    assert load_script(Revision(id="a", path=str(path))).module.revision == "a"


def test_threads_may_parse_at_once():
    """Python before 3.11.8 refuses trees that are made at the same time: gh-106905."""
    source = "def f():\n" + "".join(f"    g({n}, [1, (2, h({n}))])\n" for n in range(200))
    failures = []

    class Waste:
        def __init__(self):
            self.me = self

        def __del__(self):
            sum(range(200))  # lets another thread go on in the middle of garbage collection

    def work():
        for _ in range(6):
            waste = [Waste() for _ in range(5)]
            try:
                parse(source, "a.py")
            except SystemError as error:
                failures.append(error)
            del waste

    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(50)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*threshold)
    assert not failures
