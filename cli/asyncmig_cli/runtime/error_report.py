"""Reports an error: its message and hint as text, or one JSON document; and the exit code."""

import traceback
from typing import Any

import typer

from asyncmig import errors
from asyncmig.errors import AsyncmigError, EnvFileError, FileError, UrlError
from asyncmig_cli.errors import InterruptedRunError, UsageError
from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.output.console import BrokenOutputError, Stream
from asyncmig_cli.output.documents import write_document
from asyncmig_cli.runtime.command_line import CommandLine

__all__ = ["documented_type", "report"]

# By its version typer has its own copy of click, or click itself: both are found from here.
_parser_usage_error, _parser_error = typer.BadParameter.__mro__[1:3]

BUG = "this is a bug in asyncmig or in a script that it ran; --raiseerr shows the traceback"


class _Report:
    """What is reported of an error; ``topic`` is what ``asyncmig explain`` knows of it, where it helps."""

    def __init__(
        self,
        kind: type[BaseException],
        *,
        code: int,
        message: str,
        hint: str | None = None,
        fields: dict[str, object] | None = None,
        usage: str | None = None,
        topic: str | None = None,
    ) -> None:
        self.kind = kind.__name__
        self.id: str | None = getattr(kind, "id", None)
        self.topic = topic
        self.code = code
        self.message = message
        self.hint = hint
        self.fields = fields or {}
        self.usage = usage


def report(error: BaseException, command_line: CommandLine, *, json: bool | None = None) -> int:
    """Write ``error`` to the streams of ``command_line`` and return its exit code.

    Args:
        error: what ended the call.
        command_line: its streams and options.
        json: whether to write a JSON document; None does what the options say.

    Raises:
        BrokenOutputError, FileError: standard output cannot be written. A failure of standard error
            is ignored.
    """
    found = _describe(error)
    if json is None:
        json = command_line.json or command_line.shared.json
    if json:
        facts = {
            "type": found.kind,
            "id": found.id,
            "message": found.message,
            "hint": found.hint,
            "fields": found.fields,
        }
        write_document(command_line.console.out, {"error": facts})
    command_line.console.out.flush()
    try:
        if command_line.raiseerr or command_line.shared.raiseerr:
            command_line.console.err.write("".join(traceback.format_exception(error)))
        if not json:
            _write(found, command_line.console.err)
    except (BrokenOutputError, FileError):
        command_line.console.err.abandon()
    return found.code


def _exit_code(error: AsyncmigError) -> int:
    """The code of the error's type; or the one with which ``env.py`` ended the run.

    A script of any kind of error may have left its revision partially applied.
    """
    if isinstance(error, EnvFileError) and error.status is not None:
        return error.status
    if error.partial is not None:
        return ExitCode.PARTIAL
    if error.argument is not None or (isinstance(error, UrlError) and error.source == "--url"):
        return ExitCode.USAGE
    return type(error).exit_code


def _describe(error: BaseException) -> _Report:
    if isinstance(error, AsyncmigError):
        from asyncmig_cli.runtime.option_hints import fields_with_options, hint_with_options

        return _Report(
            documented_type(type(error)),
            code=_exit_code(error),
            message=error.message,
            hint=hint_with_options(error),
            fields=fields_with_options(error),
            topic=_topic(error),
        )
    if isinstance(error, InterruptedRunError):
        return _describe_interrupted(error)
    if isinstance(error, UsageError):
        return _Report(UsageError, code=ExitCode.USAGE, message=str(error), hint=error.hint)
    if isinstance(error, _parser_error):
        return _describe_parser_error(error)
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return _describe(error.exceptions[0])
    return _Report(
        type(error),
        code=ExitCode.ERROR,
        message=f"unexpected {type(error).__name__}: {_first_line(str(error)) or 'no message'}",
        hint=BUG,
    )


def documented_type(kind: type[AsyncmigError]) -> type[AsyncmigError]:
    """The class of an error, or the nearest one above it that ``asyncmig.errors`` has."""
    while kind.__name__ not in errors.__all__:
        kind = next(base for base in kind.__bases__ if issubclass(base, AsyncmigError))
    return kind


def _describe_interrupted(error: InterruptedRunError) -> _Report:
    if isinstance(error.cause, AsyncmigError):
        cause = _describe(error.cause)
        return _Report(
            InterruptedRunError,
            code=error.code,
            message=f"{error}: {cause.message}",
            hint=cause.hint,
            fields=cause.fields,
            topic=cause.topic,
        )
    hint = error.hint or (
        "what was not committed is rolled back; `asyncmig status` shows the state of the database"
    )
    return _Report(InterruptedRunError, code=error.code, message=str(error), hint=hint)


def _describe_parser_error(error: Any) -> _Report:
    context = getattr(error, "ctx", None)
    message = error.format_message().rstrip(".").replace("\u2060", "")
    # typer's option parser has no context, and so does not know the command
    command = context.command_path if context else "asyncmig COMMAND"
    is_usage = isinstance(error, _parser_usage_error)
    return _Report(
        UsageError if is_usage else type(error),
        code=ExitCode.USAGE if is_usage else error.exit_code,
        message=message[:1].lower() + message[1:],
        hint=f"`{command} --help` shows its arguments and options",
        usage=context.get_usage() if context else None,
    )


def _topic(error: AsyncmigError) -> str:
    """The SQLSTATE, where asyncmig knows more about it, or the id of the error."""
    sqlstate = error.fields().get("sqlstate")
    if isinstance(sqlstate, str):
        from asyncmig.database.error_hints import HINTS

        if any(row.sqlstate == sqlstate for row in HINTS):
            return sqlstate
    return error.id


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _write(found: _Report, stream: Stream) -> None:
    if found.usage:
        stream.line(stream.style(found.usage, "dim"))
    stream.line(f"{stream.style('error:', 'red', 'bold')} {found.message}")
    from asyncmig_cli.rendering.statement_failure import failure_lines

    for line in failure_lines(found.fields, stream):
        stream.line(line)
    hint = _hint_without_servers(found)
    if hint:
        stream.line(f"{stream.style('hint:', 'cyan', 'bold')} {hint}")
    if found.topic:
        from asyncmig_cli.explanations.articles import article_url, error_types

        kind = "error" if found.topic in error_types() else "sqlstate"
        see = f"{article_url(kind, found.topic)} or `asyncmig explain {found.topic}`"
        stream.line(f"{stream.style('see:', 'cyan', 'bold')} {see}")


def _hint_without_servers(found: _Report) -> str | None:
    """The hint without the server's hint at its beginning, which was printed already."""
    server_hint = found.fields.get("server_hint")
    if (
        found.hint is None
        or not isinstance(server_hint, str)
        or not isinstance(found.fields.get("sql"), str)
    ):
        return found.hint
    return found.hint.removeprefix(server_hint).lstrip(" ;")
