"""The page of the documentation that shows the table of facts."""

from __future__ import annotations

from typing import Any

from asyncmig.locks.modes import LockMode

__all__ = ["page_of"]

_HEAD = """\
# What each statement locks

Made by `scripts/lock_facts.py --measure`, which runs every statement below on PostgreSQL 14 to 18 and
reads `pg_locks`, the relfilenodes of tables and indexes, and `pg_stat_xact_user_tables`. A test runs them
again. `asyncmig plan --locks` uses this table where it cannot trace a plan.

A lock is held until the transaction ends. ACCESS EXCLUSIVE blocks reads and writes; SHARE, SHARE ROW
EXCLUSIVE and EXCLUSIVE block writes; SHARE UPDATE EXCLUSIVE blocks other DDL and VACUUM; the modes of
queries and DML block nothing that an application does. **Rewrites** makes a new file of the whole table or
index; **scans** reads the whole table while the lock is held. Relations that the statement itself creates
are left out, and so are indexes that a query only reads.

| statement | versions | locks | rewrites | scans |
|---|---|---|---|---|
"""


def page_of(table: dict[str, Any]) -> str:
    """The page, from the data in the package."""
    lines = [
        _row(entry["sql"], facts, every=len(entry["facts"]) == 1)
        for entry in table.values()
        for facts in entry["facts"]
    ]
    return _HEAD + "\n".join(lines) + "\n"


def _row(sql: str, facts: dict[str, Any], *, every: bool) -> str:
    versions = _versions(facts["versions"], every=every)
    statement = f"`{sql.replace('|', chr(92) + '|')}`"
    if "error" in facts:
        return f"| {statement} | {versions} | error {facts['error']} | | |"
    locks = ", ".join(f"{role}: {LockMode(mode).sql}" for role, mode in facts["locks"].items())
    rewrites, scans = ", ".join(facts["rewrites"]), ", ".join(facts["scans"])
    return f"| {statement} | {versions} | {locks or 'none'} | {rewrites} | {scans} |"


def _versions(versions: list[int], *, every: bool) -> str:
    if every and versions[-1] == 18:
        return "all" if versions[0] == 14 else f"from {versions[0]}"
    return ", ".join(map(str, versions))
