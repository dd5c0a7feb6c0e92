"""Long texts: no call of ``re`` or ``str.lower`` sees more than a slice."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncmig.sql.classify import classify
from asyncmig.sql.layout import normalize_sql, pieces
from asyncmig.sql.masking import mask_secrets
from asyncmig.sql.slices import OVERLAP, SLICE, contains, search_slices, slices
from asyncmig.sql.split import split

STOP = re.compile(r"--|/\*|;")


class Watched:
    """A pattern that keeps how much text each search was given."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
        self.longest = 0

    def search(self, text: str, start: int, end: int) -> Any:
        self.longest = max(self.longest, min(end, len(text)) - start)
        return self.pattern.search(text, start, end)


def test_a_search_without_a_match_looks_at_slices():
    watched: Any = Watched(STOP)
    assert search_slices(watched, "x" * (5 * SLICE)) is None
    assert watched.longest == SLICE + OVERLAP


@pytest.mark.parametrize("place", [0, 7, SLICE - 2, SLICE - 1, SLICE, 3 * SLICE - 1])
def test_a_match_is_found_on_either_side_of_a_border(place):
    text = "x" * place + "--" + "x" * SLICE
    found = search_slices(STOP, text)
    assert found is not None
    assert found.span() == (place, place + 2)


def test_a_match_that_a_slice_cuts_is_looked_at_again():
    begin = SLICE + OVERLAP - 4
    text = "-" * begin + "word" + "s" * SLICE
    assert search_slices(re.compile(r"\bwords*\b"), text.replace("-", " ")) is not None
    assert search_slices(re.compile(r"\bword\b"), text) is None
    found = search_slices(re.compile("words?"), text)
    assert found is not None
    assert found.span() == (begin, begin + 5)


def test_a_search_ends_where_it_is_told():
    assert search_slices(STOP, "xx;", 0, 2) is None
    assert search_slices(STOP, ";xx", 1) is None


@pytest.mark.parametrize("place", [0, SLICE - 4, SLICE - 1, SLICE, 2 * SLICE + 3])
def test_a_word_is_found_in_any_case_on_either_side_of_a_border(place):
    text = "x" * place + "Set_Config" + "x" * SLICE
    assert contains(text, "set_config")
    assert not contains(text.replace("Set", "Sat"), "set_config")


@given(st.text(alphabet="a ;", max_size=30), st.integers(0, 5), st.integers(0, 30))
def test_slices_are_the_text(text, start, end):
    end = max(start, min(end, len(text)))
    found = list(slices(text, start, end))
    assert "".join(found) == text[start:end]
    assert all(found)


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT 1; INSERT INTO t VALUES ('{'x ' * SLICE}'); SELECT 2",
        f"SELECT 1; INSERT INTO t VALUES (E'{'x ' * SLICE}'); SELECT 2",
        f"SELECT 1; INSERT INTO t VALUES ($q${'x ' * SLICE}$q$); SELECT 2",
        f"SELECT 1; SELECT /* {'x ' * SLICE} */ 3; SELECT 2",
        f"SELECT 1; SELECT {'x + ' * SLICE} 3; SELECT 2",
    ],
    ids=["string", "escape string", "dollar quote", "comment", "words"],
)
def test_statements_longer_than_a_slice_are_cut_as_short_ones(sql):
    texts = [statement.text for statement in split(sql)]
    assert len(texts) == 3
    assert texts == [part.strip() for part in sql.split(";")]
    assert mask_secrets(sql) == sql


def test_a_long_insert_returns_rows_only_with_returning():
    values = ", ".join(f"({number})" for number in range(SLICE // 4))
    assert not classify(f"INSERT INTO t VALUES {values}").returns_rows
    assert classify(f"INSERT INTO t VALUES {values} RETURNING a").returns_rows


def test_white_space_across_a_border_is_one_space():
    text = "SELECT" + " " * (2 * SLICE) + "1"
    assert normalize_sql(text) == "SELECT 1"


def test_pieces_of_the_data_of_a_copy_are_data():
    text = "COPY t FROM stdin;\nit's  $a$ -- \"\n\\.\nSELECT 'a' -- b\n"
    assert [text[start:end] for _, start, end in pieces(text)] == [
        "it's  $a$ -- \"\n",
        "'a'",
        "-- b",
    ]


@pytest.mark.parametrize("before", ["", "-- data\n", "SELECT 1; /* data */ "])
def test_the_data_of_a_copy_stay_as_they_are(before):
    data = "it's  two   spaces\n-- and no comment\n"
    normal = normalize_sql(f"{before}COPY t FROM stdin;\n{data}\\.\nSELECT   2;")
    assert data in normal
    assert normal.endswith("SELECT 2;")
