"""The table of facts against servers."""

from __future__ import annotations

import json

import pytest

from lock_cases import CASES
from lock_cases.measure import measure
from scripts.lock_facts import DATA
from scripts.servers import NPM_VERSIONS, started

TABLE = json.loads(DATA.read_text())


def expected(major: int) -> dict[str, dict[str, object]]:
    return {
        key: {name: value for name, value in facts.items() if name != "versions"}
        for key, entry in TABLE.items()
        for facts in entry["facts"]
        if major in facts["versions"]
    }


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_facts_of_this_server(database_url):
    major, found = await measure(database_url, CASES)
    assert found == expected(major)


@pytest.mark.slow
@pytest.mark.parametrize("major", sorted(NPM_VERSIONS))
async def test_the_facts_of_each_version(major):
    async with started(major) as server:
        assert await measure(server.url, CASES) == (major, expected(major))
