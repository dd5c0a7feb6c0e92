"""Lengths of time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncmig.config.duration import parse_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (0, 0.0),
        (5, 5.0),
        (0.25, 0.25),
        ("5", 5.0),
        ("0.5", 0.5),
        (".5s", 0.5),
        ("5.s", 5.0),
        ("5s", 5.0),
        (" 5 s ", 5.0),
        ("200ms", 0.2),
        ("1500us", 0.0015),
        ("1min", 60.0),
        ("1.5 h", 5400.0),
        ("1d", 86400.0),
    ],
)
def test_read(written, seconds):
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written",
    ["", " ", "s", "5sec", "5S", "5m", "5 5s", "-5s", "+5s", "1e3", "5s5s", "٣s", "inf", "nan",
     -1, -0.1, float("nan"), float("inf"), True, False, None, [], {}, b"5s"],
)  # fmt: skip
def test_refused(written):
    with pytest.raises(ValueError):
        parse_duration(written)


@given(st.integers(min_value=0, max_value=10**9))
def test_milliseconds_are_exact(number):
    assert round(parse_duration(f"{number}ms") * 1000) == number
