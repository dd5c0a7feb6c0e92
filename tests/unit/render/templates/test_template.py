"""Filling templates in: our plain ones, and script.py.mako without Mako."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from asyncmig.errors import ScriptError
from asyncmig.render.templates.mako import comma, render_mako
from asyncmig.render.templates.template import fill


class TestPlain:
    @pytest.mark.parametrize(
        ("template", "values", "expected"),
        [
            ("a ${x} b ${x}\n", {"x": "1"}, "a 1 b 1\n"),
            ("${x}\n", {"x": "1\n2"}, "1\n2\n"),
            ("  ${x}\n", {"x": "1\n\n  2"}, "  1\n\n    2\n"),
            ("\t${x}  \nb\n", {"x": "1\n2"}, "\t1\n\t2\nb\n"),
            ("a\n  ${x}\nb\n", {"x": ""}, "a\nb\n"),
            ("a = ${x}\n", {"x": ""}, "a = \n"),
            ("${x}", {"x": "1\n2"}, "1\n2"),
            ("$${x} $x $$ $1 {x}\n", {}, "${x} $x $$ $1 {x}\n"),
            ("  $${x}\n", {}, "  ${x}\n"),
            ("${x}\n", {"x": "${y} $${z}"}, "${y} $${z}\n"),
            ("", {}, ""),
        ],
    )
    def test_filled(self, template, values, expected):
        assert fill(template, values, origin="t") == expected

    @pytest.mark.parametrize(
        ("template", "line", "hint"),
        [
            ("a\nb ${mesage}\n", 2, "did you mean ${message}?"),
            ("a\n\n  ${zzz}\n", 3, "there are: message, other"),
            ("${mesage|n}", 1, "did you mean ${message}?"),
            ("${}", 1, "there are: message, other"),
        ],
    )
    def test_unknown(self, template, line, hint):
        with pytest.raises(ScriptError) as caught:
            fill(template, {"message": "", "other": ""}, origin="/x/t")
        assert str(caught.value).startswith(f"/x/t:{line}: there is no value for ${{")
        assert caught.value.hint == hint
        assert caught.value.fields()["line"] == line


CONTEXT = {
    "message": "add users",
    "up_revision": "b",
    "down_revision": ("a", "c"),
    "branch_labels": None,
    "depends_on": "d",
    "create_date": "today",
    "imports": "",
    "upgrades": "",
    "downgrades": "x()",
    "comma": comma,
}


@pytest.mark.parametrize(
    ("value", "expected"), [(None, ""), ("a", "a"), (("a", "b"), "a, b"), ((), "")]
)
def test_comma(value, expected):
    assert comma(value) == expected


@pytest.fixture
def no_mako(monkeypatch):
    """As if Mako were not installed."""
    monkeypatch.setitem(sys.modules, "mako", None)
    monkeypatch.setitem(sys.modules, "mako.template", None)


class TestMakoWithoutMako:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("${message}", "add users"),
            ("${ message }", "add users"),
            ("${down_revision | comma,n}", "a, c"),
            ("${down_revision|comma, n}", "a, c"),
            ("${down_revision | comma}", "a, c"),
            ("${branch_labels | comma,n}", ""),
            ("${depends_on | n}", "d"),
            ("${create_date}", "today"),
            ("${repr(down_revision)}", "('a', 'c')"),
            ("${repr( branch_labels ) | n}", "None"),
            ('${imports if imports else ""}', ""),
            ("${upgrades if upgrades else 'pass'}", "pass"),
            ('${upgrades or "pass"}', "pass"),
            ('${downgrades if downgrades else "pass"}', "x()"),
            ("## gone\na\n  ## gone too\nb\n", "a\nb\n"),
            ("100%\n a % b\n", "100%\n a % b\n"),
        ],
    )
    def test_names(self, no_mako, text, expected):
        assert render_mako(Path("t"), text, CONTEXT) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "<%! import re %>",
            "% for x in y:\n% endfor\n",
            "  % if x:\n  % endif\n",
            "a\\\nb",
            "${message.upper()}",
            "${unknown}",
            "${repr(unknown)}",
            "${unknown or 'x'}",
            "${upgrades if downgrades else 'pass'}",
        ],
    )
    def test_code_needs_mako(self, no_mako, text):
        with pytest.raises(ScriptError, match=r"^/x/script.py.mako contains code") as caught:
            render_mako(Path("/x/script.py.mako"), text, CONTEXT)
        assert "install mako; or replace the file by revision.py.template" in caught.value.hint
        assert caught.value.fields() == {"path": "/x/script.py.mako"}


class TestMako:
    def test_code(self):
        text = "<%! import re %>${re.sub('u', 'U', message)}\n% for x in down_revision:\n${x}\n% endfor\n"
        assert render_mako(Path("t"), text, CONTEXT) == "add Users\na\nc\n"

    @pytest.mark.parametrize(
        ("text", "cause"),
        [
            ("${unknown.x}", "AttributeError: "),
            ("<% raise ValueError %>", "ValueError"),
            ("% for x in y:\n", "SyntaxException: "),
        ],
    )
    def test_failure(self, text, cause):
        with pytest.raises(ScriptError) as caught:
            render_mako(Path("/x/script.py.mako"), text, CONTEXT)
        assert str(caught.value).startswith(f"/x/script.py.mako failed: {cause}")
        assert "\n" not in str(caught.value)
        assert caught.value.__cause__ is not None
