"""Passwords and keys in SQL, replaced by ``***`` before a statement is shown.

Masked are: constants behind ``PASSWORD`` (roles, user mappings, servers), options whose names say that
they hold a secret, passwords in connection strings and URLs (subscriptions, dblink), and the arguments of
pgcrypto's functions. The bodies of dollar-quoted strings and of ``EXECUTE`` are looked into.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from asyncmig.sql.lexer import Kind, Token, string_value, tokens
from asyncmig.sql.quoting import literal
from asyncmig.sql.slices import search_slices

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MASK", "mask_secrets", "secrets_in"]

MASK = "***"

_NAMES = (
    "password passwd passphrase passcode sslpassword secret secret_key secret_access_key access_key "
    "access_token token api_key apikey private_key sas_token oauth_client_secret"
)
_SECRET_NAMES = frozenset(_NAMES.upper().split())
_FUNCTIONS = """
crypt hmac encrypt decrypt encrypt_iv decrypt_iv pgp_sym_encrypt pgp_sym_encrypt_bytea
pgp_sym_decrypt pgp_sym_decrypt_bytea pgp_pub_decrypt pgp_pub_decrypt_bytea
"""
_KEYED_FUNCTIONS = frozenset(_FUNCTIONS.upper().split())
_MAY_HOLD_ONE = re.compile(
    "passw|passphrase|passcode|secret|token|_key|apikey|://|crypt|hmac", re.IGNORECASE
)
_IN_CONNECTION_STRING = re.compile(
    rf"\b({'|'.join(_NAMES.split())})(\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s'&]+)", re.IGNORECASE
)
_IN_URL = re.compile(r"(\w+://[^\s:/@]*:)([^\s/@]+)(@)")
_ASSIGNMENTS = frozenset({"=", ">", ":", "TO"})  # `=>` and `:=` are two symbols each


def mask_secrets(sql: str) -> str:
    """A statement without the secrets in it.

    Example:
        >>> mask_secrets("ALTER ROLE app PASSWORD 'hunter2' LOGIN")
        "ALTER ROLE app PASSWORD '***' LOGIN"
    """
    return _masked(sql)[0]


def secrets_in(sql: str) -> tuple[str, ...]:
    """The secrets themselves, the longest first, to mask them in what a server answers."""
    return _masked(sql)[1]


@lru_cache(maxsize=64)
def _masked(sql: str) -> tuple[str, tuple[str, ...]]:
    if not search_slices(_MAY_HOLD_ONE, sql):
        return sql, ()
    pieces: list[str] = []
    found: set[str] = set()
    copied = 0
    for token, text in _replacements(sql, found):
        pieces += (sql[copied : token.start], text)
        copied = token.end
    return "".join((*pieces, sql[copied:])), tuple(sorted(found, key=len, reverse=True))


def _replacements(sql: str, found: set[str]) -> Iterator[tuple[Token, str]]:
    before: list[str] = ["", "", ""]  # words and symbols, the last one last
    keyed: list[bool] = []  # for each open parenthesis: is it that of a function with a key?
    for token in tokens(sql):
        match token.kind:
            case Kind.STRING | Kind.DOLLAR:
                text = token.text
                if _is_secret(before) or any(keyed):
                    if value := string_value(text):
                        found.add(value)
                    text = f"'{MASK}'"
                else:
                    text = _within(text, found)
                yield token, text
                before = [*before[1:], ""]
            case Kind.UNTERMINATED:
                # what cannot be read is not shown where it may hold a secret
                yield token, MASK
            case _:
                word = token.word or token.text.strip('"').upper()
                if word == "(":
                    keyed.append(before[-1] in _KEYED_FUNCTIONS)
                elif word == ")" and keyed:
                    keyed.pop()
                before = [*before[1:], word]


def _is_secret(before: list[str]) -> bool:
    """Whether a constant is the value of a name before it: ``name 'x'``, ``name = 'x'``, ``name => 'x'``."""
    names = [word for word in reversed(before) if word not in _ASSIGNMENTS]
    return bool(names) and names[0] in _SECRET_NAMES


def _within(text: str, found: set[str]) -> str:
    """A string constant with the secrets inside it masked: a connection string, a URL, SQL."""
    value = string_value(text)
    if not search_slices(_MAY_HOLD_ONE, value):
        return text
    masked, inner = _masked(value)
    found.update(inner)
    for pattern, group in ((_IN_CONNECTION_STRING, 3), (_IN_URL, 2)):
        for match in pattern.finditer(masked):
            if (secret := match[group].strip("'")) != MASK:
                found.add(secret)
    masked = _IN_CONNECTION_STRING.sub(rf"\1\2{MASK}", masked)
    masked = _IN_URL.sub(rf"\1{MASK}\3", masked)
    if masked == value:
        return text
    if text.startswith("$"):
        tag = text[: text.index("$", 1) + 1]
        return f"{tag}{masked}{tag}"
    return literal(masked)
