"""The demo: three replicas of a service start at once on an empty PostgreSQL, and one of them migrates.

It uses a private PostgreSQL, the example service under uvicorn, and the command line. Every claim is
checked; the first that fails ends the demo with exit code 1. It leaves no process and no file behind.
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
from demo_runner import ROOT, SERVICE, CheckFailedError, Replica, Report, Shell

from asyncmig import embedded
from asyncmig.errors import AsyncmigError

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLICAS = 3
BOOKKEEPING = ("alembic_version", "asyncmig_journal")


async def catalogs(server: embedded.EmbeddedServer) -> str:
    """The schema as pg_dump writes it, without the tables of asyncmig."""
    finished = await anyio.run_process(
        [
            str(server.bin / "pg_dump"), f"--dbname={server.url}", "--schema-only",
            *(f"--exclude-table=*.{table}*" for table in BOOKKEEPING),
        ]
    )  # fmt: skip
    # Newer versions put a random key in these lines.
    return re.sub(r"(?m)^\\(un)?restrict.*\n", "", finished.stdout.decode())


async def run_demo(report: Report) -> None:
    """Run all sections of the demo."""
    async with AsyncExitStack() as stack:
        report.section("PostgreSQL", "Start a private PostgreSQL from a wheel")
        began = time.monotonic()
        server = await stack.enter_async_context(embedded.server(tcp=True))
        report.write(
            f"PostgreSQL {server.version} started in {time.monotonic() - began:.1f} s. It is empty."
        )
        report.write(f"The commands below run in {SERVICE.relative_to(ROOT)}.")
        shell = Shell(report, server.url)
        empty = await catalogs(server)

        report.section("plan", "Show the plan, before anything runs")
        revisions = await show_plan(report, shell)

        report.section("start", "Start three replicas of the service at once on the empty database")
        replicas = await stack.enter_async_context(shell.replicas(REPLICAS))
        await show_start(report, shell, replicas, revisions)

        report.section("serve", "Send requests to the replicas")
        await call_endpoints(report, replicas)

        report.section("down, up", "Downgrade to base and upgrade again, while the replicas run")
        await downgrade_and_upgrade(report, shell, server, replicas, empty)

        report.section("journal", "Show the current revision and the journal")
        await show_journal(report, shell, revisions)

        report.section("clean up", "Clean up")
        processes = [replica.process.pid for replica in replicas]
        data = server.data_dir
        report.write("Send SIGTERM to the replicas and shut PostgreSQL down.")
    left = [pid for pid in processes if _alive(pid)]
    report.check(f"no process of the {REPLICAS} replicas is running", not left, left)
    report.check("PostgreSQL has stopped, and its files are deleted", not data.exists(), str(data))


async def show_plan(report: Report, shell: Shell) -> list[str]:
    """Show the phases of all steps, and one step in full; return the revisions in order."""
    await shell.show("asyncmig plan | grep -Ev '^ {4}|^$'  # steps and phases, no statements")
    await shell.show("asyncmig plan 0010 --from 0009  # one step in full")
    plan = await shell.json("asyncmig plan")
    steps = plan["steps"]
    kinds = [phase["kind"] for step in steps for phase in step["phases"]]
    report.check(
        f"the plan has {len(steps)} revisions, from an empty database to {plan['heads'][0]}",
        len(steps) == len(list((SERVICE / "migrations" / "versions").glob("0*"))),
        len(steps),
    )
    report.check(
        f"{kinds.count('autocommit')} phases that cannot run in a transaction were detected",
        kinds.count("autocommit") > 0,
    )
    return [step["revision"] for step in steps]


async def show_start(
    report: Report, shell: Shell, replicas: list[Replica], revisions: list[str]
) -> None:
    """Show which replica migrated, by the logs and by the journal."""
    for replica in replicas:
        for line in replica.log:
            report.write(f"replica {replica.number} | {line}")
    report.write()
    await shell.show("asyncmig log --limit 4")
    entries = (await shell.json("asyncmig log"))["entries"]
    migrators = {entry["pid"] for entry in entries}
    who = [replica.number for replica in replicas if replica.process.pid in migrators]
    report.check(
        f"exactly one replica migrated: replica {who[0] if who else '?'}",
        len(migrators) == 1 and len(who) == 1,
        sorted(migrators),
    )
    check_journal(report, entries, revisions, {"upgrade": 1})


def check_journal(
    report: Report, entries: list[dict[str, Any]], revisions: list[str], times: dict[str, int]
) -> None:
    """Check how often each revision ran in each direction."""
    report.check(
        f"the journal has {len(entries)} rows, all of them done",
        all(entry["state"] == "done" for entry in entries),
    )
    for direction, expected in times.items():
        runs: dict[str, list[str]] = {revision: [] for revision in revisions}
        for entry in entries:
            if entry["direction"] == direction and entry["phase"] == 0:
                runs[entry["revision"]].append(entry["run"])
        odd = {revision: len(found) for revision, found in runs.items() if len(found) != expected}
        often = {1: "exactly once", 2: "exactly twice"}[expected]
        report.check(
            f"each of the {len(revisions)} revisions ran {direction} {often}", not odd, odd
        )


async def call_endpoints(report: Report, replicas: list[Replica]) -> None:
    """Send one request to each replica, and check the health of all."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        first, second, third = (replica.url for replica in replicas)
        found = await request(report, client, "GET", f"{first}/performances?q=mozart", 200)
        evening = found[0]
        wish = {
            "performance_id": evening["id"],
            "seats": 2,
            "email": "Ada@example.org",
            "name": "Ada Lovelace",
        }
        booked = await request(report, client, "POST", f"{second}/bookings", 201, wish)
        again = await request(report, client, "GET", f"{third}/bookings/{booked['number']}", 200)
        report.check(
            "the third replica returns the booking made by the second", again == booked, again
        )
        left = (await client.get(f"{first}/performances?q=mozart")).json()[0]["seats_left"]
        report.check(
            f"2 of {evening['seats_left']} seats are sold, {left} are left",
            left == evening["seats_left"] - 2,
            left,
        )
        await check_health(report, client, replicas, 200, "current")


async def request(
    report: Report,
    client: httpx.AsyncClient,
    method: str,
    url: str,
    expected: int,
    body: object = None,
) -> Any:
    """Send a request, and show it with its response."""
    answer = await client.request(method, url, json=body)
    document = answer.json()
    report.write(report.style(f"{method} {url}", "1"))
    width = shutil.get_terminal_size((100, 0)).columns
    for arrow, content in (("->", body), ("<-", document)):
        if content is not None:
            text = json.dumps(content, ensure_ascii=False)
            report.write(fill(text, width, initial_indent=f"  {arrow} ", subsequent_indent="     "))
    report.write()
    if answer.status_code != expected:
        raise CheckFailedError(f"{method} {url} returned {answer.status_code}, not {expected}")
    return document


async def check_health(
    report: Report, client: httpx.AsyncClient, replicas: list[Replica], code: int, state: str
) -> None:
    """Check the health endpoint of all replicas."""
    answers = [await client.get(f"{replica.url}/health") for replica in replicas]
    found = {(answer.status_code, answer.json()["schema"]) for answer in answers}
    report.check(
        f"/health of all {len(replicas)} replicas: {code}, schema {state}",
        found == {(code, state)},
        found,
    )


async def downgrade_and_upgrade(
    report: Report,
    shell: Shell,
    server: embedded.EmbeddedServer,
    replicas: list[Replica],
    empty: str,
) -> None:
    """Check that base is empty, and that the second upgrade restores the catalogs of the first."""
    head = await catalogs(server)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        await shell.show("asyncmig downgrade base")
        base = await catalogs(server)
        report.check("at base the catalogs equal those of an empty database", base == empty, base)
        await check_health(report, client, replicas, 503, "empty")
        report.write()
        await shell.show("asyncmig upgrade")
        report.check(
            f"the catalogs equal those of the first upgrade, all {len(head.splitlines())} lines",
            await catalogs(server) == head,
        )
        await check_health(report, client, replicas, 200, "current")
        answers = [await client.get(f"{replica.url}/performances") for replica in replicas]
        report.check(
            "all replicas serve again",
            all(answer.status_code == 200 and answer.json() for answer in answers),
            answers,
        )


async def show_journal(report: Report, shell: Shell, revisions: list[str]) -> None:
    """Show the current revision and the journal on the command line."""
    await shell.show("asyncmig current")
    await shell.show("asyncmig log --limit 12")
    current = await shell.json("asyncmig current")
    report.check("the database is at head", current["heads"] == revisions[-1:], current["heads"])
    entries = (await shell.json("asyncmig log"))["entries"]
    check_journal(report, entries, revisions, {"upgrade": 2, "downgrade": 1})


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> int:
    """Run the demo. The exit code is 0, 1 after a failed check, or 130 after an interrupt."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    report = Report()
    try:
        anyio.run(run_demo, report)
    except KeyboardInterrupt:
        report.write("\ninterrupted; all processes have ended")
        return 130
    except (BaseExceptionGroup, CheckFailedError, AsyncmigError) as failure:
        if not (causes := list(_causes(failure))):
            raise
        for error in causes:
            report.write(f"{report.style('FAILED', '1;31')}  {error}")
        return 1
    total = time.monotonic() - report.began
    done = report.style("done", "1;32")
    report.write(f"\n{done} in {total:.1f} s, {report.checks} checks passed: {report.timings()}")
    return 0


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The errors inside the exception groups of tasks."""
    if isinstance(failure, BaseExceptionGroup):
        for inner in failure.exceptions:
            yield from _causes(inner)
    elif isinstance(failure, CheckFailedError | AsyncmigError):
        yield failure


if __name__ == "__main__":
    sys.exit(main())
