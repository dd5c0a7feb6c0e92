"""Renames on the command line: given by ``--rename``, asked for on a terminal, told in a pipe."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from asyncmig_cli.console import Stream
from asyncmig_cli.failures import UsageProblem
from asyncmig_cli.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.results import RenameCandidate

__all__ = ["Asker", "asker", "given_renames", "note_candidates"]


def given_renames(words: Iterable[str]) -> dict[str, str]:
    """The names of ``--rename old=new``.

    Raises:
        UsageProblem: a word is no pair, or two of them rename the same.
    """
    found: dict[str, str] = {}
    for word in words:
        old, sign, new = (part.strip() for part in word.partition("="))
        if not (old and sign and new) or "=" in new:
            problem = f"--rename {word!r} is not OLD=NEW"
            raise UsageProblem(problem, "write --rename users.fone=users.phone")
        if found.setdefault(old, new) != new:
            problem = f"--rename gives {old} two names, {found[old]} and {new}"
            raise UsageProblem(problem, "leave one of them out")
    return found


class Asker:
    """Asks whoever sits at the terminal, one question after the other.

    Attributes:
        waiting: a question stands there that nobody has answered.
    """

    def __init__(self, err: Stream) -> None:
        self.err = err
        self.waiting = False

    async def __call__(self, candidate: "RenameCandidate") -> bool:
        """True when the answer is yes; what is no answer, the end of input among it, is a no."""
        import anyio

        err = self.err
        self.waiting = True
        old, new = err.style(candidate.old, "bold"), err.style(candidate.new, "bold")
        otherwise = err.style("otherwise one is dropped, the other added", "dim")
        err.write(err.fit(f"was {candidate.what} {old} renamed to {new}? {otherwise} [y/N] "))
        err.flush()
        try:
            # a terminal is readable when a whole line is there; waiting in the loop keeps Ctrl-C at work
            await anyio.wait_readable(sys.stdin)
        except anyio.get_cancelled_exc_class():
            err.line()
            raise
        answer = sys.stdin.readline()
        self.waiting = False
        if not answer.endswith("\n"):
            err.line()  # Ctrl-D ends the input, and no line on the screen
        return answer.strip().lower() in {"y", "yes"}


def asker(invocation: Invocation) -> Asker | None:
    """What asks about renames; None where nobody sits at a terminal."""
    err = invocation.console.err
    if not invocation.says or not err.terminal or sys.stdin is None or not sys.stdin.isatty():
        return None
    return Asker(err)


def note_candidates(invocation: Invocation, candidates: "Sequence[RenameCandidate]") -> None:
    """Say on standard error what looks like a rename and was not taken for one."""
    if not candidates or not invocation.says:
        return
    err = invocation.console.err
    for item in candidates:
        invocation.note(f"{err.style('note:', 'cyan', 'bold')} {item.told}")
    invocation.note("      they are dropped and added; --no-rename keeps this note back")
