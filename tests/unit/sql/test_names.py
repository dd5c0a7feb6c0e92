"""Which names a statement speaks of."""

from __future__ import annotations

import pytest

from asyncmig.sql.names import called_functions, calls_function, mentioned_names, volatile_call


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("", set()),
        ("alter TABLE App.T add b int", {"alter", "table", "app", "t", "app.t", "add", "b", "int"}),
        ('DROP TABLE "My.Table", "a" . "B"', {"drop", "table", "My.Table", "a", "B", "a.B"}),
        ("SELECT 'a.b', $$SELECT c.d$$, 1.5", {"select", "c", "d", "c.d"}),
        ('SELECT "", "".x -- y', {"select", "x"}),
        ("SELECT 'never closed", {"select"}),
    ],
)
def test_words_alone_and_behind_their_schema(sql, names):
    assert set(map(str, mentioned_names(sql))) == names


@pytest.mark.parametrize(
    ("sql", "bodies", "expected"),
    [
        ("SELECT now()", False, True),
        ("SELECT 1", False, False),
        ("(SELECT now)", False, False),
        ("select Pg_Catalog . NOW\n ()", False, True),
        ('SELECT "now"()', False, True),
        ('SELECT "Now"()', False, False),
        ("SELECT now", False, False),
        ("SELECT 'now()' -- now()", False, False),
        ("SELECT now_utc()", False, False),
        ("DO $$ BEGIN PERFORM now(); END $$", False, False),
        ("DO $$ BEGIN PERFORM now(); END $$", True, True),
        ("DO $$ BEGIN EXECUTE 'SELECT now()'; END $$", True, True),
        ("DO $$ BEGIN RAISE NOTICE 'now'; END $$", True, False),
    ],
)
def test_calls_function(sql, bodies, expected):
    assert calls_function(sql, "now", bodies=bodies) is expected


def test_an_operator_before_a_parenthesis_is_no_function():
    assert list(called_functions("a + (b) * f(c) || 'd' (e)")) == ["f"]


@pytest.mark.parametrize(
    ("expression", "known", "expected"),
    [
        ("lower(a) || b", {}, None),
        ("lower(random()::text)", {}, "random"),
        ("own(a)", {}, None),
        ("own(a)", {"own": "v"}, "own"),
        ("random()", {"random": "i"}, None),
        ("(random)", {}, None),
    ],
)
def test_volatile_call(expression, known, expected):
    assert volatile_call(expression, known) == expected
