"""The demo: three copies of a service start at once on an empty PostgreSQL, and one of them migrates.

Everything is real: a private PostgreSQL, the example service under uvicorn, the command line. Every
claim is checked; the first that does not hold ends the demo with exit code 1. Nothing is left behind.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
from contextlib import AsyncExitStack
from textwrap import fill
from typing import TYPE_CHECKING, Any

import anyio
import httpx
from demo_stage import ROOT, SERVICE, BrokenPromiseError, Copy, Shell, Stage

from asyncmig import embedded
from asyncmig.errors import AsyncmigError

if TYPE_CHECKING:
    from collections.abc import Iterator

COPIES = 3
BOOKKEEPING = ("alembic_version", "asyncmig_journal")


async def catalogs(server: embedded.EmbeddedServer) -> str:
    """The schema as pg_dump writes it, without the tables that every migrated database keeps."""
    finished = await anyio.run_process(
        [
            str(server.bin / "pg_dump"), f"--dbname={server.url}", "--schema-only",
            *(f"--exclude-table=*.{table}*" for table in BOOKKEEPING),
        ]
    )  # fmt: skip
    # Newer versions put a random key in these lines.
    return re.sub(r"(?m)^\\(un)?restrict.*\n", "", finished.stdout.decode())


async def play(stage: Stage) -> None:
    """The demo."""
    async with AsyncExitStack() as stack:
        stage.section("PostgreSQL", "A private PostgreSQL, from a wheel")
        began = time.monotonic()
        server = await stack.enter_async_context(embedded.server(tcp=True))
        stage.say(
            f"PostgreSQL {server.version} took {time.monotonic() - began:.1f} s to start. It is empty."
        )
        stage.say(f"The commands below are typed in {SERVICE.relative_to(ROOT)}.")
        shell = Shell(stage, server.url)
        empty = await catalogs(server)

        stage.section("plan", "What an upgrade would do, before anything runs")
        revisions = await show_plan(stage, shell)

        stage.section("start", "Three copies of the service start at once on the empty database")
        copies = await stack.enter_async_context(shell.copies(COPIES))
        await show_start(stage, shell, copies, revisions)

        stage.section("serve", "They serve")
        await call_endpoints(stage, copies)

        stage.section("down, up", "All the way down and up again, while the copies run")
        await go_down_and_up(stage, shell, server, copies, empty)

        stage.section("journal", "Where it stands, and how it came to be")
        await show_journal(stage, shell, revisions)

        stage.section("clean up", "Leaving")
        processes = [copy.process.pid for copy in copies]
        data = server.data_dir
        stage.say("The copies get a SIGTERM, PostgreSQL a shutdown.")
    left = [pid for pid in processes if _alive(pid)]
    stage.hold(f"no process of the {COPIES} copies is left", not left, left)
    stage.hold("PostgreSQL and its files are gone", not data.exists(), str(data))


async def show_plan(stage: Stage, shell: Shell) -> list[str]:
    """The phases of all steps, and one step in full; gives the revisions in their order."""
    await shell.show("asyncmig plan | grep -Ev '^ {4}|^$'  # steps and phases, no statements")
    await shell.show("asyncmig plan 0010 --from 0009  # one step in full")
    plan = await shell.json("asyncmig plan")
    steps = plan["steps"]
    kinds = [phase["kind"] for step in steps for phase in step["phases"]]
    stage.hold(
        f"{len(steps)} revisions are planned, from an empty database to {plan['heads'][0]}",
        len(steps) == len(list((SERVICE / "migrations" / "versions").glob("0*"))),
        len(steps),
    )
    stage.hold(
        f"{kinds.count('autocommit')} phases cannot run in a transaction, and were found",
        kinds.count("autocommit") > 0,
    )
    return [step["revision"] for step in steps]


async def show_start(stage: Stage, shell: Shell, copies: list[Copy], revisions: list[str]) -> None:
    """Who of them migrated, by their own logs and by the journal."""
    for copy in copies:
        for line in copy.log:
            stage.say(f"copy {copy.number} | {line}")
    stage.say()
    await shell.show("asyncmig log --limit 4")
    entries = (await shell.json("asyncmig log"))["entries"]
    migrators = {entry["pid"] for entry in entries}
    who = [copy.number for copy in copies if copy.process.pid in migrators]
    stage.hold(
        f"one copy migrated, all the way: copy {who[0] if who else '?'}",
        len(migrators) == 1 and len(who) == 1,
        sorted(migrators),
    )
    hold_journal(stage, entries, revisions, {"upgrade": 1})


def hold_journal(
    stage: Stage, entries: list[dict[str, Any]], revisions: list[str], times: dict[str, int]
) -> None:
    """Check how often each revision ran in each direction."""
    stage.hold(
        f"{len(entries)} rows in the journal, each of them done",
        all(entry["state"] == "done" for entry in entries),
    )
    for direction, expected in times.items():
        runs: dict[str, list[str]] = {revision: [] for revision in revisions}
        for entry in entries:
            if entry["direction"] == direction and entry["phase"] == 0:
                runs[entry["revision"]].append(entry["run"])
        odd = {revision: len(found) for revision, found in runs.items() if len(found) != expected}
        often = {1: "exactly once", 2: "exactly twice"}[expected]
        stage.hold(f"each of the {len(revisions)} revisions ran {direction} {often}", not odd, odd)


async def call_endpoints(stage: Stage, copies: list[Copy]) -> None:
    """One request to each copy, and the health of all."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        first, second, third = (copy.url for copy in copies)
        found = await request(stage, client, "GET", f"{first}/performances?q=mozart", 200)
        evening = found[0]
        wish = {
            "performance_id": evening["id"],
            "seats": 2,
            "email": "Ada@example.org",
            "name": "Ada Lovelace",
        }
        booked = await request(stage, client, "POST", f"{second}/bookings", 201, wish)
        again = await request(stage, client, "GET", f"{third}/bookings/{booked['number']}", 200)
        stage.hold("the third copy knows what the second sold", again == booked, again)
        left = (await client.get(f"{first}/performances?q=mozart")).json()[0]["seats_left"]
        stage.hold(
            f"{evening['seats_left']} seats less 2 are {left}",
            left == evening["seats_left"] - 2,
            left,
        )
        await hold_health(stage, client, copies, 200, "current")


async def request(
    stage: Stage,
    client: httpx.AsyncClient,
    method: str,
    url: str,
    expected: int,
    body: object = None,
) -> Any:
    """Make a request in sight of the audience."""
    answer = await client.request(method, url, json=body)
    document = answer.json()
    stage.say(stage.style(f"{method} {url}", "1"))
    width = shutil.get_terminal_size((100, 0)).columns
    for arrow, content in (("->", body), ("<-", document)):
        if content is not None:
            text = json.dumps(content, ensure_ascii=False)
            stage.say(fill(text, width, initial_indent=f"  {arrow} ", subsequent_indent="     "))
    stage.say()
    if answer.status_code != expected:
        raise BrokenPromiseError(f"{method} {url} answered {answer.status_code}, not {expected}")
    return document


async def hold_health(
    stage: Stage, client: httpx.AsyncClient, copies: list[Copy], code: int, state: str
) -> None:
    """Check what all copies say of the schema."""
    answers = [await client.get(f"{copy.url}/health") for copy in copies]
    found = {(answer.status_code, answer.json()["schema"]) for answer in answers}
    stage.hold(
        f"/health of all {len(copies)} copies: {code}, schema {state}",
        found == {(code, state)},
        found,
    )


async def go_down_and_up(
    stage: Stage, shell: Shell, server: embedded.EmbeddedServer, copies: list[Copy], empty: str
) -> None:
    """Base leaves nothing behind, and the second upgrade gives the catalogs of the first."""
    head = await catalogs(server)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        await shell.show("asyncmig downgrade base")
        base = await catalogs(server)
        stage.hold("at base the catalogs are those of an empty database", base == empty, base)
        await hold_health(stage, client, copies, 503, "empty")
        stage.say()
        await shell.show("asyncmig upgrade")
        stage.hold(
            f"the catalogs are those of the first upgrade, all {len(head.splitlines())} lines",
            await catalogs(server) == head,
        )
        await hold_health(stage, client, copies, 200, "current")
        answers = [await client.get(f"{copy.url}/performances") for copy in copies]
        stage.hold(
            "all copies serve again",
            all(answer.status_code == 200 and answer.json() for answer in answers),
            answers,
        )


async def show_journal(stage: Stage, shell: Shell, revisions: list[str]) -> None:
    """What the command line says of it all."""
    await shell.show("asyncmig current")
    await shell.show("asyncmig log --limit 12")
    current = await shell.json("asyncmig current")
    stage.hold("the database is at the head", current["heads"] == revisions[-1:], current["heads"])
    entries = (await shell.json("asyncmig log"))["entries"]
    hold_journal(stage, entries, revisions, {"upgrade": 2, "downgrade": 1})


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> int:
    """Play, and say how it went by the exit code: 0, 1, or 130 when it was interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    stage = Stage()
    try:
        anyio.run(play, stage)
    except KeyboardInterrupt:
        stage.say("\ninterrupted; nothing is left running")
        return 130
    except (BaseExceptionGroup, BrokenPromiseError, AsyncmigError) as failure:
        if not (told := list(_causes(failure))):
            raise
        for error in told:
            stage.say(f"{stage.style('NO', '1;31')}  {error}")
        return 1
    total = time.monotonic() - stage.began
    done = stage.style("done", "1;32")
    stage.say(f"\n{done} in {total:.1f} s, {stage.checks} promises kept: {stage.timings()}")
    return 0


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """What went wrong, out of the groups that tasks wrap around it."""
    if isinstance(failure, BaseExceptionGroup):
        for inner in failure.exceptions:
            yield from _causes(inner)
    elif isinstance(failure, BrokenPromiseError | AsyncmigError):
        yield failure


if __name__ == "__main__":
    sys.exit(main())
