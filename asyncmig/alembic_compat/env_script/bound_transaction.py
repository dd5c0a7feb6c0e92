"""Whether an ``env.py`` keeps the transaction of ``begin_transaction()`` to roll it back: a dry run."""

from __future__ import annotations

import ast
import linecache
import sys
from typing import TYPE_CHECKING

from asyncmig.revisions.files.python_ast import tree_of

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

__all__ = ["rolls_back_by_name"]


def rolls_back_by_name(path: Path) -> bool:
    """True where the ``with`` statement around the call names the transaction, and the file uses the name.

    ``with context.begin_transaction() as transaction: ... transaction.rollback()``
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - there is no public way to the frames without their source
    name = str(path)
    while frame is not None and frame.f_code.co_filename != name:
        frame = frame.f_back
    if frame is None:
        return False
    linecache.checkcache(name)
    try:
        tree = tree_of("".join(linecache.getlines(name)))
    except SyntaxError:
        return False
    names = {
        item.optional_vars.id
        for node in ast.walk(tree)
        if isinstance(node, ast.With | ast.AsyncWith)
        for item in node.items
        if isinstance(item.optional_vars, ast.Name)
        and item.context_expr.lineno
        <= frame.f_lineno
        <= (item.context_expr.end_lineno or item.context_expr.lineno)
    }
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "rollback"
        and isinstance(node.value, ast.Name)
        and node.value.id in names
        for node in ast.walk(tree)
    )
