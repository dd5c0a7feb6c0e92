"""How a call that fails ends: one clear message with its hint, or one JSON document, and a code."""

import traceback
from typing import Any

import typer

from asyncmig.errors import AsyncmigError, FileError
from asyncmig_cli.console import BrokenOutputError, Stream
from asyncmig_cli.documents import write_document
from asyncmig_cli.exits import ExitCode
from asyncmig_cli.session import Session

__all__ = ["InterruptedRunError", "UsageProblem", "report"]

# typer has its own copy of click, or click itself, by its version: both are reached from here.
_usage_error, _click_error = typer.BadParameter.__mro__[1:3]

BUG = "this is a bug of asyncmig or of a script it ran; --raiseerr shows the traceback"


class UsageProblem(Exception):  # noqa: N818  # a wrong call, told from the library's errors
    """Options that do not go together; ends with the usage code."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class InterruptedRunError(Exception):
    """A signal ended the run; the work was taken back as far as PostgreSQL does so.

    Args:
        signal: its number.
        cause: what the work raised when it was told to stop.
        hint: what is left of it, where that is known better than for a run.
    """

    def __init__(
        self, signal: int, cause: BaseException | None = None, *, hint: str | None = None
    ) -> None:
        super().__init__(f"interrupted by {'SIGTERM' if signal == 15 else 'SIGINT'}")
        self.signal = signal
        self.code = 128 + signal
        self.cause = cause
        self.hint = hint


class _Told:
    """An error in the words of this command."""

    def __init__(
        self,
        error: BaseException,
        *,
        code: int,
        message: str,
        hint: str | None = None,
        fields: dict[str, object] | None = None,
        usage: str | None = None,
    ) -> None:
        self.kind = type(error).__name__
        self.code = code
        self.message = message
        self.hint = hint
        self.fields = fields or {}
        self.usage = usage


def report(error: BaseException, session: Session, *, json: bool | None = None) -> int:
    """Tell ``error`` on the streams of ``session`` and give the exit code it stands for.

    Args:
        error: what ended the call.
        session: its streams and options.
        json: whether to print a document; None does what the options say.

    Raises:
        BrokenOutputError, FileError: standard output takes no more. Standard error may be as deaf
            as it likes.
    """
    told = _tell(error)
    if json is None:
        json = session.json or session.shared.json
    if json:
        facts = {
            "type": told.kind,
            "message": told.message,
            "hint": told.hint,
            "fields": told.fields,
        }
        write_document(session.console.out, {"error": facts})
    session.console.out.flush()
    try:
        if session.raiseerr or session.shared.raiseerr:
            session.console.err.write("".join(traceback.format_exception(error)))
        if not json:
            _write(told, session.console.err)
    except (BrokenOutputError, FileError):
        session.console.err.abandon()
    return told.code


def _tell(error: BaseException) -> _Told:
    if isinstance(error, AsyncmigError):
        return _Told(
            error,
            code=type(error).exit_code,
            message=error.message,
            hint=error.hint,
            fields=error.fields(),
        )
    if isinstance(error, InterruptedRunError):
        return _interrupted(error)
    if isinstance(error, UsageProblem):
        return _Told(error, code=ExitCode.USAGE, message=str(error), hint=error.hint)
    if isinstance(error, _click_error):
        return _parsed(error)
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return _tell(error.exceptions[0])
    return _Told(
        error,
        code=ExitCode.ERROR,
        message=f"unexpected {type(error).__name__}: {_first_line(str(error)) or 'no message'}",
        hint=BUG,
    )


def _interrupted(error: InterruptedRunError) -> _Told:
    cause = error.cause
    if isinstance(cause, AsyncmigError):
        told = _tell(cause)
        return _Told(
            error,
            code=error.code,
            message=f"{error}: {told.message}",
            hint=told.hint,
            fields=told.fields,
        )
    hint = error.hint or (
        "what was not committed is rolled back; `asyncmig status` shows where the database stands"
    )
    return _Told(error, code=error.code, message=str(error), hint=hint)


def _parsed(error: Any) -> _Told:
    context = getattr(error, "ctx", None)
    message = error.format_message().rstrip(".").replace("\u2060", "")
    # the parser of options knows no context, and so not which command it was
    command = context.command_path if context else "asyncmig COMMAND"
    hint = f"`{command} --help` shows what it takes"
    usage = context.get_usage() if context else None
    code = ExitCode.USAGE if isinstance(error, _usage_error) else error.exit_code
    return _Told(
        error, code=code, message=message[:1].lower() + message[1:], hint=hint, usage=usage
    )


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _write(told: _Told, stream: Stream) -> None:
    if told.usage:
        stream.line(stream.style(told.usage, "dim"))
    stream.line(f"{stream.style('error:', 'red', 'bold')} {told.message}")
    from asyncmig_cli.rendering.statement_failure import failure_lines

    for line in failure_lines(told.fields, stream):
        stream.line(line)
    hint = _own_hint(told)
    if hint:
        stream.line(f"{stream.style('hint:', 'cyan', 'bold')} {hint}")


def _own_hint(told: _Told) -> str | None:
    """The hint without PostgreSQL's own where it begins with that, which stands above it already."""
    said = told.fields.get("server_hint")
    if (
        told.hint is None
        or not isinstance(said, str)
        or not isinstance(told.fields.get("sql"), str)
    ):
        return told.hint
    return told.hint.removeprefix(said).lstrip(" ;")
