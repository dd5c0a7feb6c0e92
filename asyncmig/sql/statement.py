"""One SQL statement of a plan: its text, where it comes from, and what it may not do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.sql.masking import MASK, mask_secrets

if TYPE_CHECKING:
    from asyncmig.sql.backfills.definition import Backfill

__all__ = ["Statement"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Statement:
    """One statement as it is sent.

    Attributes:
        sql: the text, without a closing semicolon. It is complete: values are literals in it.
        parameters: the values that the directive bound, in order; ``sql`` already carries them.
        origin: ``file:line`` of the call that made it; None when it is not known.
        directive: the name of the ``op`` member, or ``"sql"`` in a SQL revision.
        transactional: False when PostgreSQL refuses it inside a transaction block, or when the
            script asked for an autocommit block.
        enum_label: for ``ALTER TYPE ... ADD VALUE``, the new label: a later statement that uses it
            needs a commit between the two.
        copy_data: for ``COPY ... FROM STDIN`` in a SQL revision, the lines that follow it.
        replaces: for a statement of a safe rewrite, the plain SQL of its directive.
        not_rewritten: for a statement that a safe rewrite would have replaced, why it did not.
        backfill: the definition, where it is run in batches; ``sql`` would do all of it at once.
    """

    sql: str
    parameters: tuple[object, ...] = ()
    origin: str | None = None
    directive: str | None = None
    transactional: bool = True
    enum_label: str | None = None
    copy_data: str | None = None
    replaces: str | None = None
    not_rewritten: str | None = None
    backfill: Backfill | None = None

    @property
    def fingerprint(self) -> str:
        """A digest of the text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:32]

    @property
    def is_of_online_change(self) -> bool:
        """True for the phases of ``alter_column_online`` and its kind; the plain forms are not meant."""
        return self.replaces is not None and (self.directive or "").endswith("_column_online")

    @property
    def shown(self) -> str:
        """``sql`` for a person to read: passwords and keys are ``***``."""
        return mask_secrets(self.sql)

    @property
    def shown_parameters(self) -> tuple[object, ...]:
        """``parameters`` for a person to read; of a statement with secrets, ``***`` for each."""
        return self.parameters if self.shown == self.sql else (MASK,) * len(self.parameters)

    def __repr__(self) -> str:
        return (
            f"Statement(sql={self.shown!r}, origin={self.origin!r}, directive={self.directive!r})"
        )
