"""What the database keeps of a revision when one of its statements fails."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CommittedWork"]

MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedWork:
    """What is committed of a revision that failed.

    A value that is false says that the database is as it was before the revision.

    Attributes:
        phases: the number of its committed phases.
        statements: how many statements of the failed phase are committed, outside a transaction.
        examples: statements outside a transaction that this run has committed, such as
            ``CREATE DATABASE tenant``.
        side_effect: what the failed statement itself has left, as a clause.
        advice: how to continue, where that is not simply to run again.
        caller_transaction: everything ran in a transaction of the caller, which decides about it.
    """

    phases: int = 0
    statements: int = 0
    examples: tuple[str, ...] = ()
    side_effect: str | None = None
    advice: str | None = None
    caller_transaction: bool = False

    def __bool__(self) -> bool:
        return bool(self.phases or self.statements or self.side_effect)

    def describe(self, revision: str, *, journalled: bool) -> str:
        """All of it as a hint.

        Args:
            revision: the revision that failed.
            journalled: the journal records where the next run continues.
        """
        if self.caller_transaction:
            return (
                "nothing was committed: the transaction is the caller's, who can only roll it back, to a "
                "savepoint or as a whole"
            )
        if not self:
            return f"nothing of {revision} was kept"
        clauses = []
        if self.phases:
            clauses.append(f"phases before phase {self.phases + 1} of {revision} are committed")
        if self.statements:
            which = (
                "the first statement"
                if self.statements == 1
                else f"the first {self.statements} statements"
            )
            verb = "is" if self.statements == 1 else "are"
            clauses.append(f"{which} of phase {self.phases + 1} of {revision} {verb} committed")
        if self.examples:
            shown = ", ".join(self.examples[:MOST_EXAMPLES])
            more = len(self.examples) - MOST_EXAMPLES
            clauses[-1] += f" ({shown}{f' and {more} more' if more > 0 else ''})"
        if self.side_effect:
            clauses.append(self.side_effect)
        if not journalled:
            clauses.append("without a journal no run can continue from there: undo this by hand")
        else:
            clauses.append(
                self.advice
                or "correct the cause and run the same command again: it continues from there"
            )
        return "; ".join(clauses)
