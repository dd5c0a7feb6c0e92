"""Many processes at once: one works, none fails, whoever is killed."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from support.depth import depth
from support.many_processes import race, write_history

PROCESSES = depth().processes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def folder(tmp_path):
    return write_history(tmp_path)


@pytest.mark.parametrize("start", ["empty", "half way", "worker killed"])
async def test_many_at_once(folder, database_url, start):
    if start == "half way":
        await Migrator(database_url, script_location=folder).upgrade("m1")
    result = await race(database_url, folder, PROCESSES, kill=start == "worker killed")
    assert result.good, result
    assert result.locks_left == 0
