"""Calls as text: on one line where they fit, an argument a line where they do not."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncmig.render.source.layout import Call, ListCode, format_code, string_literal
from support.depth import depth


def test_what_fits_stands_on_one_line():
    call = Call.of("op.drop_table", '"book"', schema='"shop"')
    assert format_code(call) == 'op.drop_table("book", schema="shop")'


def test_what_does_not_fit_is_broken_at_every_argument():
    call = Call.of("f", "a", Call.of("g", "b", "c"), ListCode(("d", "e")), key="v")
    assert format_code(call, width=11) == (
        "f(\n    a,\n    g(\n        b,\n        c,\n    ),\n    [d, e],\n    key=v,\n)"
    )


def test_a_list_that_does_not_fit_is_broken_at_every_item():
    assert format_code(ListCode(("aaaa", "bbbb")), width=8) == "[\n    aaaa,\n    bbbb,\n]"


def test_a_keyword_takes_room_too():
    call = Call.of("f", "a", keyword=Call.of("g", "b", "c"))
    assert format_code(call, width=16) == (
        "f(\n    a,\n    keyword=g(\n        b,\n        c,\n    ),\n)"
    )


def test_a_tall_call_is_always_broken_and_an_empty_one_never():
    assert format_code(Call("f", ((None, "a"),), multiline=True)) == "f(\n    a,\n)"
    assert format_code(Call("f", (), multiline=True)) == "f()"


@given(st.text())
def test_strings_are_what_they_were(text):
    assert ast.literal_eval(string_literal(text)) == text


def test_strings_stand_in_double_quotes():
    assert string_literal("it's") == '"it\'s"'
    assert string_literal("a\nb") == '"a\\nb"'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("""one ' one \"""", '''"one ' one \\""'''),
        ('two "quotes"', """'two "quotes"'"""),
        ("""'a' "b" "c\"""", """'\\'a\\' "b" "c"'"""),
        ("a\\'b", '"a\\\\\'b"'),
    ],
)
def test_strings_have_as_few_backslashes_as_formatters_want(text, written):
    assert string_literal(text) == written


@settings(max_examples=depth().examples // 10)
@given(st.lists(st.text("'\"\\\n\x01aä"), min_size=20, max_size=20))
def test_formatters_leave_strings_alone(texts):
    source = "".join(f"x = {string_literal(text)}\n" for text in texts)
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    assert done.stdout == source
