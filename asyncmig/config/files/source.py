"""``ValueSource``: the file, table and key of a value, for error messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.errors import ConfigKeyError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["ValueSource", "nearest"]


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
    """The known word most similar to this one, ignoring case; None if none is similar."""
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


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
