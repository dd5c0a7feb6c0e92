"""The settings of a session that a statement changes beyond its transaction."""

from __future__ import annotations

from asyncmig.sql.lexer import Kind, Token, identifier_value, string_value, tokens
from asyncmig.sql.slices import contains

__all__ = ["ALL_SETTINGS", "changed_settings"]

ALL_SETTINGS = "all"
"""In the place of a name: ``RESET ALL``."""

_OF_TRANSACTION = frozenset({"LOCAL", "TRANSACTION", "CONSTRAINTS"})
_SPECIAL = {
    "TIME": "timezone",
    "NAMES": "client_encoding",
    "SCHEMA": "search_path",
    "XML": "xmloption",
}
"""Words behind SET that are forms of their own, and the setting that each changes."""
_CHARACTERISTICS = frozenset(
    {
        "default_transaction_isolation",
        "default_transaction_read_only",
        "default_transaction_deferrable",
    }
)
_NOT_OF_SESSION = frozenset(
    {"seed", "transaction_deferrable", "transaction_isolation", "transaction_read_only"}
)
"""PostgreSQL has no RESET for them: they end with the transaction, or have no value to return to."""
_NAMES = frozenset({Kind.WORD, Kind.QUOTED})


def changed_settings(sql: str) -> frozenset[str]:
    """The names of the settings that a statement sets or resets for the session.

    ``SET ROLE`` changes ``role``, ``SET SESSION AUTHORIZATION`` ``session_authorization``. Calls of
    ``set_config`` count when the name is a constant, whatever their third argument is.

    Example::

        >>> sorted(changed_settings("SET search_path TO app"))
        ['search_path']
    """
    first = next(tokens(sql), None)
    if first is not None and first.word in {"SET", "RESET"}:
        found = list(tokens(sql))
        words = [token.word for token in found] + ["", "", ""]
        return _of_command(found, words) - _NOT_OF_SESSION
    return _of_calls(list(tokens(sql))) if contains(sql, "set_config") else frozenset()


def _of_command(found: list[Token], words: list[str]) -> frozenset[str]:
    if words[1] in _OF_TRANSACTION:
        return frozenset()
    at = 1
    if words[1] == "SESSION":
        if words[2] == "AUTHORIZATION":
            return frozenset({"session_authorization"})
        if words[2] == "CHARACTERISTICS":
            return _CHARACTERISTICS
        at = 2
    if (special := _SPECIAL.get(words[at])) is not None:
        return frozenset({special})
    parts = []
    for name, dot in zip(
        found[at::2], [*(token.text for token in found[at + 1 :: 2]), ""], strict=False
    ):
        if name.kind not in _NAMES:
            break
        parts.append(identifier_value(name.text) or "")
        if dot != ".":
            break
    return frozenset({".".join(parts).lower()}) if parts else frozenset()


def _of_calls(found: list[Token]) -> frozenset[str]:
    names = set()
    for name, parenthesis, argument in zip(found, found[1:], found[2:], strict=False):
        if (
            name.kind in _NAMES
            and identifier_value(name.text) == "set_config"
            and parenthesis.text == "("
            and argument.kind is Kind.STRING
        ):
            names.add(string_value(argument.text).lower())
    return frozenset(names)
