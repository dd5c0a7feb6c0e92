"""The names of what an online change adds to a table."""

from __future__ import annotations

from asyncmig.sql.default_names import default_name

__all__ = [
    "copy_name",
    "function_name",
    "kept_name",
    "new_column_name",
    "proof_name",
    "trigger_name",
]


def new_column_name(column: str) -> str:
    """The column that is to replace another one."""
    return default_name(column, "", "online")


def kept_name(column: str) -> str:
    """The old column after the swap, where it is kept."""
    return default_name(column, "", "old")


def copy_name(name: str) -> str:
    """The copy of an index or constraint, until it takes the name."""
    return default_name(name, "", "online")


def proof_name(table: str, column: str) -> str:
    """The CHECK that shows that no row was left out."""
    return default_name(table, column, "online_proof")


def function_name(table: str, column: str) -> str:
    """The function of the trigger."""
    return default_name(table, column, "online")


def trigger_name(column: str) -> str:
    """The trigger that keeps two columns alike.

    Triggers fire in the order of their names, so that this one sees what others have assigned.
    """
    return default_name(f"~{column}", "", "online")
