"""Reading a statement's words one after the other."""

from __future__ import annotations

from asyncmig.sql.reader import Reader


def test_a_string_is_taken_with_its_value():
    reader = Reader("'it''s' b")
    assert reader.string() == "it's"
    assert reader.word == "B"


def test_a_word_is_no_string_and_stays():
    reader = Reader("b 'c'")
    assert reader.string() is None
    assert reader.word == "B"


def test_values_of_options():
    reader = Reader("(a, b off, c = 'false', d 0, e = 1, f NONE) g")
    assert reader.options() == {
        "A": True, "B": False, "C": False, "D": False, "E": True, "F": False,
    }  # fmt: skip
    assert reader.word == "G"
