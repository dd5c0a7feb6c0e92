"""Renames for autogenerate: parsed from ``--rename``, confirmed at a terminal, reported in a pipe."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from asyncmig_cli.errors import UsageError
from asyncmig_cli.output.console import Stream
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.results import RenameCandidate

__all__ = ["RenamePrompt", "note_candidates", "parse_renames", "rename_prompt"]


def parse_renames(words: Iterable[str]) -> dict[str, str]:
    """The new names of ``--rename old=new`` by the old ones.

    Raises:
        UsageError: a word is not such a pair, or one name has two new names.
    """
    found: dict[str, str] = {}
    for word in words:
        old, sign, new = (part.strip() for part in word.partition("="))
        if not (old and sign and new) or "=" in new:
            problem = f"--rename {word!r} is not OLD=NEW"
            raise UsageError(problem, "write --rename users.fone=users.phone")
        if found.setdefault(old, new) != new:
            problem = f"--rename gives {old} two names, {found[old]} and {new}"
            raise UsageError(problem, "leave one of them out")
    return found


class RenamePrompt:
    """Asks the user at the terminal about each rename candidate.

    Attributes:
        is_open: True while a question waits for its answer.
    """

    def __init__(self, err: Stream) -> None:
        self.err = err
        self.is_open = False

    async def __call__(self, candidate: "RenameCandidate") -> bool:
        """True for the answer yes; any other answer, or the end of the input, is a no."""
        import anyio

        err = self.err
        self.is_open = True
        old, new = err.style(candidate.old, "bold"), err.style(candidate.new, "bold")
        otherwise = err.style("otherwise one is dropped, the other added", "dim")
        err.write(err.fit(f"was {candidate.what} {old} renamed to {new}? {otherwise} [y/N] "))
        err.flush()
        try:
            # a terminal is readable when a whole line was typed; Ctrl-C works while the loop waits
            await anyio.wait_readable(sys.stdin)
        except anyio.get_cancelled_exc_class():
            err.line()
            raise
        answer = sys.stdin.readline()
        self.is_open = False
        if not answer.endswith("\n"):
            err.line()  # Ctrl-D ends the input without a line break
        return answer.strip().lower() in {"y", "yes"}


def rename_prompt(invocation: Invocation) -> RenamePrompt | None:
    """The prompt for renames; None without a terminal."""
    err = invocation.console.err
    if not invocation.is_verbal or not err.terminal or sys.stdin is None or not sys.stdin.isatty():
        return None
    return RenamePrompt(err)


def note_candidates(invocation: Invocation, candidates: "Sequence[RenameCandidate]") -> None:
    """Report on standard error what may be a rename and was not confirmed as one."""
    if not candidates or not invocation.is_verbal:
        return
    err = invocation.console.err
    for item in candidates:
        invocation.note(f"{err.style('note:', 'cyan', 'bold')} {item.suggestion}")
    invocation.note("      they are dropped and added; --no-rename suppresses this note")
