"""With ``safe_rewrites`` the plan that is linted has the safe phases, as the run has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asyncmig import Migrator

if TYPE_CHECKING:
    from fix_project import Project

IMPORT = "import sqlalchemy as sa\n"
TABLE = """
op.create_table(
    "t", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("a", sa.Text), sa.Column("n", sa.Integer)
)
"""
CHANGES = """
op.create_index("i", "t", ["a"])
op.alter_column("t", "a", nullable=False)
op.create_check_constraint("c", "t", "n > 0")
op.create_unique_constraint("u", "t", ["n"])
"""


@pytest.fixture
def changed(project: Project) -> Project:
    project.revision("r0", upgrade=TABLE, header=IMPORT)
    project.revision("r1", down="r0", upgrade=CHANGES, header=IMPORT)
    project.revision("r2", down="r1", upgrade='op.drop_index("i", "t")')
    return project


@pytest.mark.parametrize("scope", [{"since": "r0"}, {"all": True}])
async def test_what_is_rewritten_is_not_reported(
    changed: Project, scope: dict[str, object]
) -> None:
    migrator = Migrator(script_location=changed.script_location, safe_rewrites=True)
    result = await migrator.lint(offline=True, **scope)  # type: ignore[arg-type]  # fields by name
    assert [(finding.line, finding.rule) for finding in result.findings] == []


async def test_without_it_all_is_reported(changed: Project) -> None:
    migrator = Migrator(script_location=changed.script_location)
    result = await migrator.lint(offline=True, since="r0")
    assert [finding.rule for finding in result.findings] == [
        "create-index-blocking",
        "set-not-null",
        "add-check",
        "add-key",
        "drop-index-blocking",
    ]


async def test_why_a_directive_is_not_rewritten_is_in_the_finding(changed: Project) -> None:
    migrator = Migrator(
        script_location=changed.script_location, safe_rewrites=True, transaction="all"
    )
    (first, *_) = (await migrator.lint(offline=True, since="r0")).findings
    assert first.rule == "create-index-blocking"
    assert "; no safe rewrite: " in first.message
