"""asyncmig.sql.quoting: the same text as SQLAlchemy's compiler, and nothing that ends a constant early."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS, PGDialect

from asyncmig.sql.lexer import Kind, identifier_value, string_value, tokens
from asyncmig.sql.quoting import comment_on, identifier, literal, qualified, quoted, text_array

PREPARER = PGDialect(paramstyle="named").identifier_preparer
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


class TestIdentifier:
    @pytest.mark.parametrize(
        "name",
        ["a", "a1", "_a", "a$", "1a", "$a", "A", "aB", "é", "a b", 'a"b', "a.b", "a-b", ""],
    )
    def test_is_quoted_as_sqlalchemy_quotes_it(self, name: str) -> None:
        assert identifier(name) == PREPARER.quote(name)

    @pytest.mark.parametrize("word", sorted(RESERVED_WORDS))
    def test_a_reserved_word_is_quoted(self, word: str) -> None:
        assert identifier(word) == f'"{word}"'

    @pytest.mark.parametrize("word", ["name", "value", "level", "authorisation", "tables"])
    def test_other_words_are_not(self, word: str) -> None:
        assert identifier(word) == word

    def test_a_closing_line_break_is_quoted(self) -> None:
        assert identifier("a\n") == '"a\n"'  # SQLAlchemy does not

    @given(TEXT.filter(lambda name: not name.endswith("\n")))
    def test_any_name_is_quoted_as_sqlalchemy_quotes_it(self, name: str) -> None:
        assert identifier(name) == PREPARER.quote(name)

    @given(TEXT.filter(lambda name: 0 < len(name.encode()) < 64))
    def test_the_server_reads_the_name_that_was_given(self, name: str) -> None:
        (token,) = tokens(identifier(name))
        assert token.kind in {Kind.WORD, Kind.QUOTED}
        assert identifier_value(token.text) == name

    def test_quoted_quotes_always(self) -> None:
        assert [quoted("a"), quoted('a"b')] == ['"a"', '"a""b"']


class TestQualified:
    def test_without_a_schema(self) -> None:
        assert [qualified(None, "t"), qualified("", "t")] == ["t", "t"]

    def test_each_part_is_quoted_by_itself(self) -> None:
        assert qualified("App", "a.b") == '"App"."a.b"'


class TestLiteral:
    @pytest.mark.parametrize(
        ("value", "sql"),
        [
            (None, "NULL"),
            (True, "true"),
            (False, "false"),
            (7, "7"),
            (0.5, "0.5"),
            (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "'2026-01-02T03:04:05+00:00'"),
            ("", "''"),
            ("it's", "'it''s'"),
            ("a\\b", "'a\\b'"),
        ],
    )
    def test_value(self, value: str | float | datetime | None, sql: str) -> None:
        assert literal(value) == sql

    @given(TEXT)
    def test_a_text_is_one_constant_of_that_value(self, text: str) -> None:
        (token,) = tokens(literal(text))
        assert token.kind is Kind.STRING
        assert string_value(token.text) == text

    def test_an_array(self) -> None:
        assert text_array(["a", "b'c"]) == "ARRAY['a', 'b''c']::text[]"
        assert text_array([]) == "ARRAY[]::text[]"


class TestCommentOn:
    def test_text(self) -> None:
        assert comment_on("TABLE", "app.t", "it's") == "COMMENT ON TABLE app.t IS 'it''s'"

    def test_none_removes_it(self) -> None:
        assert comment_on("VIEW", "v", None) == "COMMENT ON VIEW v IS NULL"
