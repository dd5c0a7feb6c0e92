"""Functions as DDL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import generate_sql, join_words
from asyncmig.operations.directives.functions import CreateFunctionOp, DropFunctionOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["create_function", "drop_function", "without_defaults"]

_PIECE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()\[\],]|:?=|\w+|\s+|.""", re.DOTALL)
"""Quoted text, brackets, commas, the signs and words before a default, and other characters."""


@generate_sql.register(CreateFunctionOp)
def create_function(operation: CreateFunctionOp, compilation: Compilation) -> Iterator[str]:
    """CREATE FUNCTION, its body in dollar quotes."""
    quote = _dollar_quote(operation.body)
    name = compilation.qualified(operation.function_name, operation.schema)
    settings = operation.settings or {}
    yield join_words(
        "CREATE",
        operation.replace and "OR REPLACE",
        f"{_kind(operation)} {name}({operation.arguments})",
        not operation.procedure and operation.returns and f"RETURNS {operation.returns}",
        f"LANGUAGE {compilation.quote(operation.language)}",
        operation.volatility and operation.volatility.upper(),
        operation.strict and "STRICT",
        operation.security_definer and "SECURITY DEFINER",
        operation.leakproof and "LEAKPROOF",
        operation.parallel and f"PARALLEL {operation.parallel.upper()}",
        operation.cost is not None and f"COST {operation.cost:g}",
        operation.rows is not None and f"ROWS {operation.rows:g}",
        *(f"SET {compilation.quote(key)} = {value}" for key, value in settings.items()),
        f"AS {quote}{operation.body}{quote}",
    )


@generate_sql.register(DropFunctionOp)
def drop_function(operation: DropFunctionOp, compilation: Compilation) -> Iterator[str]:
    """DROP FUNCTION."""
    name = compilation.qualified(operation.function_name, operation.schema)
    if operation.arguments is not None:
        name += f"({without_defaults(operation.arguments)})"
    yield compilation.drop(_kind(operation), name, operation)


def _kind(operation: CreateFunctionOp | DropFunctionOp) -> str:
    return "PROCEDURE" if operation.procedure else "FUNCTION"


def _dollar_quote(body: str) -> str:
    """A dollar quote that does not occur in the body."""
    quote, number = "$$", 0
    while quote in body or body.endswith("$"):
        number += 1
        quote = f"$body{number if number > 1 else ''}$"
        if quote not in body:
            break
    return quote


def without_defaults(arguments: str) -> str:
    """The arguments of a function without defaults, as in DROP FUNCTION."""
    kept: list[str] = []
    depth = 0
    in_default = False
    for piece in _PIECE.findall(arguments):
        if piece in {"(", "["}:
            depth += 1
        elif piece in {")", "]"}:
            depth -= 1
        elif depth == 0 and piece == ",":
            in_default = False
            kept = ["".join(kept).rstrip()]
        elif depth == 0 and (piece in {"=", ":="} or piece.upper() == "DEFAULT"):
            in_default = True
        if not in_default:
            kept.append(piece)
    return "".join(kept).strip()
