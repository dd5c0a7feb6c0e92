"""The same call through Alembic's offline mode gives the same SQL, up to white space."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations as Theirs

from support import directive_cases
from support.directive_cases import CASES, CONVENTION, normal
from support.recording_sink import sql_of

if TYPE_CHECKING:
    from collections.abc import Callable

DIRECTIVES = {name for name in vars(Theirs) if not name.startswith("_")} - {
    "context",
    "create_module_class_proxy",
}


def alembic_sql(script: Callable[[Any], Any], metadata: sa.MetaData | None = None) -> str:
    buffer = io.StringIO()
    options = {"as_sql": True, "output_buffer": buffer, "literal_binds": True}
    if metadata is not None:
        options["target_metadata"] = metadata
    context = MigrationContext.configure(
        dialect_name="postgresql", dialect_opts={"paramstyle": "named"}, opts=options
    )
    # without a server SQLAlchemy thinks of one that has standard_conforming_strings off
    context.dialect._backslash_escapes = False
    with Theirs.context(context) as op:
        script(op)
    return buffer.getvalue()


def compare(script: Callable[[Any], Any], metadata: sa.MetaData | None = None) -> None:
    ours = sql_of(script, target_metadata=metadata)
    assert normal(";\n".join(ours)) == normal(alembic_sql(script, metadata))


@pytest.mark.cells(30)
@pytest.mark.parametrize("name", CASES)
def test_same_sql(name):
    convention = sa.MetaData(naming_convention=CONVENTION) if name == "naming_convention" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what SQLAlchemy warns of is the same for both
        compare(CASES[name], convention)


IDENTITIES = [
    (sa.Identity(always=True), sa.Identity()),
    (sa.Identity(), sa.Identity(always=True)),
    (sa.Identity(start=5), sa.Identity()),
    (sa.Identity(increment=7), sa.Identity(increment=3)),
    (sa.Identity(minvalue=1, maxvalue=9), sa.Identity()),
    (sa.Identity(cycle=True), sa.Identity()),
    (sa.Identity(cache=10), sa.Identity(cache=5)),
    (sa.Identity(always=True, start=2, increment=3, cycle=True, cache=4), sa.Identity()),
    (sa.Identity(nomaxvalue=True), sa.Identity(maxvalue=9)),
]


@pytest.mark.parametrize("number", range(len(IDENTITIES)))
def test_identity_changes(number):
    after, before = IDENTITIES[number]
    compare(
        lambda op: op.alter_column("t", "a", server_default=after, existing_server_default=before)
    )


def test_every_directive_is_compared():
    source = Path(directive_cases.__file__).read_text()
    assert [name for name in sorted(DIRECTIVES) if f"op.{name}(" not in source] == []
