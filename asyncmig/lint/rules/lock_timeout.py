"""No lock_timeout, or one that is too long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.results.lint import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place, Revisions

__all__ = ["LockTimeout"]

_SETS = re.compile(
    r"\A\s*SET\s+(?:SESSION\s+|LOCAL\s+)?lock_timeout\s*(?:=|\bTO\b)\s*'?\s*(?P<number>\d+)\s*(?P<unit>\w*)",
    re.IGNORECASE,
)
_UNITS = {"us": 1e-6, "": 1e-3, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST = 30.0
"""Seconds."""


class LockTimeout(Rule):
    """Reports a strong lock that is waited for without a limit, or for too long."""

    title = "no lock_timeout, or one of more than 30 s, where a table is locked"
    hazards = ("31",)
    severity = Severity.WARNING
    why = (
        "A statement that waits for ACCESS EXCLUSIVE is at the head of the table's queue: every later"
        " query waits behind it, so one long transaction of another session is enough to stop the service."
        " asyncmig sets lock_timeout (5 s) and retries; it is reported where the settings, the script or a"
        " SET switch it off or make it longer than 30 s. statement_timeout is not asked for: it would end"
        " a long index build."
    )
    examples = Examples(
        bad=("SET lock_timeout = 0; ALTER TABLE orders ADD COLUMN source text",),
        good=("SET lock_timeout = '2s'; ALTER TABLE orders ADD COLUMN source text",),
        claim=Claim(shows="SELECT current_setting('lock_timeout') = '0'"),
    )

    def check_revisions(self, revisions: Revisions) -> Iterator[Problem]:
        """See ``why``."""
        reported: set[str] = set()
        seconds: float | None = None
        revision = ""
        for place in revisions.places:
            if place.step.revision != revision:
                revision, seconds = place.step.revision, _of_step(place)
            if match := _SETS.match(place.statement.sql):
                unit = _UNITS.get(match["unit"].lower(), 1e-3)
                seconds = int(match["number"]) * unit
            if seconds is None or revision in reported or 0 < seconds <= LONGEST:
                continue
            locked = next(iter(place.locks), None)
            if locked is None:
                continue
            reported.add(revision)
            table, blocked = locked
            limit = "without a limit" if seconds == 0 else f"for up to {seconds:g} s"
            yield Problem(
                message=f"waits {limit} for its lock on {table}; {blocked} of {table} wait behind it",
                table=table,
                suggestion="-- leave it to the setting lock_timeout of asyncmig (5s), which is retried",
                origin=place.statement.origin,
                revision=revision,
            )


def _of_step(place: Place) -> float | None:
    """Seconds that count at the beginning of a step; None where the server's setting is kept."""
    own = place.step.lock_timeout
    return own if own is not None else place.circumstances.lock_timeout
