"""Checksums of scripts: the same as long as a script does the same.

For Python the syntax tree counts: comments, layout, quotes, brackets and docstrings do not, and it is
the same under every Python that asyncmig runs on. For SQL the text counts without comments, line ends
and runs of blanks.
"""

from __future__ import annotations

import hashlib

__all__ = ["checksum"]


def checksum(content: str | bytes) -> str:
    """A digest of normalised content: 32 hexadecimal digits."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:32]
