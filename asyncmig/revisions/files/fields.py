"""The variables by which a Python script says what it is, and how to spot them in its text."""

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
"""What can set a module's variables without naming them in plain sight; so can a star import."""

WORDS = (*FIELDS, *SETTERS)
"""A text without any of these, and without a star, sets none of the fields."""

MENTION = re.compile(rf"\b(?:{'|'.join(WORDS)})\b|\bimport[ \t(]*\*")
"""A field, or what could set one, as a word of the text."""
