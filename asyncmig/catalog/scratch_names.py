"""Replaces the names of scratch schemas in printed catalogs by those of real schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["scratch_translation"]


def scratch_translation(
    scratch: Mapping[str, str], printed: Mapping[str, str]
) -> Callable[[str], str]:
    """Return a function that replaces the names of scratch schemas in JSON from the server.

    A string that consists of such a name is a name; in other strings it is part of SQL.

    Args:
        scratch: the real schema by scratch schema. Names of scratch schemas need no quotes, none is
            a prefix of another, and they occur in no other text.
        printed: the real schemas as the server prints them in SQL.
    """
    pairs = [
        pair
        for name, schema in scratch.items()
        for pair in ((f'"{name}"', _json(schema)), (name, _json(printed[schema])[1:-1]))
    ]

    def translate(text: str) -> str:
        for name, real in pairs:
            text = text.replace(name, real)
        return text

    return translate


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
