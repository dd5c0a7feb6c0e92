"""asyncmig.plan.misspelled_names: what a script error probably means, through the plan of a revision."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError, DirectiveError
from asyncmig.plan.misspelled_names import name_hint


@pytest.mark.parametrize(
    ("body", "near"),
    [
        ("op.add_colum('t', None)", "add_column"),
        ("op.execut('SELECT 1')", "execute"),
        ("op.get_contxt()", "get_context"),
        ("op.rename_table('a', 'b', schma='s')", "schema"),
        ("op.create_view('v', 'SELECT 1', colums=['a'])", "columns"),
        ("op.create_table('t', schma='s')", "schema"),
        ("op.add_column('t', sa.Column('a', sa.Integer, nulable=False))", "nullable"),
        ("op.add_column('t', sa.Column('a', sa.Intger))", "Integer"),
        (
            "op.create_index('i', 't', ['a'], postgresql_concurently=True)",
            "postgresql_concurrently",
        ),
    ],
)
@pytest.mark.parametrize("imported", [False, True])
async def test_a_misspelled_name(project, body, near, imported) -> None:
    header = "import sqlalchemy as sa" + ("\nfrom asyncmig import op" if imported else "")
    signature = "def {name}():" if imported else "def {name}(op):"
    path = project.revision("a1", upgrade=body, header=header, signature=signature)
    migrator = Migrator(script_location=project.script_location)
    with pytest.raises(AsyncmigError) as caught:
        await migrator.plan("head", current=[])
    assert str(path) in str(caught.value)
    assert caught.value.hint == f"did you mean '{near}'?"


async def test_a_keyword_of_a_directive_that_takes_any_keyword(project) -> None:
    project.revision("a1", upgrade="op.alter_column('t', 'a', nulable=False)")
    migrator = Migrator(script_location=project.script_location)
    with pytest.raises(DirectiveError, match=r"op.alter_column has no keyword nulable") as caught:
        await migrator.plan("head", current=[])
    assert caught.value.hint == "did you mean 'nullable'?"


async def test_the_arguments_of_asyncmigs_own_functions_are_no_suggestion(project) -> None:
    body = "op.add_column('t', sa.Column('a', sa.Integer, recordr=False))"
    project.revision("a1", upgrade=body, header="import sqlalchemy as sa")
    migrator = Migrator(script_location=project.script_location)
    with pytest.raises(AsyncmigError) as caught:
        await migrator.plan("head", current=[])
    assert "recorder" not in str(caught.value.hint)


@pytest.mark.parametrize(
    "error",
    [
        AttributeError("no such name", name="value", obj=SimpleNamespace(_value=1)),
        TypeError("no_directive() got an unexpected keyword argument 'schma'"),
        ValueError("schma"),
    ],
)
def test_a_name_without_a_known_one_beside_it(error) -> None:
    assert name_hint(error, "a1.py") is None


async def test_an_error_of_something_else_has_no_suggestion(project) -> None:
    project.revision("a1", upgrade="(1).no_such_thing_at_all()")
    migrator = Migrator(script_location=project.script_location)
    with pytest.raises(AsyncmigError) as caught:
        await migrator.plan("head", current=[])
    assert caught.value.hint == "the script itself raised this"
