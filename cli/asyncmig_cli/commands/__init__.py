"""One module a command, imported when it is called; this is the list of them."""

from typing import Final

__all__ = ["COMMANDS", "spelling"]

PROJECT = "The project"
HISTORY = "The history of revisions"
DATABASE = "The database"

COMMANDS: Final[dict[str, str]] = {
    "init": PROJECT,
    "adopt": PROJECT,
    "list_templates": PROJECT,
    "list_plugins": PROJECT,
    "revision": PROJECT,
    "merge": PROJECT,
    "edit": PROJECT,
    "validate": PROJECT,
    "heads": HISTORY,
    "branches": HISTORY,
    "history": HISTORY,
    "show": HISTORY,
    "plan": DATABASE,
    "upgrade": DATABASE,
    "downgrade": DATABASE,
    "deploy": DATABASE,
    "current": DATABASE,
    "status": DATABASE,
    "check": DATABASE,
    "log": DATABASE,
    "stamp": DATABASE,
    "resolve": DATABASE,
    "ensure_version": DATABASE,
}
"""Name of each command, which is the name of its module and function: its heading in the help."""


def spelling(name: str) -> str | None:
    """The command that ``name`` means: ``ensure-version`` is ``ensure_version``."""
    plain = name.replace("-", "_")
    return plain if plain in COMMANDS else None
