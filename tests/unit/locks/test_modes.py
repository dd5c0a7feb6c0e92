"""Lock modes and what they block."""

from __future__ import annotations

import pytest

from asyncmig.locks.modes import Blocks, LockMode, blocked_by, strongest


@pytest.mark.parametrize(
    ("mode", "blocks", "sql"),
    [
        (LockMode.ACCESS_SHARE, Blocks.NOTHING, "ACCESS SHARE"),
        (LockMode.ROW_SHARE, Blocks.NOTHING, "ROW SHARE"),
        (LockMode.ROW_EXCLUSIVE, Blocks.NOTHING, "ROW EXCLUSIVE"),
        (LockMode.SHARE_UPDATE_EXCLUSIVE, Blocks.DDL, "SHARE UPDATE EXCLUSIVE"),
        (LockMode.SHARE, Blocks.WRITES, "SHARE"),
        (LockMode.SHARE_ROW_EXCLUSIVE, Blocks.WRITES, "SHARE ROW EXCLUSIVE"),
        (LockMode.EXCLUSIVE, Blocks.WRITES, "EXCLUSIVE"),
        (LockMode.ACCESS_EXCLUSIVE, Blocks.EVERYTHING, "ACCESS EXCLUSIVE"),
    ],
)
def test_what_a_mode_blocks(mode, blocks, sql):
    assert mode.blocks is blocks
    assert mode.sql == sql


def test_the_strongest_mode():
    assert strongest([LockMode.SHARE, LockMode.ROW_EXCLUSIVE]) is LockMode.SHARE
    assert strongest([]) is None


def test_what_several_modes_block():
    assert blocked_by([LockMode.ACCESS_SHARE, LockMode.SHARE]) is Blocks.WRITES
    assert blocked_by([]) is Blocks.NOTHING
    assert Blocks.EVERYTHING.rank > Blocks.WRITES.rank > Blocks.DDL.rank > Blocks.NOTHING.rank
