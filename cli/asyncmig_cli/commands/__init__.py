"""The list of commands; each command is a module, imported when it is called."""

from typing import Final

__all__ = ["COMMANDS", "canonical_name"]

PROJECT = "Project"
HISTORY = "Revisions"
DATABASE = "Database"

COMMANDS: Final[dict[str, str]] = {
    "init": PROJECT,
    "adopt": PROJECT,
    "list_templates": PROJECT,
    "list_plugins": PROJECT,
    "embedded": PROJECT,
    "explain": PROJECT,
    "help": PROJECT,
    "revision": HISTORY,
    "merge": HISTORY,
    "edit": HISTORY,
    "validate": HISTORY,
    "heads": HISTORY,
    "branches": HISTORY,
    "history": HISTORY,
    "show": HISTORY,
    "plan": DATABASE,
    "lint": DATABASE,
    "upgrade": DATABASE,
    "downgrade": DATABASE,
    "deploy": DATABASE,
    "backfill": DATABASE,
    "current": DATABASE,
    "status": DATABASE,
    "check": DATABASE,
    "log": DATABASE,
    "stamp": DATABASE,
    "resolve": DATABASE,
    "ensure_version": DATABASE,
}
"""The name of each command, which is the name of its module and function, and its heading in the help."""


def canonical_name(name: str) -> str | None:
    """The command that ``name`` means: ``ensure-version`` is ``ensure_version``; None for none."""
    plain = name.replace("-", "_")
    return plain if plain in COMMANDS else None
