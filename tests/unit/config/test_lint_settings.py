"""``[tool.asyncmig.lint]``: its keys, and what is wrong in it."""

from __future__ import annotations

import pytest

from asyncmig.config import load
from asyncmig.errors import ConfigKeyError


@pytest.fixture
def read(tmp_path):
    def write_and_load(text: str):
        (tmp_path / "asyncmig.toml").write_text(text, "utf-8")
        return load(cwd=tmp_path, environ={}).lint

    return write_and_load


def test_every_key(read, tmp_path):
    lint = read(
        '[lint]\ndisable = [" add-check "]\nenable = ["style"]\nstart_after = " a1 "\n'
        'small_table_rows = 0\nfail_on = "never"\nseverity = {drop-table = "note"}\n'
    )
    assert (lint.disable, lint.enable, lint.start_after) == (("add-check",), ("style",), "a1")
    assert (lint.small_table_rows, lint.fail_on) == (0, "never")
    assert dict(lint.severity) == {"drop-table": "note"}
    assert lint.path == tmp_path / "asyncmig.toml"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("lint = 1", "lint must be a table, [lint], not 1", None),
        ("[lint]\nenabel = []", "is not a key of lint", "did you mean 'enable'?"),
        ("[lint]\nzzzz = 1", "is not a key of lint", "its keys: disable, enable, start_after"),
        ('[lint]\ndisable = "add-check"', "disable must be a list of rules", None),
        ("[lint]\nenable = [1]", "enable must be a list of rules", None),
        ("[lint]\nstart_after = 1", "start_after must be a revision, not 1", None),
        ('[lint]\nstart_after = " "', "start_after must be a revision", None),
        ("[lint]\nsmall_table_rows = -1", "must be a whole number, 0 or more, not -1", None),
        ("[lint]\nsmall_table_rows = true", "must be a whole number, 0 or more, not true", None),
        ('[lint]\nfail_on = "all"', 'must be one of "error", "warning", "note", "never"', None),
        ("[lint]\nseverity = 1", "must be a table of rules and severities, not 1", None),
        ('[lint]\nseverity = {a = "bad"}', 'must be one of "error", "warning", "note"', None),
    ],
)
def test_what_is_wrong(read, text, message, hint):
    with pytest.raises(ConfigKeyError) as caught:
        read(text)
    assert message in str(caught.value)
    assert hint is None or hint in (caught.value.hint or "")
