"""Steps, phases and statements in a line, for tests without a server."""

from __future__ import annotations

from typing import Any

from asyncmig.bookkeeping.journal import Journal, Run
from asyncmig.bookkeeping.state import PartialRevision
from asyncmig.bookkeeping.tables import Bookkeeping
from asyncmig.bookkeeping.version_table import VersionTable
from asyncmig.plan.model import Direction, Phase, PhaseKind, Step
from asyncmig.revisions.graph.moves import RowChange
from asyncmig.sql.classify import classify
from asyncmig.sql.statement import Statement

RUN = Run(id="7f2c", application="tests", host="here", pid=1)
BOOKS = Bookkeeping(version=VersionTable(), journal=Journal(run=RUN))
WITHOUT_JOURNAL = Bookkeeping(version=VersionTable(), journal=None)


def statement(sql: str, **facts: Any) -> Statement:
    """A statement, whose facts are those of its text."""
    found = classify(sql)
    known = {"transactional": found.transactional, "enum_label": found.enum_label} | facts
    return Statement(sql=sql, origin="a1.py:7", directive="execute", **known)


def transaction(*sql: str) -> Phase:
    return Phase(kind=PhaseKind.TRANSACTION, statements=tuple(map(statement, sql)))


def autocommit(*sql: str) -> Phase:
    return Phase(kind=PhaseKind.AUTOCOMMIT, statements=tuple(map(statement, sql)))


def step(*phases: Phase, revision: str = "a1", **facts: Any) -> Step:
    """An upgrade of one revision, from an empty version table."""
    return Step(
        revision=revision,
        phases=phases or (transaction(),),
        path=f"{revision}.py",
        **{"direction": Direction.UPGRADE, "version": RowChange(add=(revision,))} | facts,
    )


def partial(**facts: Any) -> PartialRevision:
    """A revision that stopped in its first phase, at its first statement."""
    known = {
        "journal_id": 9,
        "revision": "a1",
        "direction": "upgrade",
        "phase": 0,
        "kind": "autocommit",
        "state": "started",
        "statement": 0,
        "fingerprint": None,
        "checksum": None,
    }
    return PartialRevision(**known | facts)
