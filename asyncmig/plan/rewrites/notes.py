"""What a plan and a script for psql say of the safe rewrite of a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.masking import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.sql.statement import Statement

__all__ = ["rewrite_notes"]


def rewrite_notes(statement: Statement) -> Iterator[str]:
    """The plain form that a statement replaces, or why it keeps its own; lines without comment marks."""
    if statement.replaces is not None:
        first, *others = mask_secrets(statement.replaces).splitlines()
        yield f"safe form of: {first}"
        yield from (f"    {line}" for line in others)
    if statement.not_rewritten is not None:
        yield f"no safe form: {statement.not_rewritten}"
