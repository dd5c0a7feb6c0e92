"""Sequences as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.types import to_instance

from asyncmig.ddl.compilation import generate_sql, join_words
from asyncmig.operations.directives.sequences import (
    AlterSequenceOp,
    CreateSequenceOp,
    DropSequenceOp,
    SequenceOptions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from asyncmig.ddl.compilation import Compilation

__all__ = ["alter_sequence", "create_sequence", "drop_sequence"]


@generate_sql.register(CreateSequenceOp)
def create_sequence(operation: CreateSequenceOp, compilation: Compilation) -> Iterator[str]:
    """CREATE SEQUENCE."""
    yield join_words(
        "CREATE SEQUENCE",
        operation.if_not_exists and "IF NOT EXISTS",
        compilation.qualified(operation.sequence_name, operation.schema),
        *_options(operation, compilation),
        _owner(operation, compilation),
    )


@generate_sql.register(AlterSequenceOp)
def alter_sequence(operation: AlterSequenceOp, compilation: Compilation) -> Iterator[str]:
    """ALTER SEQUENCE."""
    restart = operation.restart
    yield join_words(
        "ALTER SEQUENCE",
        operation.if_exists and "IF EXISTS",
        compilation.qualified(operation.sequence_name, operation.schema),
        *_options(operation, compilation),
        restart is not None and ("RESTART" if restart is True else f"RESTART WITH {restart:d}"),
        _owner(operation, compilation),
    )


@generate_sql.register(DropSequenceOp)
def drop_sequence(operation: DropSequenceOp, compilation: Compilation) -> Iterator[str]:
    """DROP SEQUENCE."""
    yield compilation.drop(
        "SEQUENCE", compilation.qualified(operation.sequence_name, operation.schema), operation
    )


def _options(options: SequenceOptions, compilation: Compilation) -> Iterator[str]:
    if options.data_type is not None:
        yield f"AS {compilation.type(to_instance(options.data_type))}"
    if options.increment is not None:
        yield f"INCREMENT BY {options.increment:d}"
    if options.start is not None:
        yield f"START WITH {options.start:d}"
    yield from _limit("MINVALUE", options.minvalue)
    yield from _limit("MAXVALUE", options.maxvalue)
    if options.cache is not None:
        yield f"CACHE {options.cache:d}"
    if options.cycle is not None:
        yield "CYCLE" if options.cycle else "NO CYCLE"


def _limit(name: str, value: int | Literal[False] | None) -> Iterator[str]:
    if value is False:
        yield f"NO {name}"
    elif value is not None:
        yield f"{name} {value:d}"


def _owner(options: SequenceOptions, compilation: Compilation) -> str | None:
    if options.owned_by is None:
        return None
    if options.owned_by is False:
        return "OWNED BY NONE"
    return f"OWNED BY {'.'.join(map(compilation.quote, options.owned_by.split('.')))}"
