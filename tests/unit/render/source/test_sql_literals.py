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


def literal(sql, *, exact=True):
    """The code of a SQL, and the imports that it needs."""
    imports = set()
    return format_code(sql_literal(sql, imports, exact=exact)), imports


def test_several_lines():
    assert literal("SELECT 1\nFROM t", exact=False) == ('"""\nSELECT 1\nFROM t\n"""', set())
    code, imports = literal("SELECT 1\nFROM t")
    assert code == 'dedent("""\\\n    SELECT 1\n    FROM t""")'
    assert imports == {"from textwrap import dedent"}
    assert literal('SELECT 1\nFROM "t"')[0].endswith('FROM "t\\"""")')


def test_lines_that_no_block_can_hold():
    assert literal("a\nb\x07")[0] == r'"a\nb\x07"'
    assert literal("  a\n b")[0] == r'"  a\n b"'
    long = "x" * 70
    assert literal(f" {long}\n {long}\n")[0].splitlines() == [
        "(",
        rf'    " {long}\n"',
        rf'    " {long}\n"',
        ")",
    ]


def test_a_quoted_text_of_several_lines_stays_exact():
    assert "dedent" in literal("SELECT 'a\nb'", exact=False)[0]
