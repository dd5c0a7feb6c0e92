"""A server shows what each rule claims: the bad example does it, and the good one does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from asyncmig.lint.example import ROWS, TABLES
from asyncmig.lint.rule import all_rules
from asyncmig.locks.modes import LockMode
from scripts.servers import NPM_VERSIONS, started
from support.observed_sql import observed_database

if TYPE_CHECKING:
    from asyncmig.lint.example import Claim, Examples
    from support.observed_sql import ObservedDatabase, ObservedTransaction

EXAMPLES = {name: rule.examples for name, rule in all_rules().items() if rule.examples is not None}


async def run(
    database: ObservedDatabase, examples: Examples, texts: tuple[str, ...]
) -> tuple[list[ObservedTransaction], bool]:
    """Run an example on tables with rows; what each transaction did, and what ``between`` showed."""
    await database.connection.execute(TABLES + examples.setup)
    await database.connection.execute(ROWS + examples.rows)
    claim = examples.claim
    seen = []
    between = False
    for number, text in enumerate(texts):
        seen.append(await database.run(text, roll_back=claim.rolled_back))
        if number == 0 and claim.between is not None:
            between = await database.shows(claim.between)
    return seen, between


def does(claim: Claim, seen: ObservedTransaction, *, exactly: bool) -> bool:
    """Whether a transaction holds all locks of the claim while it makes the scans and rewrites."""
    for name, mode in claim.locks.items():
        held = seen.locks.get(name)
        if held is None or held.rank < LockMode(mode).rank:
            return False
        if exactly and held is not LockMode(mode):
            return False
    return {*claim.scans} <= seen.scans and {*claim.rewrites} <= seen.rewrites


async def bad_does_what_the_rule_claims(name: str, url: str) -> None:
    examples = EXAMPLES[name]
    claim = examples.claim
    async with observed_database(url) as database:
        seen, between = await run(database, examples, examples.bad)
        if claim.error is not None:
            assert claim.error in {each.error for each in seen}, name
        else:
            assert [each.error for each in seen] == [None] * len(seen), name
        if claim.locks or claim.scans or claim.rewrites:
            assert any(does(claim, each, exactly=True) for each in seen), (name, seen)
        if claim.breaks is not None:
            assert await database.fails(claim.breaks), name
        if claim.shows is not None:
            assert await database.shows(claim.shows), name
        assert between is (claim.between is not None), name


async def good_does_not(name: str, url: str) -> None:
    examples = EXAMPLES[name]
    claim = examples.claim
    async with observed_database(url) as database:
        seen, between = await run(database, examples, examples.good)
        assert [each.error for each in seen] == [None] * len(seen), name
        if claim.scans or claim.rewrites or (claim.locks and not (claim.breaks or claim.shows)):
            assert not any(does(claim, each, exactly=False) for each in seen), (name, seen)
        if claim.breaks is not None:
            assert not await database.fails(claim.breaks), name
        if claim.shows is not None:
            assert not await database.shows(claim.shows), name
        assert not between, name


@pytest.mark.cells(16)
@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_bad_example_does_what_the_rule_claims(name, database_url):
    await bad_does_what_the_rule_claims(name, database_url)


@pytest.mark.cells(12)
@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_good_example_does_not(name, database_url):
    await good_does_not(name, database_url)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("major", sorted(NPM_VERSIONS))
async def test_the_examples_on_each_version(major):
    async with started(major) as server:
        admin = await asyncpg.connect(server.url)
        try:
            for name in EXAMPLES:
                for number, check in enumerate((bad_does_what_the_rule_claims, good_does_not)):
                    database = f"{name}-{number}"
                    await admin.execute(f'CREATE DATABASE "{database}"')
                    url = make_url(server.url).set(database=database)
                    await check(name, url.render_as_string(hide_password=False))
                    await admin.execute(f'DROP DATABASE "{database}"')
        finally:
            await admin.close()
