"""``check`` and ``revision --autogenerate`` as commands."""

from __future__ import annotations

import shutil
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from asyncmig.results import CheckResult, Difference
from support.command import plain

if TYPE_CHECKING:
    from fix_project import Project
    from support.command import Command

MODELS = """
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("book", metadata,
         sa.Column("id", sa.Integer, primary_key=True),
         sa.Column("title", sa.Text, nullable=False))
"""


@pytest.fixture
def with_models(database_command: Command, project: Project) -> Command:
    (project.path / "shop_models.py").write_text(MODELS)
    (project.path / "asyncmig.toml").write_text(
        'script_location = "migrations"\ntarget_metadata = "shop_models:metadata"\n'
        'prepend_sys_path = ["."]\n'
    )
    return database_command


def test_from_models_to_a_database_and_nothing_is_left(with_models, project):
    first = with_models("check")
    assert (first.code, first.err) == (3, "")
    assert first.out.splitlines() == ["+ create_table book", "different: 1 difference"]

    created = with_models("revision", "--autogenerate", "-m", "books", "--rev-id", "a1")
    assert created.code == 0
    assert created.out.splitlines() == [
        "created migrations/versions/a1_books.py (<base> -> a1)",
        "+ create_table book",
    ]
    assert with_models("upgrade").code == 0

    same = with_models("check")
    assert (same.code, same.out) == (0, "no differences: the database matches the models\n")
    skipped = with_models("revision", "--autogenerate", "--skip-empty")
    assert skipped.code == 0
    assert "no revision was written" in skipped.out
    assert len(list(project.versions.glob("*.py"))) == 1

    models = project.path / "shop_models.py"
    models.write_text(MODELS.replace("sa.Text, nullable=False", "sa.String(80)"))
    lines = with_models("check", "-v").out.splitlines()
    assert lines[0] == "~ alter_column book.title: TEXT -> VARCHAR(80)"
    assert "    ALTER TABLE book ALTER COLUMN title TYPE VARCHAR(80)" in lines
    assert lines[-1] == "different: 2 differences"

    checked = with_models("check", "--json").document["differences"]
    document = with_models("revision", "--autogenerate", "--rev-id", "b1", "--json").document
    assert document["differences"] == checked
    assert document["changes"] == 1  # one operation for both


def test_check_as_json(with_models):
    found = with_models("check", "--json")
    assert found.code == 3
    assert set(found.document) == {field.name for field in fields(CheckResult)} | {"ok"}
    assert found.document["ok"] is False
    (difference,) = found.document["differences"]
    assert set(difference) == {field.name for field in fields(Difference)}
    assert (difference["change"], difference["object"]) == ("create_table", "book")


ENTITIES = """
from asyncmig.entities import Function, View, register
register(metadata,
    View("titles", "SELECT id, title FROM book WHERE id > 0"),
    Function("touch", returns="trigger", body='''
BEGIN
  NEW.title := lower(NEW.title);
  -- a line that says more than any terminal of these days has room for, and is not cut into two
  RETURN NEW;
END'''))
"""


@pytest.mark.slow
def test_a_changed_function_is_shown_line_by_line(with_models, project, server):
    models = project.path / "shop_models.py"
    models.write_text(MODELS + ENTITIES)
    with_models("revision", "--autogenerate", "--rev-id", "a1", code=0)
    with_models("upgrade", code=0)
    with_models("check", code=0)
    models.write_text(MODELS + ENTITIES.replace("lower", "upper").replace("id > 0", "id > 1"))
    # byte code of the same size and second would be taken for that of the new text
    shutil.rmtree(models.parent / "__pycache__", ignore_errors=True)
    told = with_models("check", code=3).out.splitlines()
    assert "~ replace_function touch:" in told
    assert "    -  NEW.title := lower(NEW.title);" in told
    assert "    +  NEW.title := upper(NEW.title);" in told
    column = (
        "id" if server.major >= 16 else "book.id"
    )  # before 16, views name the table of a column
    assert f"    -  WHERE ({column} > 0)" in told
    assert told[-1] == "different: 2 differences"
    narrow = with_models.terminal("check", columns=30)
    assert "\x1b[32m+  NEW.title := upper(NEW.title);" in narrow.out
    plainly = with_models.terminal("check", columns=30, env={"NO_COLOR": "1"})
    assert plainly.out.splitlines() == told
    function, view = with_models("check", "--json", code=3).document["differences"]
    assert (function["change"], view["change"]) == ("replace_function", "replace_view")
    assert "upper" in function["after"]
    assert f"({column} > 0)" in view["before"]


def test_pending_revisions_are_an_error(with_models, project):
    project.revision("a1")
    found = with_models("check")
    assert found.code == 3
    assert "not at head (a1)" in found.err
    assert "asyncmig upgrade" in found.err


@pytest.mark.parametrize(
    "options", [("--autogenerate", "--sql"), ("--skip-empty",)], ids=["sql", "skip"]
)
def test_options_that_contradict_each_other(with_models, options):
    assert with_models("revision", *options).code == 2


TITLE = 'sa.Column("title", sa.Text, nullable=False)'
RENAMED = MODELS.replace(TITLE, TITLE.replace("title", "name"))


@pytest.fixture
def renamed(with_models, project):
    """A database with book.title, and models with book.name."""
    with_models("revision", "--autogenerate", "--rev-id", "a1", code=0)
    with_models("upgrade", code=0)
    (project.path / "shop_models.py").write_text(RENAMED)
    return with_models


def written(project: Project) -> str:
    (path,) = project.versions.glob("b2*.py")
    return path.read_text()


def test_a_rename_is_told_in_a_pipe_and_not_guessed(renamed, project):
    found = renamed("revision", "--autogenerate", "--rev-id", "b2", code=0)
    assert "column book.title may have become book.name: --rename book.title=book.name" in found.err
    assert "drop_column" in written(project)


def test_a_rename_in_json(renamed):
    found = renamed("revision", "--autogenerate", "--json", code=0)
    assert found.err == ""
    (candidate,) = found.document["candidates"]
    assert (candidate["kind"], candidate["old"]) == ("column", "book.title")
    assert found.document["renames"] == []


def test_check_says_what_may_be_a_rename(renamed):
    found = renamed("check", code=3)
    told = "? column book.title may have become book.name: --rename book.title=book.name"
    assert found.out.splitlines()[-2:] == [told, "different: 2 differences"]
    (candidate,) = renamed("check", "--json", code=3).document["candidates"]
    assert (candidate["kind"], candidate["new"]) == ("column", "book.name")


def test_a_rename_is_given(renamed, project):
    options = ("--rename", "book.title=book.name", "--rev-id", "b2")
    found = renamed("revision", "--autogenerate", *options, code=0)
    assert "renames column book.title to book.name" in found.out
    assert 'op.alter_column("book", "title", new_column_name="name")' in written(project)
    assert renamed("upgrade").code == 0
    assert renamed("check").code == 0


def test_no_rename_says_nothing(renamed):
    found = renamed("revision", "--autogenerate", "--no-rename", code=0)
    assert found.err == ""


def test_a_wrong_name_names_the_nearest(renamed, project):
    found = renamed("revision", "--autogenerate", "--rename", "book.titel=book.name", code=1)
    assert "did you mean book.title?" in found.err
    assert len(list(project.versions.glob("*.py"))) == 1


@pytest.mark.cells(1)
@pytest.mark.parametrize("word", ["book", "=x", "a=b=c"])
def test_what_is_no_pair(renamed, word):
    assert renamed("revision", "--autogenerate", "--rename", word).code == 2


@pytest.mark.cells(1)
@pytest.mark.parametrize(("answer", "drops"), [("y\n", False), ("\n", True), ("\x04", True)])
def test_a_rename_is_asked_for_on_a_terminal(renamed, project, answer, drops):
    found = renamed.terminal("revision", "--autogenerate", "--rev-id", "b2", typed=answer)
    assert found.code == 0
    assert "was column book.title renamed to book.name?" in plain(found.out)
    assert ("drop_column" in written(project)) is drops
    assert "note:" not in found.out


def test_ctrl_c_at_the_question(renamed, project):
    found = renamed.terminal("revision", "--autogenerate", typed="\x03", columns=200)
    assert found.code == 130
    assert "Traceback" not in found.out
    assert "hint: no file was written" in plain(found.out)
    assert "rolled back" not in found.out
    assert len(list(project.versions.glob("*.py"))) == 1


@pytest.mark.cells(1)
@pytest.mark.parametrize("typed", ["\x04", "y\x04\x04"])
def test_the_end_of_input_ends_the_line(renamed, typed):
    found = renamed.terminal("revision", "--autogenerate", typed=typed, columns=200)
    assert found.code == 0
    question, _, rest = plain(found.out).partition("[y/N] ")
    assert "book.title" in question
    assert rest.startswith(("\n", "y\n", "^D\b\b\n", "y^D\b\b\n")), rest


CHANGED = """
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("book", metadata,
         sa.Column("id", sa.Integer, primary_key=True),
         sa.Column("title", sa.Text, nullable=False),
         sa.Column("state", sa.Enum({labels}, name="state")),
         sa.CheckConstraint("length(title) > {least}", name="long"),
         sa.Index("ix_title", "title", unique={unique}))
"""


def test_the_differences_say_from_and_to(with_models, project):
    models = project.path / "shop_models.py"
    models.write_text(CHANGED.format(labels="'new', 'ok'", least=1, unique=False))
    with_models("revision", "--autogenerate", code=0)
    with_models("upgrade", code=0)
    models.write_text(CHANGED.format(labels="'old'", least=2, unique=True))
    found = with_models("check")
    assert found.out.splitlines() == [
        "~ change_index book.ix_title: ON book (title) -> UNIQUE ON book (title)",
        "~ change_constraint book.long: CHECK (length(title) > 1) -> CHECK (length(title) > 2)",
        "~ change_enum state: 'new', 'ok' -> 'old'",
        "different: 3 differences",
    ]
    narrow = plain(with_models.terminal("check", columns=60).out)
    assert "    from CHECK (length(title) > 1)\n    to   CHECK (length(title) > 2)\n" in narrow


EMPTY = """
import sqlalchemy as sa
metadata = sa.MetaData()
"""


def test_models_that_nobody_imported(with_models, project):
    models = project.path / "shop_models.py"
    with_models("revision", "--autogenerate", "--rev-id", "a1", code=0)
    with_models("upgrade", code=0)
    models.write_text(EMPTY)
    checked = with_models("check", code=3)
    warning = (
        "warning: target_metadata 'shop_models:metadata' in asyncmig.toml has no tables, so 1 table is "
        "dropped from the database (book): is the module with the models imported? import it in shop_models, "
        'or name it in target_metadata instead ("package.models:metadata")\n'
    )
    assert plain(checked.err) == warning
    assert checked.out.splitlines() == ["- drop_table book", "different: 1 difference"]
    found = with_models("check", "--json", code=3)
    assert found.document["notes"] == [warning.removeprefix("warning: ").strip()]
    assert plain(found.err) == warning
    assert with_models("check", "-q", code=3).err == ""

    created = with_models("revision", "--autogenerate", "--rev-id", "a2", code=0)
    assert plain(created.err) == warning
    (script,) = [path.read_text() for path in project.versions.glob("a2*.py")]
    remark = "the models have no tables: is the module that defines them imported?"
    assert f"    # {remark}\n    # drops table book with its rows\n" in script
    assert script.count(remark) == 1
    with_models("upgrade", code=0)  # it stays possible
    empty = with_models("check", code=0)
    assert "there is nothing to compare with the database" in empty.err


REFUSED = MODELS.replace(
    "nullable=False))",
    """nullable=False),
         sa.Index("book_title", "title", postgresql_using="gin"))
sa.Table("loan", metadata, sa.Column("id", sa.Integer, primary_key=True),
         sa.Column("days", sa.Integer, server_default="many"))
sa.Table("fine", metadata, sa.Column("loan_id", sa.ForeignKey("loan.id")))""",
)


def test_refused_objects_are_listed_and_the_others_compared(with_models, project):
    (project.path / "shop_models.py").write_text(REFUSED)
    found = with_models("check")
    assert (found.code, found.out.splitlines()) == (
        1,
        ["+ create_table book", "+ create_table fine", "different: 2 differences"],
    )
    lines = found.err.splitlines()
    assert lines[0] == (
        "error: PostgreSQL rejects the models: table loan, column days: "
        'invalid input syntax for type integer: "many"; 2 more objects are refused'
    )
    assert [line.split(maxsplit=2)[2] for line in lines if "refused too" in line] == [
        'table book, index book_title: data type text has no default operator class for access method "gin"',
        "table fine, foreign key (loan_id): it names table loan, which is refused",
    ]
    assert "    correct table loan first" in found.err


def test_no_revision_is_written_where_an_object_is_refused(with_models, project):
    (project.path / "shop_models.py").write_text(REFUSED)
    found = with_models("revision", "--autogenerate")
    assert (found.code, found.out) == (1, "")
    assert "no revision is written" in found.err
    assert not list(project.versions.glob("*.py"))
    error = with_models("revision", "--autogenerate", "--json").document["error"]
    assert error["type"] == "RefusedModelsError"
    assert [item["subject"] for item in error["fields"]["refused"]] == [
        "table loan",
        "table book",
        "table fine",
    ]
    assert [item["object"] for item in error["fields"]["differences"]] == ["book", "fine"]
