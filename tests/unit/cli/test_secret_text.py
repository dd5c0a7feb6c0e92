"""Strings that tracebacks with variables do not show."""

import json

from asyncmig_cli.runtime.command_line import SecretText, hide_secrets


def test_only_its_repr_is_hidden() -> None:
    text = SecretText("postgresql://u:secret@h/d")
    assert repr(text) == "'***'"
    assert repr({"url": text}) == "{'url': '***'}"
    assert text == "postgresql://u:secret@h/d"
    assert f"{text}" == "postgresql://u:secret@h/d"
    assert json.loads(json.dumps(text)) == text


def test_arguments_that_may_hold_a_password() -> None:
    given = ["upgrade", "--url", "postgresql://u:s@h/d", "-x", "PASSWORD=s", "-v"]
    hidden = hide_secrets(given)
    assert hidden == given
    assert repr(hidden) == "['upgrade', '--url', '***', '-x', '***', '-v']"
