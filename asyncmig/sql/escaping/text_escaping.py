r"""Colons that SQLAlchemy's ``text()`` must not take for parameters, and what it does to backslashes.

``text()`` takes ``:word`` for a parameter, unless a word, a colon or a backslash precedes it or a colon
follows it; and of ``\:word`` it removes the backslash, unless a colon follows it.
"""

from __future__ import annotations

import re

__all__ = ["escape_backslashes", "escape_colons"]

_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w+(?![:\w]))")
_ESCAPED = re.compile(r"\\(?=:\w*(?![:\w]))")


def escape_colons(sql: str) -> str:
    """What ``text()`` makes this SQL of, letter by letter."""
    return _PARAMETER.sub(r"\\:", escape_backslashes(sql))


def escape_backslashes(sql: str) -> str:
    """The same where no parameter is looked for, as in ``op.execute`` of a string."""
    return _ESCAPED.sub(r"\\\\", sql)
