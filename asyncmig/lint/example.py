"""The examples of a rule: SQL that a test executes on a server, and that the documentation prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TABLES", "Claim", "Examples"]

TABLES = """
CREATE TABLE customers (id bigint PRIMARY KEY, email text, name varchar(100));
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id bigint, code integer NOT NULL, status text,
    total numeric(10, 2), note varchar(50), created_at timestamp
);
CREATE INDEX orders_status ON orders (status);
"""
"""The tables that all examples begin with."""

ROWS = """
INSERT INTO customers SELECT n, 'c' || n || '@example.com', 'name' FROM generate_series(1, 2000) AS n;
INSERT INTO orders SELECT n, n, n, 'new', 1, 'note', now() FROM generate_series(1, 2000) AS n;
"""
"""Their rows, for the test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the bad example does, and the good one does not.

    Attributes:
        locks: the mode, as ``pg_locks`` names it, by relation; the strongest lock that a statement holds.
        scans: relations that are read from beginning to end while that lock is held.
        rewrites: tables or indexes that get a new file.
        error: the SQLSTATE that a statement raises.
        breaks: a query of running code that fails afterwards.
        shows: a query that then gives true.
        between: a query that gives true after the first transaction already.
        rolled_back: the transaction is rolled back at the end, and ``shows`` is asked then.
    """

    locks: Mapping[str, str] = field(default_factory=dict)
    scans: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()
    error: str | None = None
    breaks: str | None = None
    shows: str | None = None
    between: str | None = None
    rolled_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """A bad and a good example, each a list of transactions.

    Attributes:
        setup: what is there before, beside ``TABLES``.
        rows: rows for it, for the test.
        bad: the hazard; each text is committed by itself.
        good: the safe way to the same end, likewise.
        claim: what a server shows.
    """

    bad: tuple[str, ...]
    good: tuple[str, ...]
    claim: Claim
    setup: str = ""
    rows: str = ""
