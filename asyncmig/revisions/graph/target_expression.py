"""Parses target expressions such as ``head``, ``+2``, ``ae1-1`` or ``billing@base``.

::

    expression = [branch "@"] [symbol] [("+" | "-") steps]
    symbol     = id | first letters of an id | branch label | "head" | "heads" | "base" | "current"

As in Alembic, the meaning depends on the command: steps without a symbol count from the current revisions,
except for ``show`` and similar commands, where a step down counts from the heads. ``heads`` alone leaves
out heads that another revision depends on; ``branch@heads`` does not.
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
    """The parts of a target expression; ``steps`` is None if there are none."""

    text: str
    branch: str | None
    symbol: str
    steps: int | None

    @classmethod
    def parse(cls, text: str, history: History) -> Expression:
        """Parse an expression. An existing name is never split.

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
                f"'{text}' is not a target",
                hint="a target is an id, a branch label, head, heads, base, +N, -N, id+N, id-N, or "
                "one of these after `label@`",
                target=text,
            )
        if ":" in written:
            raise TargetError(
                f"'{text}' is a range, and this needs a single target",
                hint="ranges are for `history -r` and for `--sql`",
                target=text,
            )
        return cls(text=text, branch=branch or None, symbol=rest, steps=steps)

    @property
    def is_relative(self) -> bool:
        """True for steps without a symbol: ``+2``, ``label@-1``."""
        return self.steps is not None and not self.symbol

    def start(self, *, on_branch: bool) -> Expression:
        """The start of the steps, as an expression without steps.

        For steps up the branch only chooses between children; then it is left out of the start.
        """
        branch = self.branch if on_branch else None
        return Expression(text=self.text, branch=branch, symbol=self.symbol, steps=None)

    @property
    def from_current(self) -> str:
        """Steps without a symbol, written as steps from the current revisions."""
        return f"{self.branch}@current{self.steps:+d}" if self.branch else f"current{self.steps:+d}"
