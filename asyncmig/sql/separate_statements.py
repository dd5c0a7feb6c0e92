"""Several statements in one text, where one of them ends a transaction or cannot be in one."""

from __future__ import annotations

from asyncmig.errors import ScriptError
from asyncmig.sql.classify import Control, classify
from asyncmig.sql.split import split

__all__ = ["statements_to_send_separately"]


def statements_to_send_separately(sql: str) -> list[str]:
    """The statements of a text that have to be sent one by one.

    A text of statements that may share a transaction is one piece. So is what cannot be split: the
    server hint best what is wrong with it.

    Example:
        >>> statements_to_send_separately("COMMIT; VACUUM t")
        ['COMMIT', 'VACUUM t']
        >>> statements_to_send_separately("SELECT 1; SELECT 2")
        ['SELECT 1; SELECT 2']
    """
    if ";" not in sql:
        return [sql]
    try:
        statements = [statement.text for statement in split(sql)]
    except ScriptError:
        return [sql]
    facts = [classify(statement) for statement in statements]
    if len(statements) < 2 or all(
        fact.transactional and fact.control in {None, Control.SAVEPOINT} for fact in facts
    ):
        return [sql]
    return statements
