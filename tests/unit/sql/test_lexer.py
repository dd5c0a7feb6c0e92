"""PostgreSQL's lexical rules."""

from __future__ import annotations

import pytest

from asyncmig.sql.lexer import (
    Kind,
    end_of_dollar_quote,
    identifier_value,
    is_escape_string,
    string_value,
    tokens,
)


def texts(sql: str) -> list[str]:
    return [token.text for token in tokens(sql)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a.b::int", ["SELECT", "a", ".", "b", "::", "int"]),
        ("a$1 $1 $12", ["a$1", "$1", "$12"]),
        ("1.5e-3 .5 0x1F 1_000", ["1.5e-3", ".5", "0x1F", "1_000"]),
        ("1+e'x'", ["1", "+", "e'x'"]),
        ("'it''s' E'it\\'s' x'1F' B'01' N'n' U&'\\0061'", None),
        ("'one'\n  'two' 'three'", ["'one'\n  'two'", "'three'"]),
        ("'one' -- why\n -- not\n 'two'", ["'one' -- why\n -- not\n 'two'"]),
        ("E'a'\n'b\\'c' 1", ["E'a'\n'b\\'c'", "1"]),
        ("'a' /* \n */ 'b'", ["'a'", "'b'"]),
        ('"a""b" U&"d\\0061t" "x;y"', ['"a""b"', 'U&"d\\0061t"', '"x;y"']),
        ("$$ ; $x$ ' $$ $fn$ $$ $fn$ $1$", ["$$ ; $x$ ' $$", "$fn$ $$ $fn$", "$1", "$"]),
        ("a -- b\nc --", ["a", "c"]),
        ("a /* b /* c */ d */ e", ["a", "e"]),
        ("größe €uro", ["größe", "€uro"]),
        ("\u00a0x", ["\u00a0x"]),  # no white space to the server, so part of a name
    ],
)
def test_tokens(sql, expected):
    assert texts(sql) == (sql.split(" ") if expected is None else expected)


@pytest.mark.parametrize(
    "start", ["'it''s", "E'a\\'", "$$ x", "$a$ x $b$", '"a""b', "/* /* */", "'a'\n'b"]
)
def test_what_never_ends_is_one_last_token(start):
    before, last = tokens(f"x {start}")
    assert before.text == "x"
    assert last.kind is Kind.UNTERMINATED
    assert last.text == start
    assert (last.start, last.end) == (2, len(start) + 2)
    assert last.word == ""


def test_words_are_keywords_only_unquoted():
    assert [token.word for token in tokens("create \"CREATE\" 'x' 1 ::")] == [
        "CREATE",
        "",
        "",
        "",
        "::",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it''s'", "it's"),
        ("''", ""),
        ("'a\\n'", "a\\n"),
        ("'foo'\n  'bar'", "foobar"),
        ("E'a\\nb\\t\\'c''d\\\\'", "a\nb\t'c'd\\"),
        ("e'\\x41\\101\\u0042\\U00000043\\q'", "AABCq"),
        ("E'\\UFFFFFFFF \\U00110000'", "\ufffd \ufffd"),
        ("E'\\U0010FFFF'", "\U0010ffff"),
        ("E'a\\''\n'b\\''", "a'b'"),
        ("U&'d\\0061t\\+000061 \\\\ ''x'", "data \\ 'x"),
        ("N'n'", "n"),
        ("$$it's$$", "it's"),
        ("$tag$ $$ $tag$", " $$ "),
    ],
)
def test_string_value(text, value):
    assert string_value(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Users", "users"),
        ("GRÖSSE", "grÖsse"),
        ('"Us""ers"', 'Us"ers'),
        (r'"d\0061ta"', r"d\0061ta"),
        ('U&"d\\0061t\\+000061"', "data"),
        ("x" * 70, "x" * 63),
        ('"' + "ä" * 40 + '"', "ä" * 31),
    ],
)
def test_identifier_value(text, value):
    assert identifier_value(text) == value


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [("'e", 0, False), ("e'", 1, True), ("x'", 1, False), (" E'", 2, True), ("de'", 2, False)],
)
def test_is_escape_string(text, quote, expected):
    assert is_escape_string(text, quote) is expected


@pytest.mark.parametrize(
    ("text", "dollar", "end"),
    [("$a$b$a$c", 0, 7), ("$1", 0, 1), ("a$b$c$b$", 1, 2), ("ab$c$d$c$", 2, 3), ("$a$b", 0, None)],
)
def test_the_end_of_a_dollar_quote(text, dollar, end):
    assert end_of_dollar_quote(text, dollar) == end


def test_backslashes_count_in_unicode_strings_only():
    assert string_value(r"U&'\0061'") == "a"
    assert string_value(r"N'\0061'") == r"\0061"
    assert string_value(r"'\0061'") == r"\0061"
