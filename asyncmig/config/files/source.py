"""``ValueSource``: the file, table and key of a value, for error messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.errors import ConfigKeyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["ValueSource", "nearest"]

_SHORT = 6
"""The most letters of a short word."""


class ValueSource(NamedTuple):
    """A key of a table of a file.

    Attributes:
        path: the file.
        table: ``tool.asyncmig``, ``alembic`` ...; empty for the top of a file.
        key: the key as written.
        base: the folder that relative paths start from.
        sys_path: folders to search for ``package:folder`` locations before ``sys.path``.
        secret: the value may contain a password and is never shown.
    """

    path: Path
    table: str
    key: str
    base: Path
    sys_path: tuple[Path, ...] = ()
    secret: bool = False

    @property
    def line(self) -> int | None:
        """The line of the key, searched in the file; None if it is not found."""
        try:
            text = self.path.read_text("utf-8", errors="replace")
        except OSError:
            return None
        return _line_of(text, self.table, self.key)

    def __str__(self) -> str:
        line = self.line
        where = str(self.path) if line is None else f"{self.path}:{line}"
        return f"{where}: [{self.table}] {self.key}" if self.table else f"{where}: {self.key}"

    def fault(
        self, what: str, *, hint: str | None = None, near: str | None = None
    ) -> ConfigKeyError:
        """An error about this key."""
        hint = hint or f"docs/configuration.md describes {self.key} and its default"
        return ConfigKeyError(
            f"{self} {what}", hint=hint, path=self.path, key=self.key, line=self.line, nearest=near
        )

    def wrong(self, expected: str, value: object, *, hint: str | None = None) -> ConfigKeyError:
        """An error about a value of the wrong type or form."""
        return self.fault(f"must be {expected}, not {self._shown(value)}", hint=hint)

    def _shown(self, value: object) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, dict):
            return "a table"
        if isinstance(value, list):
            return "a list"
        if self.secret:
            return "the value written there"
        if isinstance(value, str) and "://" in value:  # a URL in the wrong place
            from asyncmig.sql.masking import mask_secrets

            return mask_secrets(repr(value))
        return repr(value) if isinstance(value, str) else str(value)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most similar to this one, ignoring case; None if none is similar.

    A word may be the first part of a name: ``scrpt`` means ``script_location``. Short words share letters by
    chance (``scrpt`` and ``sslcert``), so they must also have about the same length or the same beginning.
    """
    from difflib import get_close_matches

    wanted = word.lower()

    def similar(names: Mapping[str, str], cutoff: float) -> str | None:
        compared = [
            name
            for name in names
            if len(wanted) > _SHORT or abs(len(name) - len(wanted)) <= 1 or name[:2] == wanted[:2]
        ]
        return next(
            (names[name] for name in get_close_matches(wanted, compared, n=1, cutoff=cutoff)), None
        )

    whole = {name.lower(): name for name in known}
    first_parts = {name.partition("_")[0]: whole[name] for name in reversed(whole)}
    return similar(whole, 0.8) or similar(first_parts, 0.8) or similar(whole, 0.6)


def _line_of(text: str, table: str, key: str) -> int | None:
    """The line of a key; TOML and ini both have ``[table]`` and ``key = value`` lines."""
    header = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+")
    last = key.rpartition(".")[2]
    entry = re.compile(
        rf"^\s*[\"']?(?:{re.escape(key)}|{re.escape(last)})[\"']?\s*[=:]", re.IGNORECASE
    )
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if match := header.match(line):
            current = match[1]
            if current == f"{table}.{key}".lstrip("."):
                return number
        elif current == table and entry.match(line):
            return number
    return None
