"""``CommandLine``: the arguments of one call, its streams, and its shared options."""

import platform
from collections.abc import Sequence

from asyncmig_cli.options.shared_options import SharedOptions
from asyncmig_cli.output.console import Console, open_console
from asyncmig_cli.output.documents import write_document

__all__ = ["CommandLine", "SecretText", "hide_secrets"]


JSON_PROGRESS = "--progress=json"


class SecretText(str):
    """A string whose ``repr`` is ``'***'``: tracebacks with variables show it (Sentry, rich)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def hide_secrets(arguments: Sequence[str]) -> list[str]:
    """Arguments of a command line, with those that may hold a password as ``SecretText``."""
    return [
        SecretText(argument) if "://" in argument or "passw" in argument.lower() else argument
        for argument in arguments
    ]


class CommandLine:
    """One call of ``asyncmig``.

    ``json`` and ``raiseerr`` are also read from the raw arguments, because an error may occur before
    the arguments are parsed; ``--progress=json`` is only read there, because ``--progress`` is a flag.
    """

    def __init__(self, arguments: Sequence[str] = (), console: Console | None = None) -> None:
        words = list(arguments)
        end = words.index("--") if "--" in words else len(words)
        rest, words = words[end:], words[:end]
        self.console = console or open_console()
        self.json = "--json" in words
        self.raiseerr = "--raiseerr" in words
        self.json_progress = JSON_PROGRESS in words
        self.arguments = ["--progress" if word == JSON_PROGRESS else word for word in words] + rest
        self.shared = SharedOptions()

    def show_version(self) -> None:
        """Print the versions of asyncmig and Python."""
        from asyncmig.version import asyncmig_version

        version = asyncmig_version()
        if self.json:
            document = {"asyncmig": version, "python": platform.python_version()}
            write_document(self.console.out, document)
        else:
            self.console.out.line(f"asyncmig {version} (Python {platform.python_version()})")
