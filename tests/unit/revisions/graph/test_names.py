"""Names of revisions in messages."""

from __future__ import annotations

import pytest

from asyncmig.errors import MultipleHeadsError
from asyncmig.revisions.graph.names import did_you_mean, listed, nearest_names
from support.revision_shorthand import graph


def test_a_long_list_is_shortened() -> None:
    assert listed([]) == ""
    assert listed((), empty="base") == "base"
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcde")) == "a, b, c, d, e"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
    assert listed({"a": 1, "b": 2}, limit=1) == "a and 1 more"


def test_names_that_are_similar() -> None:
    assert nearest_names("abcdeg", ["abcdef", "zzz"]) == ("abcdef",)
    assert nearest_names("abcd", ["abcd1", "abcd2", "abcd3", "abcd4"]) == (
        "abcd4",
        "abcd3",
        "abcd2",
    )
    assert did_you_mean(["a", "b"]) == "did you mean 'a' or 'b'?"
    assert did_you_mean([]) is None


def test_an_error_about_260_heads_is_short_and_has_them_all() -> None:
    history = graph("; ".join(f"r{number:03}" for number in range(260)))
    with pytest.raises(MultipleHeadsError) as caught:
        history.resolve("head")
    assert "there are 260 heads, r000, r001, r002, r003, r004 and 255 more" in str(caught.value)
    assert len(caught.value.heads) == 260
