"""Requested and confirmed renames, on catalogs by hand."""

from __future__ import annotations

import pytest

from asyncmig.autogenerate.renames import RenameRequests, confirm_renames
from asyncmig.errors import TargetError
from support.catalogs import catalog, column, name, sides, table, unique

USERS = catalog(
    table("users", column("id"), column("fone", "text"), unique("users_fone_key", "fone"))
)
ACCOUNTS = catalog(
    table(
        "accounts",
        column("id"),
        column("phone", "text"),
        unique("accounts_phone_key", "phone", named=False),
    )
)


async def confirmed(requests, actual=USERS, wanted=ACCOUNTS):
    paired = []

    async def pair(both):
        paired.append(both)
        return both

    return await confirm_renames(sides(actual, wanted), requests, pair), len(paired)


def renames(found):
    return [(item.kind, item.old, item.new) for item in found.renames]


async def test_nothing_is_assumed():
    found, pairs = await confirmed(RenameRequests())
    assert (renames(found), found.accepted, pairs) == ([], (), 0)
    assert [(item.old, item.new) for item in found.candidates] == [("users", "accounts")]
    assert found.sides.actual == USERS


async def test_requested_renames_and_their_default_names():
    given = {"users": "accounts", "users.fone": "phone"}
    found, pairs = await confirmed(RenameRequests(given=given))
    assert renames(found) == [
        ("table", "users", "accounts"),
        ("column", "fone", "phone"),
        ("constraint", "users_fone_key", "accounts_phone_key"),
    ]
    assert [(item.old, item.new) for item in found.accepted] == [
        ("users", "accounts"),
        ("accounts.fone", "accounts.phone"),
    ]
    assert (found.candidates, pairs) == ((), 2)
    assert found.sides.origin == USERS
    assert list(found.sides.actual.tables) == [name("accounts")]


async def test_columns_are_asked_about_after_their_table():
    asked = []

    async def ask(candidate):
        asked.append((candidate.kind, candidate.old, candidate.new))
        return True

    found, _ = await confirmed(RenameRequests(ask=ask))
    assert asked == [
        ("table", "users", "accounts"),
        ("column", "accounts.fone", "accounts.phone"),
    ]
    assert [item.kind for item in found.accepted] == ["table", "column"]
    assert found.candidates == ()


async def test_a_declined_candidate_is_asked_about_once():
    asked = []

    def ask(candidate):
        asked.append(candidate.old)
        return False

    found, pairs = await confirmed(RenameRequests(ask=ask))
    assert (asked, renames(found), pairs) == (["users"], [], 0)
    assert found.candidates == ()


async def test_an_unknown_name_is_an_error():
    with pytest.raises(TargetError, match="the database has no user"):
        await confirmed(RenameRequests(given={"user": "accounts"}))
