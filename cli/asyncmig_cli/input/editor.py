"""The user's editor."""

import os
import shlex
import subprocess
from collections.abc import Sequence

from asyncmig.errors import ConfigError, FileError

__all__ = ["find_editor", "open_editor"]


def find_editor() -> list[str]:
    """Program and arguments of ``$VISUAL`` or ``$EDITOR``.

    Raises:
        ConfigError: neither is set, or it is not a command line.
    """
    for variable in ("VISUAL", "EDITOR"):
        command = os.environ.get(variable, "").strip()
        if not command:
            continue
        try:
            return shlex.split(command)
        except ValueError as error:
            message = f"${variable} is not a command line: {error}"
            raise ConfigError(message, hint="quote it as a shell would", value=command) from error
    message = "no editor: neither $VISUAL nor $EDITOR is set"
    raise ConfigError(message, hint="set one, for example `EDITOR=nano asyncmig edit head`")


def open_editor(program: Sequence[str], paths: Sequence[str]) -> int:
    """Open ``paths``, wait, and return the editor's exit code.

    Raises:
        FileError: the editor cannot be started.
    """
    try:
        return subprocess.call([*program, *paths])  # noqa: S603  # the user's own editor
    except OSError as error:
        message = f"cannot start the editor {program[0]!r}: {FileError.reason(error)}"
        hint = "check $VISUAL and $EDITOR"
        raise FileError(message, hint=hint, path=program[0]) from error
