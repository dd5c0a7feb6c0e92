"""Other names for columns in expressions that the server has written."""

from __future__ import annotations

import pytest

from asyncmig.plan.online.expressions import (
    index_body,
    is_ambiguous,
    plain_default,
    rename_columns,
)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CHECK ((a > 0))", "CHECK ((b > 0))"),
        ("CHECK ((\"A\" > 0) AND (a <> 'a'))", "CHECK ((\"A\" > 0) AND (b <> 'a'))"),
        ('USING btree ("a", aa, lower(a))', "USING btree (b, aa, lower(b))"),
    ],
)
def test_rename(sql, expected):
    assert rename_columns(sql, {"a": "b"}) == expected


def test_keywords_and_numbers_are_no_columns():
    sql = 'CHECK ((CASE WHEN "case" > 1 THEN "1" END) IS NULL)'
    renamed = "CHECK ((CASE WHEN case_online > 1 THEN one END) IS NULL)"
    assert rename_columns(sql, {"case": "case_online", "1": "one"}) == renamed


def test_a_name_that_needs_quotes():
    assert rename_columns("(a)", {"a": "User"}) == '("User")'


def test_ambiguous():
    assert not is_ambiguous("CHECK (((text)::integer > 0))", {"text": 1})
    assert is_ambiguous("CHECK (((text)::text > 'a'::text))", {"text": 1})
    assert is_ambiguous("CHECK (length(length) > 0)", {"length": 1})
    assert is_ambiguous("CHECK (a > length(length))", {"a": 1, "length": 1})


def test_index_body():
    definition = 'CREATE INDEX "USING" ON public.t USING gin (a)'
    assert index_body(definition) == "USING gin (a)"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'open'::text", "'open'"),
        ("'open'::character varying(20)", "'open'"),
        ("'{}'::text[]", "'{}'"),
        ("0", "0"),
        ("now()", "now()"),
        ("'a'::text || 'b'::text", "'a'::text || 'b'::text"),
        ("'open'", "'open'"),
        ("'a' || 'b'::text", "'a' || 'b'::text"),
        ("b::text", "b::text"),
        ("'1'::text::integer", "'1'::text::integer"),
        ("nextval('s'::regclass)", "nextval('s'::regclass)"),
    ],
)
def test_plain_default(expression, expected):
    assert plain_default(expression) == expected
