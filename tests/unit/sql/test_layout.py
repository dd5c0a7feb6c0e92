"""What of a script is layout: its comments, and the places where blanks mean something."""

from __future__ import annotations

import pytest

from asyncmig.sql.layout import PieceKind, normalize_sql, pieces

COMMENT, VERBATIM = PieceKind.COMMENT, PieceKind.VERBATIM


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", []),
        ("SELECT 'a' -- b\n, \"c\"", [(VERBATIM, "'a'"), (COMMENT, "-- b"), (VERBATIM, '"c"')]),
        ("a;'b';\"c\"", [(VERBATIM, "'b'"), (VERBATIM, '"c"')]),
        ("'' 'it''s' a", [(VERBATIM, "''"), (VERBATIM, "'it''s'")]),
        ("E'' E'b\\'c' 'd\\' e", [(VERBATIM, "''"), (VERBATIM, "'b\\'c'"), (VERBATIM, "'d\\'")]),
        ("E'a'\n'b\\'c' d", [(VERBATIM, "'a'\n'b\\'c'")]),
        ("/**/ a /* b /* c */ d */ e", [(COMMENT, "/**/"), (COMMENT, "/* b /* c */ d */")]),
        ("$a$ 'b' $a$ c", [(VERBATIM, "$a$ 'b' $a$")]),
        ("$1 a$b$ 'c' b$b$", [(VERBATIM, "'c'")]),
        ("a$'b' c", [(VERBATIM, "'b'")]),
        ("a -- b", [(COMMENT, "-- b")]),
        ("a /* b", [(COMMENT, "/* b")]),
        ("a 'b", [(VERBATIM, "'b")]),
        ("a $b$ c", [(VERBATIM, "$b$ c")]),
    ],
)
def test_comments_and_verbatim_parts(text, expected):
    assert [(kind, text[start:end]) for kind, start, end in pieces(text)] == expected


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("COPY t FROM stdin;\nit's\n\\.\n", ["it's\n"]),
        ("COPY t FROM stdin;\n\\.\n'a'", ["", "'a'"]),
        ("COPY t (a) FROM stdin;\nb\n", []),
        ("\\.\nSELECT 1;COPY t FROM stdin;", []),
        ("COPY t TO stdout;\n'a'\n\\.\n", ["'a'"]),
        ("SELECT 1;\n'a'\n\\.\n", ["'a'"]),
    ],
)
def test_the_data_of_a_copy_are_verbatim(text, data):
    found = list(pieces(text))
    assert [text[start:end] for _, start, end in found] == data
    assert {kind for kind, *_ in found} <= {VERBATIM}


def test_a_comment_within_a_copy_does_not_begin_another_statement():
    text = "COPY t /* all */ FROM stdin;\nit's\n\\.\n"
    assert [text[start:end] for _, start, end in pieces(text)] == ["/* all */", "it's\n"]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  SELECT\n\t1 ; ", "SELECT 1 ;"),
        ("SELECT/* a */1 -- b\n  FROM t", "SELECT 1 FROM t"),
        ("SELECT  'a  b'  c,\n\"d  e\"", "SELECT 'a  b' c, \"d  e\""),
        ("SELECT 'a\r\nb'", "SELECT 'a\nb'"),
        ("'a' b", "'a' b"),
        ("", ""),
    ],
)
def test_blanks_and_comments_are_one_space_outside_of_verbatim_parts(text, normal):
    assert normalize_sql(text) == normal
