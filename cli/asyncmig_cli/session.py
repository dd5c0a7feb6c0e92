"""One call of the command: its streams, and what is known of it before a command runs."""

import platform
from collections.abc import Sequence

from asyncmig_cli.console import Console, open_console
from asyncmig_cli.documents import write_document
from asyncmig_cli.shared_options import SharedOptions

__all__ = ["Session"]


class Session:
    """What lives from the first argument to the exit code.

    ``json`` and ``raiseerr`` are read from the raw arguments too, for errors that come before the
    arguments are understood.
    """

    def __init__(self, arguments: Sequence[str] = (), console: Console | None = None) -> None:
        words = list(arguments)
        words = words[: words.index("--")] if "--" in words else words
        self.console = console or open_console()
        self.json = "--json" in words
        self.raiseerr = "--raiseerr" in words
        self.shared = SharedOptions()

    def show_version(self) -> None:
        """Print the versions."""
        from asyncmig.version import asyncmig_version

        ours = asyncmig_version()
        if self.json:
            document = {"asyncmig": ours, "python": platform.python_version()}
            write_document(self.console.out, document)
        else:
            self.console.out.line(f"asyncmig {ours} (Python {platform.python_version()})")
