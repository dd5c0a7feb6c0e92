"""Lists of varchars in the spelling that PostgreSQL keeps."""

from __future__ import annotations

import pytest

from asyncmig.catalog.normalized_sql import normalized_sql


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        (  # the usual one
            "CHECK (n = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
            "CHECK (n = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))",
        ),
        (
            "((ARRAY['a]),('::character varying, 'it''s'::character varying])::text[])",
            "(ARRAY[('a]),('::character varying)::text, ('it''s'::character varying)::text])",
        ),
        (
            r"(ARRAY[E'\\,]'::character varying])::text[]",
            r"ARRAY[(E'\\,]'::character varying)::text]",
        ),
        (
            '(ARRAY[f(a, b), x."y,]"])::public.mood[]',
            'ARRAY[(f(a, b))::public.mood, (x."y,]")::public.mood]',
        ),
        (
            "(ARRAY['a'::character varying])::text[] || (ARRAY['b'::character varying])::text[]",
            "ARRAY[('a'::character varying)::text] || ARRAY[('b'::character varying)::text]",
        ),
    ],
)
def test_spellings(printed: str, kept: str) -> None:
    assert normalized_sql(printed) == kept
    assert normalized_sql(kept) == kept


@pytest.mark.parametrize(
    "sql",
    [
        "ARRAY[1, 2]",
        "(ARRAY['a'::text])",
        "(ARRAY[ARRAY['a'::character varying]])::text[]",
        "(ARRAY['a",
        "(ARRAY[1, 2",
        "",
    ],
)
def test_what_stays(sql: str) -> None:
    assert normalized_sql(sql) == sql
