"""The metadata variables of a Python script, and patterns that find them in its text."""

from __future__ import annotations

import re

__all__ = ["FIELDS", "MENTION", "SETTERS", "WORDS"]

FIELDS = ("revision", "down_revision", "branch_labels", "depends_on")

SETTERS = (
    "globals",
    "locals",
    "vars",
    "exec",
    "eval",
    "setattr",
    "modules",
    "__dict__",
    "__setattr__",
)
"""Names by which code can set module variables indirectly; a star import can, too."""

WORDS = (*FIELDS, *SETTERS)
"""A text without any of these words, and without a star, sets no field."""

MENTION = re.compile(rf"\b(?:{'|'.join(WORDS)})\b|\bimport[ \t(]*\*")
"""A field, or a name that could set one, as a word of the text."""
