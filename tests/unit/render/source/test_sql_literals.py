"""SQL within scripts: the same text however it is laid out."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from asyncmig.render.source.layout import Call, format_code
from asyncmig.render.source.sql_literals import sql_literal

INDEX = (
    "CREATE INDEX CONCURRENTLY ix_customer_email ON customer USING btree (lower(email) DESC, "
    "created_at, name text_pattern_ops) INCLUDE (phone, address) WHERE (active AND email <> 'x')"
)


def written(sql):
    """The lines of ``op.execute`` with a SQL."""
    return format_code(Call.of("op.execute", sql_literal(sql, set(), exact=True))).splitlines()


def test_long_sql_is_broken_at_its_clauses():
    assert written(INDEX) == [
        "op.execute(",
        '    "CREATE INDEX CONCURRENTLY ix_customer_email ON customer "',
        '    "USING btree (lower(email) DESC, created_at, name text_pattern_ops) "',
        "    \"INCLUDE (phone, address) WHERE (active AND email <> 'x')\",",
        ")",
    ]


def test_a_long_clause_is_broken_between_words_and_not_within_quotes():
    quoted = f"'{'x ' * 60}'"
    check = f"ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0 AND {'b = 1 OR ' * 12}c = {quoted})"
    assert written(check) == [
        "op.execute(",
        '    "ALTER TABLE t ADD CONSTRAINT c "',
        '    "CHECK (a > 0 AND b = 1 OR b = 1 OR b = 1 OR b = 1 OR b = 1 OR b = 1 OR b = 1 "',
        '    "OR b = 1 OR b = 1 OR b = 1 OR b = 1 OR b = 1 OR c = "',
        f'    "{quoted})",',
        ")",
    ]
    assert written(quoted) == ["op.execute(", f'    "{quoted}",', ")"]


def test_what_fits_on_a_line_stays_on_it():
    sql = f"SELECT '{'x' * 68}'"
    assert written(sql) == ["op.execute(", f'    "{sql}",', ")"]
    assert written("SELECT '\x01'\n") == ["op.execute(\"SELECT '\\x01'\\n\")"]


WORDS = st.sampled_from(["ON", "USING", "(", ")", "'a b'", "$$ c", "--", '"', "\\", "wörd", " "])


@given(st.lists(WORDS | st.text(max_size=30), max_size=40).map(" ".join))
def test_the_sql_is_what_it_was(sql):
    imports: set[str] = set()
    code = format_code(Call.of("f", sql_literal(sql, imports, exact=True)))
    found: list[str] = []
    exec("\n".join([*imports, code]), {"f": found.append})
    assert found == [sql]
    assert ast.parse(code)
