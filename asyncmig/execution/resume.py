"""Continuing a partially applied revision.

Its script runs again from the beginning. Phases that are committed are not sent a second time, once their
fingerprints show that they are the same phases; the run continues with the first that is not committed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from asyncmig.bookkeeping.journal import FailureFingerprint
from asyncmig.errors import ScriptError
from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.bookkeeping.state import DatabaseState, PartialRevision
    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.plan.model import Phase, Step

__all__ = ["Resume", "read_resumes"]

_COMMITTED = """\
SELECT phase, fingerprint, CASE state WHEN 'caught' THEN error END AS caught FROM {journal} AS j
WHERE revision = $1 AND state IN ('done', 'caught')
  AND id > coalesce((SELECT max(id) FROM {journal} WHERE revision = $1 AND final), 0)
ORDER BY id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Where a revision continues.

    Attributes:
        entry: its newest row in the journal.
        fingerprints: of its committed phases, by index.
        caught: the errors that the script handled, by the index of their phase.
    """

    entry: PartialRevision
    fingerprints: Mapping[int, str | None]
    caught: Mapping[int, str] = field(default_factory=dict)

    @property
    def next_phase(self) -> int:
        """The first phase that is not committed."""
        return self.entry.next_phase

    def is_committed(self, phase: int) -> bool:
        """True when a phase is committed."""
        return phase < self.next_phase

    def autocommit_entry(self, phase: int) -> PartialRevision | None:
        """The row with which a phase outside a transaction continues, if an earlier run was in it."""
        entry = self.entry
        return entry if entry.phase == phase and entry.kind in {"autocommit", "backfill"} else None

    def check(self, step: Step, index: int, phase: Phase) -> None:
        """Make sure that a phase of the script is the one that the journal recorded.

        Raises:
            ScriptError: the script was changed after it was partially applied.
        """
        known = self.fingerprints.get(index)
        if index == self.entry.phase and self.entry.state not in {"done", "caught"}:
            known = self.entry.fingerprint
            if self.entry.state in {"failed", "refused"}:  # what follows may have been corrected
                known = known and FailureFingerprint.parse(known).before
                phase = replace(phase, statements=phase.statements[: self.entry.statement])
        if known is None or known == phase.fingerprint:
            return
        raise ScriptError(
            f"revision {step.revision} was changed after it was partially applied: its phase "
            f"{index + 1} is not the one that ran ({step.path})",
            hint=(
                "restore the script and run the same command again; or, once the "
                f"database is repaired by hand, `asyncmig resolve {step.revision} --forget`"
            ),
            revision=step.revision,
            path=step.path,
            phase=index,
        )

    def check_not_shortened(self, step: Step, index: int) -> None:
        """Make sure that the script does not end in a phase that is committed.

        The change of the version table would be in it. An error that the script handled in that phase is
        raised again instead.

        Raises:
            ScriptError: the script ends before the phase with which the revision continues.
        """
        if index in self.caught:
            return
        raise ScriptError(
            f"revision {step.revision} was shortened after it was partially applied ({step.path})",
            hint=(
                "restore the script; or, once the database is repaired by hand, "
                f"`asyncmig resolve {step.revision} --forget`"
            ),
            revision=step.revision,
            path=step.path,
        )


async def read_resumes(
    session: Session, settings: Settings, state: DatabaseState
) -> dict[str, Resume]:
    """What is committed of each partially applied revision, by id."""
    journal = qualified(state.schema, settings.journal_table)
    resumes = {}
    for entry in state.partial:
        rows = await session.fetch(_COMMITTED.format(journal=journal), entry.revision)
        resumes[entry.revision] = Resume(
            entry=entry,
            fingerprints={row["phase"]: row["fingerprint"] for row in rows},
            caught={row["phase"]: row["caught"] for row in rows if row["caught"] is not None},
        )
    return resumes
