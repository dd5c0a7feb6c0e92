"""The generated tables of docs/configuration.md: keys, and parameters of libpq."""

from __future__ import annotations

from dataclasses import MISSING, fields
from itertools import groupby

from asyncmig.config.connection.libpq import PARAMETERS, Parameter
from asyncmig.config.keys import KEYS, Key
from asyncmig.config.settings import Settings

__all__ = ["BEGIN", "END", "parameter_table", "reference", "with_reference"]

BEGIN = (
    "<!-- keys: generated from asyncmig/config/keys.py by scripts/configuration_reference.py -->"
)
END = "<!-- end of keys -->"
_PARAMETERS_BEGIN = "<!-- libpq: generated from asyncmig/config/connection/libpq.py by scripts/configuration_reference.py -->"
_PARAMETERS_END = "<!-- end of libpq -->"

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


def parameter_table() -> str:
    """The parameters of libpq and what becomes of each, in Markdown."""
    rows = [
        f"| `{row.name}` | {f'`{row.variable}`' if row.variable else ''} | {_cell(_treatment(row))} |"
        for row in PARAMETERS
    ]
    return "\n".join(["| parameter | variable | |", "|---|---|---|", *rows])


def with_reference(document: str) -> str:
    """A document with the parts between the markers brought up to date.

    Raises:
        ValueError: a marker is missing.
    """
    for begin, end, text in (
        (BEGIN, END, reference()),
        (_PARAMETERS_BEGIN, _PARAMETERS_END, parameter_table()),
    ):
        before, found, rest = document.partition(begin)
        _, ended, after = rest.partition(end)
        if not found or not ended:
            raise ValueError(f"the document lacks {end if found else begin}")
        document = f"{before}{begin}\n\n{text}\n\n{end}{after}"
    return document


def _treatment(row: Parameter) -> str:
    if row.harmless is None:
        return (
            f"honoured {row.reason}" if row.reason.startswith("by ") else f"honoured: {row.reason}"
        )
    if "*" in row.harmless:
        return f"accepted without effect: {row.reason}"
    accepted = " and ".join(f"`{value}`" for value in sorted(row.harmless - {""}))
    return f"refused{f', except {accepted}' if accepted else ''}: {row.reason}"


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
