"""The proxy in front of a real server, with each driver that the benchmarks use."""

from __future__ import annotations

import asyncpg
import psycopg2

from benchmarks.proxy import latency_proxy


def test_psycopg2_needs_one_round_trip_a_statement(database_url):
    with latency_proxy(database_url) as proxy:
        connection = psycopg2.connect(proxy.url)
        connection.autocommit = True
        proxy.reset()
        with connection.cursor() as cursor:
            cursor.execute("select 1")
            cursor.execute("select 2")
        connection.close()
    assert [(trip.messages, trip.text) for trip in proxy.round_trips] == [
        (["Q"], "select 1"),
        (["Q"], "select 2"),
    ]


async def test_a_simple_query_of_two_megabytes_is_one_round_trip(database_url):
    with latency_proxy(database_url) as proxy:
        connection = await asyncpg.connect(proxy.url)
        try:
            proxy.reset()
            await connection.execute(
                f"begin; do $$ begin raise notice 'x'; end $$; select '{'x' * 2_000_000}'; commit"
            )
            assert len(proxy.round_trips) == 1, proxy.describe()
            assert proxy.round_trips[0].size > 2_000_000
        finally:
            await connection.close()
    assert len(proxy.round_trips) == 1, "the farewell is no round trip"


async def test_a_prepared_statement_is_seen_as_its_parts(database_url):
    with latency_proxy(database_url, round_trip=0.02) as proxy:
        connection = await asyncpg.connect(proxy.url)
        try:
            proxy.reset()
            assert await connection.fetchval("select $1::int", 7) == 7
            assert ["P" in trip.messages for trip in proxy.round_trips] == [True, False]
            assert all(trip.seconds >= 0.0195 for trip in proxy.round_trips)
        finally:
            await connection.close()
