"""Mistakes in a user's program; behind each line stands the error code that ``mypy --strict`` reports."""

from __future__ import annotations

from asyncmig import Migrator, errors


async def run(migrator: Migrator) -> None:
    await migrator.plan("head", direction="up")  # expected: arg-type
    await migrator.resolve("ae10", "redo")  # expected: arg-type
    await migrator.upgrade(5)  # expected: arg-type
    await migrator.upgrade("head", tags="x")  # expected: call-arg
    (await migrator.status()).pendng  # expected: attr-defined
    (await migrator.upgrade()).applied[0].revison  # expected: attr-defined
    print(migrator.project)  # expected: attr-defined


def explain(error: errors.StatementFailedError) -> str:
    error.revison  # expected: attr-defined
    return error.sqlstate  # expected: return-value
