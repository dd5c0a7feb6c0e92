"""Statements of every kind, each run on a server to see what it locks, rewrites and scans."""

from __future__ import annotations

from lock_cases.case import Case
from lock_cases.columns import COLUMNS
from lock_cases.constraints import CONSTRAINTS
from lock_cases.indexes import INDEXES
from lock_cases.objects import OBJECTS
from lock_cases.rows import ROWS
from lock_cases.tables import TABLES

__all__ = ["CASES", "Case"]

CASES: tuple[Case, ...] = (*TABLES, *COLUMNS, *CONSTRAINTS, *INDEXES, *OBJECTS, *ROWS)
