"""Writing revision files, and reading back what was meant."""

from __future__ import annotations

import ast
import os
from datetime import datetime
from pathlib import Path
from typing import Self

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from asyncmig.config import Settings
from asyncmig.errors import ConfigError, ConfigKeyError, FileError, ScriptError
from asyncmig.render import NewRevision, write_revision
from asyncmig.revisions.script_directory import ScriptDirectory

MADE = datetime(2026, 3, 4, 5, 6, 7)  # noqa: DTZ001  # local time, as without a time zone


@pytest.fixture
def at(tmp_path):
    """Settings of a project in ``tmp_path``."""

    def make(**changes: object) -> Settings:
        return Settings(**{"script_location": tmp_path / "db"} | changes)  # type: ignore[arg-type]

    return make


def read_back(settings):
    directory = ScriptDirectory.load(
        settings.version_paths, recursive=settings.recursive_version_locations, cache=False
    )
    return {revision.id: revision for revision in directory.graph}


def test_first(at):
    path = write_revision(at(), NewRevision(rev_id="ab12", message="Add users", created=MADE))
    assert path == at().script_location / "versions/ab12_add_users.py"
    assert (
        path.read_text()
        == '''\
"""Add users

Revision ID: ab12
Revises: <base>
Create Date: 2026-03-04 05:06:07
"""

import sqlalchemy as sa
from asyncmig import Operations

revision: str = "ab12"
down_revision: str | tuple[str, ...] | None = None
branch_labels: tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade(op: Operations) -> None:
    pass


def downgrade(op: Operations) -> None:
    pass
'''
    )


def test_everything(at):
    path = write_revision(
        at(),
        NewRevision(
            rev_id="cd34",
            message="Join\n\nBoth sides.",
            down_revisions=("a", "b"),
            branch_labels=("main",),
            depends_on=("x",),
            upgrades="op.one()\nif True:\n    op.two()\n\nop.three()\n",
            downgrades="op.four()",
            imports=["from sqlalchemy.dialects import postgresql", "import uuid"],
            created=MADE,
        ),
    )
    assert path.name == "cd34_join_both_sides.py"
    text = path.read_text()
    assert text.startswith('"""Join\n\nBoth sides.\n\nRevision ID: cd34\nRevises: a, b\n')
    assert "Operations\nfrom sqlalchemy.dialects import postgresql\nimport uuid\n\nrevision" in text
    assert 'down_revision: str | tuple[str, ...] | None = ("a", "b")\n' in text
    assert 'branch_labels: tuple[str, ...] | None = ("main",)\n' in text
    assert 'depends_on: str | tuple[str, ...] | None = "x"\n' in text
    assert "    op.one()\n    if True:\n        op.two()\n\n    op.three()\n\n\ndef down" in text
    assert text.endswith("    op.four()\n")


@pytest.mark.parametrize(
    ("bodies", "imported"),
    [
        ({}, 1),
        ({"upgrades": 'op.rename_table("sa.a", "b")'}, 0),
        ({"upgrades": "op.one()", "downgrades": "op.two(sa.Text())"}, 1),
        ({"upgrades": "op.one()", "imports": ["import sqlalchemy as sa"]}, 1),
        ({"upgrades": "op.one(X)", "imports": ["X = sa.text('')"]}, 1),
        ({"downgrades": "# nothing\nop.one()"}, 0),
    ],
)
def test_sqlalchemy_is_imported_where_it_is_used(at, bodies, imported):
    text = write_revision(at(), NewRevision(rev_id="a", **bodies)).read_text()
    assert text.count("import sqlalchemy as sa\n") == imported
    assert '"""\n\n' + "import sqlalchemy as sa\n" * imported in text.replace(
        "from asyncmig import Operations\n", ""
    )


@pytest.mark.parametrize("sql", [False, True])
def test_read_back(at, sql):
    settings = at()
    write_revision(
        settings, NewRevision(rev_id="a", message="one", as_sql=sql, branch_labels=["left"])
    )
    write_revision(settings, NewRevision(rev_id="b", message="two", as_sql=sql))
    write_revision(
        settings, NewRevision(rev_id="c", message="three", as_sql=sql, down_revisions=["a", "b"])
    )
    write_revision(
        settings,
        NewRevision(rev_id="d", as_sql=sql, down_revisions=["c"], depends_on=["left", "b"]),
    )
    found = read_back(settings)
    assert {revision.kind for revision in found.values()} == {"sql" if sql else "python"}
    assert found["a"].branch_labels == ("left",)
    assert found["c"].down_revisions == ("a", "b")
    assert found["c"].message == "three"
    assert found["d"].down_revisions == ("c",)
    assert found["d"].depends_on == ("left", "b")
    assert found["d"].message == "empty message"


MESSAGES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], include_characters='\n\\"'),
    max_size=40,
)


@given(message=MESSAGES, sql=st.booleans())
@example(message='ends with "', sql=False)
@example(message='has """ in it', sql=False)
@example(message="back\\", sql=False)
@example(message="\\N{nope} \\x", sql=False)
@example(message="upgrade", sql=True)
@example(message="revision: x", sql=True)
@example(message="a\n-- downgrade", sql=True)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_message_survives(tmp_path_factory, message, sql):
    folder = tmp_path_factory.mktemp("db")
    project = Settings(script_location=folder, file_template="%(rev)s")
    write_revision(
        project, NewRevision(rev_id="a1", message=message, as_sql=sql, upgrades="x = 1;")
    )
    found = read_back(project)["a1"]
    if sql:
        assert found.message == (" ".join(message.split()) or "empty message")
    else:
        expected = message.strip() or "empty message"
        assert found.message == expected.partition("\n")[0].rstrip()
        assert found.doc.startswith(expected)


def test_sql_text(at):
    path = write_revision(
        at(),
        NewRevision(
            rev_id="b2",
            message="Add users",
            down_revisions=["a1"],
            as_sql=True,
            upgrades="CREATE TABLE t (x text DEFAULT '${x}' || $$a$$);\n\nSELECT 1;",
            created=MADE,
        ),
    )
    assert path.name == "b2_add_users.sql"
    assert (
        path.read_text()
        == """\
-- message: Add users
-- revision: b2
-- down_revision: a1
-- create_date: 2026-03-04 05:06:07

-- upgrade
CREATE TABLE t (x text DEFAULT '${x}' || $$a$$);

SELECT 1;

-- downgrade
"""
    )


def test_the_format_of_the_project(at):
    settings = at(revision_format="sql")
    assert write_revision(settings, NewRevision(rev_id="a")).suffix == ".sql"
    assert write_revision(settings, NewRevision(rev_id="b", as_sql=False)).suffix == ".py"


class TestTemplates:
    def test_own_python(self, at):
        settings = at()
        settings.script_location.mkdir()
        (settings.script_location / "script.py.mako").write_text("not this one")
        (settings.script_location / "revision.py.template").write_text(
            '"""${message}"""\nrevision = ${revision_literal}\ndown_revision = ${down_revision}\n'
            "price = '$5'\ndef upgrade(op):\n  ${upgrades}\n"
        )
        path = write_revision(
            settings, NewRevision(rev_id="a", message='Say "x"', upgrades="a()\nb()")
        )
        assert path.read_text() == (
            '"""Say "x\\""""\nrevision = "a"\ndown_revision = None\n'
            "price = '$5'\ndef upgrade(op):\n  a()\n  b()\n"
        )

    def test_own_sql(self, at):
        settings = at()
        settings.script_location.mkdir()
        (settings.script_location / "revision.sql.template").write_text(
            "-- ours\n${header}\n-- upgrade\nSET x = $$y$$;\n${upgrades}\n"
        )
        text = write_revision(
            settings, NewRevision(rev_id="a", as_sql=True, created=MADE)
        ).read_text()
        assert text.startswith("-- ours\n-- message: empty message\n-- revision: a\n")
        assert text.endswith("-- upgrade\nSET x = $$y$$;\n")

    def test_mako(self, at):
        settings = at()
        settings.script_location.mkdir()
        (settings.script_location / "script.py.mako").write_text(
            '"""${message}"""\n${imports if imports else ""}\nrevision = ${repr(up_revision)}\n'
            "down_revision = ${repr(down_revision)}\nbranch_labels = ${repr(branch_labels)}\n"
            "depends_on = ${repr(depends_on)}\ndef upgrade():\n"
            '    ${upgrades if upgrades else "pass"}\n'
        )
        path = write_revision(
            settings,
            NewRevision(
                rev_id="b",
                message='x "',
                down_revisions=["a"],
                branch_labels=["l"],
                depends_on=["p", "q"],
                upgrades="if 1:\n    a()",
                imports=["import x", "import y"],
            ),
        )
        assert path.read_text() == (
            '"""x \\""""\nimport x\nimport y\nrevision = \'b\'\ndown_revision = \'a\'\n'
            "branch_labels = ('l',)\ndepends_on = ['p', 'q']\ndef upgrade():\n"
            "    if 1:\n        a()\n"
        )

    def test_mako_with_config_and_arguments(self, at):
        settings = at(databases=("one", "two"), extra={"mine": "x"})
        settings.script_location.mkdir()
        (settings.script_location / "script.py.mako").write_text(
            "revision = ${repr(up_revision)}\ndown_revision = None\n"
            "<% names = config.get_main_option('databases') %>a = '${names}'\n"
            "b = '${config.get_main_option('mine')}${config.get_main_option('no', 'd')}'\n"
            "c = '${given}'\n"
        )
        text = write_revision(
            settings, NewRevision(rev_id="a", template_args={"given": "g"})
        ).read_text()
        assert "a = 'one, two'\nb = 'xd'\nc = 'g'\n" in text

    @pytest.mark.parametrize(
        ("name", "sql"),
        [
            ("revision.py.template", False),
            ("script.py.mako", False),
            ("revision.sql.template", True),
        ],
    )
    def test_not_utf8(self, at, name, sql):
        settings = at()
        settings.script_location.mkdir()
        (settings.script_location / name).write_bytes(b"\xff")
        with pytest.raises(FileError, match=f"{name} is not encoded as UTF-8"):
            write_revision(settings, NewRevision(rev_id="a", as_sql=sql))

    def test_unreadable(self, at, monkeypatch):
        settings = at()
        settings.script_location.mkdir()
        (settings.script_location / "revision.py.template").write_text("")

        def refuse(*_: object, **__: object) -> str:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "read_text", refuse)
        with pytest.raises(
            FileError, match=r"revision.py.template cannot be read: permission denied"
        ):
            write_revision(settings, NewRevision(rev_id="a"))

    @pytest.mark.parametrize(
        ("template", "message"),
        [
            ("x = (", "does not give valid Python for a.py: line 1: '(' was never closed"),
            ("x = 1", "does not set revision, down_revision"),
            ("revision = 'a'\n", "does not set down_revision"),
            ("revision: str = 'a'\nx.down_revision = None\n", "does not set down_revision"),
            ("revision = down_revision = 'a'\n", "does not set branch_labels, depends_on"),
            ("revision = down_revision = branch_labels = 'a'\n", "does not set depends_on"),
        ],
    )
    def test_what_a_template_leaves_out(self, at, template, message):
        settings = at(file_template="%(rev)s")
        settings.script_location.mkdir()
        (settings.script_location / "revision.py.template").write_text(template)
        with pytest.raises(ScriptError, match=r"^the template ") as caught:
            write_revision(settings, NewRevision(rev_id="a", branch_labels=["l"], depends_on=["d"]))
        assert message in str(caught.value)
        assert not (settings.script_location / "versions").exists()


class TestWhere:
    def test_several_locations(self, at, tmp_path):
        settings = at(version_locations=(tmp_path / "one", tmp_path / "two"))
        with pytest.raises(
            ConfigError, match="several version locations and none is chosen"
        ) as caught:
            write_revision(settings, NewRevision(rev_id="a"))
        assert f"{tmp_path}/one, {tmp_path}/two" in caught.value.hint
        path = write_revision(settings, NewRevision(rev_id="a", version_path=tmp_path / "two"))
        assert path.parent == tmp_path / "two"

    def test_relative(self, at, tmp_path, monkeypatch):
        settings = at(version_locations=(tmp_path / "a/one",), config_path=tmp_path / "a/x.toml")
        assert (
            write_revision(settings, NewRevision(rev_id="a", version_path="one")).parent
            == tmp_path / "a/one"
        )
        monkeypatch.chdir(tmp_path)
        path = write_revision(settings, NewRevision(rev_id="b", version_path="a/one"))
        assert path.parent == tmp_path / "a/one"

    def test_folders_below(self, at, tmp_path):
        settings = at(recursive_version_locations=True)
        below = settings.script_location / "versions/2026"
        assert write_revision(settings, NewRevision(rev_id="a", version_path=below)).parent == below
        with pytest.raises(ConfigError, match="2026' is not one of the version locations"):
            write_revision(at(), NewRevision(rev_id="a", version_path=below))

    def test_elsewhere(self, at, tmp_path):
        with pytest.raises(ConfigError, match="is not one of the version locations") as caught:
            write_revision(at(), NewRevision(rev_id="a", version_path=tmp_path))
        assert str(at().script_location / "versions") in caught.value.hint

    def test_folders_by_template(self, at):
        settings = at(file_template="%(year)d/%(rev)s", recursive_version_locations=True)
        path = write_revision(settings, NewRevision(rev_id="a", created=MADE))
        assert path == settings.script_location / "versions/2026/a.py"
        assert list(read_back(settings)) == ["a"]


class TestRefused:
    def test_existing_file(self, at):
        settings = at(file_template="%(slug)s")
        first = write_revision(settings, NewRevision(rev_id="a", message="x"))
        before = first.read_text()
        with pytest.raises(FileError, match=r"x.py already exists") as caught:
            write_revision(settings, NewRevision(rev_id="b", message="x"))
        assert caught.value.fields() == {"path": str(first)}
        assert first.read_text() == before

    def test_a_file_instead_of_the_folder(self, at, tmp_path):
        (tmp_path / "db").mkdir()
        (tmp_path / "db/versions").write_text("")
        with pytest.raises(FileError, match=r"db/versions is not a folder"):
            write_revision(at(), NewRevision(rev_id="a"))

    def test_a_file_further_up(self, at, tmp_path):
        (tmp_path / "db").write_text("")
        with pytest.raises(FileError, match=r"cannot be written: not a directory"):
            write_revision(at(), NewRevision(rev_id="a"))

    def test_unwritable(self, at, monkeypatch):
        real = Path.open

        def refuse(path: Path, mode: str = "r", **arguments: object) -> object:
            if mode == "xb":
                raise PermissionError(13, "Permission denied")
            return real(path, mode, **arguments)  # type: ignore[call-overload]  # passed on

        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(
            FileError, match=r"a_.py cannot be written: permission denied"
        ) as caught:
            write_revision(at(), NewRevision(rev_id="a"))
        assert str(at().script_location / "versions") in caught.value.hint

    def test_a_full_disk_leaves_nothing(self, at, tmp_path, monkeypatch):
        real = Path.open

        class Full:
            def __init__(self, file: object) -> None:
                self.file = file

            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None:
                self.file.close()  # type: ignore[attr-defined]

            def write(self, content: bytes) -> None:
                raise OSError(28, "No space left on device")

        def full(path: Path, mode: str = "r", **arguments: object) -> object:
            file = real(path, mode, **arguments)  # type: ignore[call-overload]  # passed on
            return Full(file) if mode == "xb" else file

        monkeypatch.setattr(Path, "open", full)
        with pytest.raises(FileError, match="no space left on device"):
            write_revision(at(), NewRevision(rev_id="a"))
        assert os.listdir(at().script_location / "versions") == []  # noqa: PTH208  # Path.open is patched

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ({"rev_id": "a-b"}, ScriptError),
            ({"rev_id": "a", "branch_labels": ["x@y"]}, ScriptError),
            ({"rev_id": "a", "upgrades": "if:"}, ScriptError),
        ],
    )
    def test_arguments(self, at, arguments, error):
        with pytest.raises(error):
            write_revision(at(), NewRevision(**arguments))
        assert not at().script_location.exists()


class TestEncoding:
    def test_used(self, at):
        settings = at(output_encoding="latin-1", file_template="%(rev)s")
        settings.script_location.mkdir()
        (settings.script_location / "revision.py.template").write_text(
            '# coding: latin-1\n"""${message}"""\nrevision = "a"\ndown_revision = None\n'
        )
        path = write_revision(settings, NewRevision(rev_id="a", message="Größe"))
        assert "Größe" in path.read_text("latin-1")
        assert ast.get_docstring(ast.parse(path.read_bytes())) == "Größe"

    def test_without_the_comment(self, at):
        with pytest.raises(ScriptError, match="does not give valid Python") as caught:
            write_revision(at(output_encoding="latin-1"), NewRevision(rev_id="a", message="Größe"))
        assert "coding comment" in caught.value.hint

    def test_cannot_hold_the_text(self, at):
        with pytest.raises(ScriptError, match="contains 'ö', which ascii cannot encode"):
            write_revision(at(output_encoding="ascii"), NewRevision(rev_id="a", message="Größe"))

    def test_unknown(self, at):
        with pytest.raises(ConfigKeyError, match="there is no encoding 'utf-9'") as caught:
            write_revision(at(output_encoding="utf-9"), NewRevision(rev_id="a"))
        assert caught.value.fields()["key"] == "output_encoding"


PLAIN = """revision = ${revision_literal}
down_revision = ${down_revision}


def upgrade(op):
    %s
"""
MAKO = """revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    %s
"""


@pytest.mark.parametrize(
    ("name", "template", "token", "as_sql"),
    [
        ("revision.py.template", PLAIN, "${upgrades}", False),
        ("script.py.mako", MAKO, "${upgrades}", False),
        ("revision.sql.template", "${header}\n-- upgrade\n%s\n-- downgrade\n", "${upgrades}", True),
    ],
)
def test_a_template_without_upgrades_is_refused_for_operations(at, name, template, token, as_sql):
    settings = at(file_template="%(rev)s")
    settings.script_location.mkdir()
    path = settings.script_location / name
    operations = "op.execute('SELECT 1')"
    path.write_text(
        template % "pass $${upgrades}" if name == "revision.py.template" else template % "pass"
    )
    with pytest.raises(ScriptError) as caught:
        write_revision(settings, NewRevision(rev_id="a", as_sql=as_sql, upgrades=operations))
    message = f"the template {path} has no ${{upgrades}} for the operations of the revision"
    assert str(caught.value).startswith(message)
    assert not list(settings.script_location.glob("versions/*"))
    path.write_text(template % token)
    written = write_revision(settings, NewRevision(rev_id="a", as_sql=as_sql, upgrades=operations))
    assert operations in written.read_text()


def test_a_template_without_upgrades_serves_empty_revisions(at):
    settings = at()
    settings.script_location.mkdir()
    (settings.script_location / "revision.py.template").write_text(PLAIN % "pass")
    write_revision(settings, NewRevision(rev_id="a"))
    assert read_back(settings).keys() == {"a"}
