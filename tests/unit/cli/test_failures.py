"""How errors are told, as text and as a document."""

import json

import pytest
import typer

from asyncmig import errors
from asyncmig_cli.errors import UsageError
from asyncmig_cli.options.shared_options import SharedOptions
from asyncmig_cli.runtime.command_line import CommandLine
from asyncmig_cli.runtime.error_report import report
from support.streams import memory_console, written


def told(error: BaseException, *arguments: str) -> tuple[int, str, str]:
    console = memory_console()
    code = report(error, CommandLine(arguments, console))
    return code, written(console.out), written(console.err)


def see(kind: type[errors.AsyncmigError]) -> str:
    """The last line of an error."""
    address = f"https://asyncmig.github.io/asyncmig/errors/#{kind.id.lower()}"
    return f"see: {address} or `asyncmig explain {kind.id}`\n"


def error_classes() -> list[type[errors.AsyncmigError]]:
    return [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", error_classes())
def test_every_error_of_the_library_has_its_message_hint_and_code(
    kind: type[errors.AsyncmigError],
) -> None:
    error = kind("it is wrong", hint="do this")
    text = f"error: it is wrong\nhint: do this\n{see(kind)}"
    assert told(error) == (kind.exit_code, "", text)
    code, out, err = told(error, "--json")
    assert (code, err) == (kind.exit_code, "")
    assert json.loads(out) == {
        "error": {
            "type": kind.__name__,
            "id": kind.id,
            "message": "it is wrong",
            "hint": "do this",
            "fields": {},
        }
    }


def test_exit_codes_of_the_contract() -> None:
    assert told(errors.LockNotAcquiredError("x"))[0] == 4
    assert told(errors.PartiallyAppliedError("x"))[0] == 5
    assert told(errors.NotCurrentError("x"))[0] == 3
    assert told(errors.AsyncmigError("x"))[0] == 1


def test_an_error_without_a_hint() -> None:
    assert told(errors.AsyncmigError("x"))[2] == f"error: x\n{see(errors.AsyncmigError)}"


def test_facts_are_for_machines_and_a_statement_is_for_people() -> None:
    error = errors.StatementFailedError(
        "revision b2 failed: relation exists",
        sql="CREATE TABLE t ()",
        origin="b2.py:7",
        position=14,
    )
    _, _, err = told(error)
    assert "b2.py:7" in err
    assert "\n" + " " * 27 + "^\n" in err
    fields = json.loads(told(error, "--json")[1])["error"]["fields"]
    assert fields == {"sql": "CREATE TABLE t ()", "origin": "b2.py:7", "position": 14}


def test_a_wrong_call_shows_the_usage_code() -> None:
    code, _, err = told(UsageError("these exclude each other", "leave one out"))
    assert code == 2
    assert err == "error: these exclude each other\nhint: leave one out\n"
    assert told(typer.BadParameter("Bad thing."))[0] == 2
    assert "error: invalid value: Bad thing\n" in told(typer.BadParameter("Bad thing."))[2]


def test_anything_else_is_a_bug_told_in_one_line() -> None:
    code, _, err = told(RuntimeError("first\nsecond"))
    assert code == 1
    assert err.startswith("error: unexpected RuntimeError: first\nhint: ")
    assert "unexpected KeyError: 'x'" in told(KeyError("x"))[2]
    assert "unexpected ValueError: no message" in told(ValueError())[2]


def test_a_group_of_one_error_is_that_error() -> None:
    group = ExceptionGroup("tasks", [errors.LockNotAcquiredError("held", hint="wait")])
    assert told(group) == (4, "", f"error: held\nhint: wait\n{see(errors.LockNotAcquiredError)}")


def test_the_traceback_is_added_on_demand() -> None:
    with pytest.raises(errors.UrlError) as caught:
        raise errors.UrlError("no url")
    _, out, err = told(caught.value, "--raiseerr", "--json")
    assert json.loads(out)["error"]["type"] == "UrlError"
    assert err.startswith("Traceback (most recent call last)")
    assert told(caught.value, "--raiseerr")[2].endswith(f"\nerror: no url\n{see(errors.UrlError)}")


def test_options_before_and_after_a_name_are_put_together() -> None:
    before = SharedOptions(config=["a.toml"], x=["t=1"], url="one", json=True, progress=False)
    after = SharedOptions(config=["b.ini"], x=["u=2"], url="two", quiet=True)
    merged = before.merged(after)
    assert merged.config == ("a.toml", "b.ini")
    assert merged.x == ("t=1", "u=2")
    assert (merged.url, merged.json, merged.quiet, merged.progress) == ("two", True, True, False)
    assert before.merged(SharedOptions()).url == "one"
    assert before.merged(SharedOptions(progress=True)).progress is True


def test_what_comes_after_two_dashes_is_no_option() -> None:
    assert CommandLine(["show", "--json"], memory_console()).json
    assert not CommandLine(["show", "--", "--json"], memory_console()).json


@pytest.mark.parametrize(
    ("hint", "lines"),
    [
        ("Use DROP ... CASCADE too. nothing of b2 was kept", ["hint: nothing of b2 was kept"]),
        ("drop the view first; nothing of b2 was kept", None),
        ("Use DROP ... CASCADE too.", []),
    ],
)
def test_the_hint_of_the_server_is_told_once(hint: str, lines: list[str] | None) -> None:
    said = "Use DROP ... CASCADE too."
    error = errors.StatementFailedError("failed", hint=hint, sql="DROP TABLE t", server_hint=said)
    shown = told(error)[2].splitlines()
    assert f"  server hint {said}" in shown
    assert shown[3:-1] == ([f"hint: {hint}"] if lines is None else lines)
    assert json.loads(told(error, "--json")[1])["error"]["hint"] == hint
