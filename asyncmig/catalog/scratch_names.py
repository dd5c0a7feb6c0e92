"""Names of scratch schemas, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["scratch_translation"]


def scratch_translation(
    scratch: Mapping[str, str], printed: Mapping[str, str]
) -> Callable[[str], str]:
    """A function that puts real schemas where the server wrote scratch schemas into JSON.

    A string that is nothing but the name of one is a name; within others it is part of SQL.

    Args:
        scratch: the schema that each scratch schema stands for. Scratch names need no quotes, none is
            the beginning of another, and they occur in no other text.
        printed: these schemas as the server prints them within SQL.
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
