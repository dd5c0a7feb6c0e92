"""A place in the tokens of a statement."""

from __future__ import annotations

from asyncmig.sql.actions.cursor import Cursor


def test_an_empty_text_ends_at_its_start():
    assert Cursor("").end_position == 0


def test_no_elements_where_no_parenthesis_opens():
    assert Cursor("a, b").elements() == ()


def test_a_bracket_that_is_closed_but_not_opened_does_not_hide_what_follows():
    assert list(Cursor("a ] b end c (d) e").outside()) == ["A", "]", "B", "END", "C", "(", ")", "E"]
