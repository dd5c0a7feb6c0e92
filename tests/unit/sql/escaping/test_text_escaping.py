"""SQL that SQLAlchemy is to leave as it is."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.ddl.raw_sql import unescape_colons
from asyncmig.sql.escaping.text_escaping import escape_backslashes, escape_colons

TEXTS = st.text(alphabet="ab1_ :\\'[]é", max_size=24)


def through_sqlalchemy(text: str) -> str:
    clause = sa.text(text)
    assert not clause._bindparams
    return str(clause.compile(dialect=MigrationDialect()))


@given(TEXTS)
@example("x ~ '[[:alpha:]]'")
@example(r"x ~ '\:a'")
@example(r"'\\:a' || ':b' || '12:30:15'::time::text")
def test_text_gives_the_same(sql: str):
    assert through_sqlalchemy(escape_colons(sql)) == sql


@given(TEXTS)
@example(r"'\:a:'")
def test_a_string_gives_the_same(sql: str):
    assert unescape_colons(escape_backslashes(sql)) == sql


@pytest.mark.parametrize("sql", ["x ~ '[[:alpha:]]'", "a::text", "a[1:2] = '{1}'", "'12:30:15'"])
def test_what_no_parameter_is_in_stays_readable(sql: str):
    assert escape_colons(sql) == sql
