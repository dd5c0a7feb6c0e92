"""The reference of keys in docs/configuration.md, written from the table of keys."""

from __future__ import annotations

from dataclasses import MISSING, fields
from itertools import groupby

from asyncmig.config.keys import KEYS, Key
from asyncmig.config.settings import Settings

__all__ = ["BEGIN", "END", "reference", "with_reference"]

BEGIN = (
    "<!-- keys: generated from asyncmig/config/keys.py by scripts/configuration_reference.py -->"
)
END = "<!-- end of keys -->"

_DEFAULTS = {field.name: field.default for field in fields(Settings)}


def reference() -> str:
    """The tables of keys, one for each group, in Markdown."""
    parts: list[str] = []
    for group, keys in groupby(KEYS, key=lambda key: key.group):
        rows = [_row(key) for key in keys]
        parts.append(
            "\n".join(
                [
                    f"### {group}",
                    "",
                    "| key | type | default | meaning |",
                    "|---|---|---|---|",
                    *rows,
                ]
            )
        )
    return "\n\n".join(parts)


def with_reference(document: str) -> str:
    """A document with the part between the two markers brought up to date.

    Raises:
        ValueError: a marker is missing.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks {BEGIN if not begin else END}")
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}"


def _row(key: Key) -> str:
    meaning = key.doc
    if key.alembic and key.alembic != key.name:
        meaning += f" In Alembic's files: `{key.alembic}`."
    if not key.per_database:
        meaning += " Not in a database's own table."
    return f"| `{key.name}` | {_cell(key.kind.label)} | {_cell(_default(key))} | {_cell(meaning)} |"


def _default(key: Key) -> str:
    if key.default is not None:
        return key.default if not key.default.startswith('"') else f"`{key.default}`"
    value = _DEFAULTS[key.target]
    if key.name == "transaction_per_migration":
        value = value == "revision"
    if value is MISSING or value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
