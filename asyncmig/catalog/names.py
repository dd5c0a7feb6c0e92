"""Names of scratch schemas, and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["as_found", "translation"]


def as_found(text: str) -> str:
    """The text as it is."""
    return text


def translation(scratch: Mapping[str, str], printed: Mapping[str, str]) -> Callable[[str], str]:
    """A function that puts real schemas where the server printed scratch schemas.

    Args:
        scratch: the schema that each scratch schema stands for. Scratch names need no quotes, none is
            the beginning of another, and they occur in no other text.
        printed: these schemas as the server prints them within SQL.
    """
    pattern = re.compile("|".join(map(re.escape, scratch)))

    def translate(text: str) -> str:
        if text in scratch:
            return scratch[text]
        return pattern.sub(lambda found: printed[scratch[found.group()]], text)

    return translate
