"""Target expressions: what ``head``, ``+2``, ``ae1-1`` or ``billing@base`` mean.

::

    expression = [branch "@"] [symbol] [("+" | "-") steps]
    symbol     = id | first letters of an id | branch label | "head" | "heads" | "base" | "current"

The same words mean slightly different things to different commands, as in Alembic: a step without a
symbol counts from where the database stands, except for ``show`` and the like, where a step down counts
from the heads; ``heads`` alone leaves out heads that another revision depends on, ``branch@heads`` does
not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.errors import TargetError

if TYPE_CHECKING:
    from asyncmig.revisions.graph.history import History

__all__ = ["Expression"]

_STEPS = re.compile(r"(.*?)([+-]\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """The parts of a target expression; ``steps`` is None where none are written."""

    text: str
    branch: str | None
    symbol: str
    steps: int | None

    @classmethod
    def parse(cls, text: str, history: History) -> Expression:
        """Take an expression apart. A name that exists is never taken apart.

        Raises:
            TargetError: it is empty, or a range.
        """
        written = text.strip()
        branch, at, rest = written.rpartition("@")
        steps: int | None = None
        if not (rest in history or history.has_label(rest)) and (match := _STEPS.fullmatch(rest)):
            rest, steps = match[1], int(match[2])
        if (not rest and steps is None) or (at and not branch):
            raise TargetError(
                f"'{text}' is no target",
                hint="a target is an id, a branch label, head, heads, base, +N, -N, id+N, id-N, or "
                "one of these after `label@`",
                target=text,
            )
        if ":" in written:
            raise TargetError(
                f"'{text}' is a range, and one target is wanted here",
                hint="ranges are for `history -r` and for `--sql`",
                target=text,
            )
        return cls(text=text, branch=branch or None, symbol=rest, steps=steps)

    @property
    def is_relative(self) -> bool:
        """True for steps without a symbol: ``+2``, ``label@-1``."""
        return self.steps is not None and not self.symbol

    def start(self, *, on_branch: bool) -> Expression:
        """Where the steps count from, as an expression without steps.

        On the way up the branch only chooses between ways; it is left out of the start then.
        """
        branch = self.branch if on_branch else None
        return Expression(text=self.text, branch=branch, symbol=self.symbol, steps=None)

    @property
    def from_current(self) -> str:
        """Steps without a symbol, written so that they count from the rows in any case."""
        return f"{self.branch}@current{self.steps:+d}" if self.branch else f"current{self.steps:+d}"
