"""Checksums of scripts, which do not depend on comments and layout.

For Python it is that of the syntax tree: comments, layout, quotes, brackets and docstrings have no
effect, and all versions of Python give the same. For SQL it is that of the text without comments, line
ends and repeated blanks.
"""

from __future__ import annotations

import hashlib

__all__ = ["checksum"]


def checksum(content: str | bytes) -> str:
    """A digest of normalised content: 32 hexadecimal digits."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:32]
