"""A statement that fails at every position of every kind of phase, in both directions.

The message, ``status``, ``log``, the exit code and the JSON documents are compared with one another, and
with what pg_dump shows of the database: what they say is committed is what is there. Then the script is
mended, and the next run must end as if nothing had failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent
from typing import TYPE_CHECKING

import asyncpg
import pytest

from asyncmig import Migrator
from fix_database import catalog_dump
from support.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fix_database import MakeDatabase
    from fix_project import Project
    from support.command import Forks

    MakeMigrator = Callable[["Case"], Migrator]

BASE = """\
CREATE TABLE t (i int, w text);
INSERT INTO t VALUES (1, 'x'), (2, 'x');
CREATE TABLE parent (i int) PARTITION BY LIST (i);
CREATE TABLE child PARTITION OF parent FOR VALUES IN (1);
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
BEGIN INSERT INTO t VALUES (3, 'y'); COMMIT; END $$;
CREATE PROCEDURE spoil() LANGUAGE plpgsql AS $$
BEGIN INSERT INTO t VALUES (4, 'z'); COMMIT; RAISE EXCEPTION 'spoiled'; END $$;
"""

TRANSACTION = [("transaction", ["CREATE TABLE a (i int)", "INSERT INTO a VALUES (1)", "ANALYZE a"])]
AUTOCOMMIT = [
    (
        "autocommit",
        [
            "CREATE INDEX CONCURRENTLY t_i ON t (i)",
            "CREATE TABLE b (i int)",
            "CALL fill()",
            "ALTER TABLE parent DETACH PARTITION child CONCURRENTLY",
        ],
    )
]
SEVERAL = [
    ("transaction", ["CREATE TABLE a (i int)", "INSERT INTO a VALUES (1)"]),
    ("autocommit", ["CREATE INDEX CONCURRENTLY a_i ON a (i)", "VACUUM t"]),
    ("transaction", ["ALTER TABLE a ADD j int", "UPDATE a SET j = 1"]),
    ("autocommit", ["REINDEX TABLE CONCURRENTLY t"]),
    ("transaction", ["CREATE TABLE c (i int)"]),
]
PHASES = {"transaction": TRANSACTION, "autocommit": AUTOCOMMIT, "several": SEVERAL}

FAILING = {
    "transaction": "SELECT 1 / 0",
    "autocommit": "REINDEX INDEX CONCURRENTLY missing",
}
INVALID_INDEX = "CREATE UNIQUE INDEX CONCURRENTLY t_w ON t (w)"
PROCEDURE = "CALL spoil()"


@dataclass(frozen=True)
class Case:
    """One script, and where it fails.

    Attributes:
        phases: name in ``PHASES``.
        form: of the script: directives, SQL, or one that reads.
        direction: in which it runs.
        phase, statement: where it fails, from 0.
        failing: the statement that fails.
        together: all revisions share a transaction.
    """

    phases: str
    form: str
    direction: str
    phase: int
    statement: int
    failing: str
    together: bool = False

    def __str__(self) -> str:
        words = [self.phases, self.form, self.direction, f"{self.phase + 1}.{self.statement + 1}"]
        words += {FAILING[self.kind]: [], INVALID_INDEX: ["index"], PROCEDURE: ["procedure"]}[
            self.failing
        ]
        return "-".join([*words, *(["together"] if self.together else [])])

    @property
    def target(self) -> str:
        """Of the command that fails."""
        return "head" if self.direction == "upgrade" else "a1"

    @property
    def counted(self) -> tuple[int, int]:
        """The phase and the statement as asyncmig counts them.

        What a script itself sends outside a transaction is a phase of its own.
        """
        if self.form != "bind":
            return self.phase, self.statement
        earlier = PHASES[self.phases][: self.phase]
        phases = sum(len(own) if kind == "autocommit" else 1 for kind, own in earlier)
        own = (self.statement, 0) if self.kind == "autocommit" else (0, self.statement)
        return phases + own[0], own[1]

    @property
    def kind(self) -> str:
        """Of the phase in which it fails."""
        return PHASES[self.phases][self.phase][0]

    def script(self, failing: str | None) -> list[tuple[str, list[str]]]:
        """The phases with a statement before which everything has run; None is the mended script."""
        found = [(kind, list(statements)) for kind, statements in PHASES[self.phases]]
        if failing is not None:
            found[self.phase][1].insert(self.statement, failing)
        return found


FORMS = {
    "transaction": ["directives", "sql", "sync", "async", "bind"],
    "autocommit": ["directives", "sql", "bind"],
    "several": ["directives", "sql", "sync", "bind"],
}


def cases() -> Iterator[Case]:
    for name, phases in PHASES.items():
        ways = [(form, "upgrade") for form in FORMS[name]] + [("directives", "downgrade")]
        for form, direction in ways:
            for phase, (kind, statements) in enumerate(phases):
                for statement in range(len(statements) + 1):
                    yield Case(name, form, direction, phase, statement, FAILING[kind])
    for form in ("directives", "bind"):
        for statement in range(3):
            for failing in (INVALID_INDEX, PROCEDURE):
                yield Case("autocommit", form, "upgrade", 0, statement, failing)
    for phase, (kind, statements) in enumerate(SEVERAL):
        for statement in range(len(statements) + 1):
            yield Case("several", "directives", "upgrade", phase, statement, FAILING[kind], True)


def body(case: Case, phases: list[tuple[str, list[str]]]) -> str:
    """The function of a Python script."""
    reads = {
        "sync": "op.get_bind().exec_driver_sql('SELECT 1')",
        "async": "await op.fetch('SELECT 1')",
    }
    lines = []
    for kind, statements in phases:
        own = []
        for number, sql in enumerate(statements):
            if number == 1 and case.form in reads and kind == "transaction":
                own.append(reads[case.form])
            if case.form == "bind":
                own.append(f"op.get_bind().exec_driver_sql({sql!r})")
            else:
                own.append(f"op.execute({sql!r})")
        if kind == "autocommit":
            lines += ["with op.autocommit():", indent("\n".join(own), "    ")]
        else:
            lines += own
    return "\n".join(lines)


def write(project: Project, case: Case, failing: str | None) -> None:
    project.sql_revision("a1", upgrade=BASE)
    phases = case.script(failing)
    if case.form == "sql":
        text = ""
        for kind, statements in phases:
            text += f"-- phase: {kind}\n" + "".join(f"{sql};\n" for sql in statements)
        sections = {case.direction: text}
        project.sql_revision("b1", down="a1", **({"downgrade": ""} | sections))
        return
    signature = ("async " if case.form == "async" else "") + "def {name}(op) -> None:"
    sections = {case.direction: body(case, phases)}
    project.revision("b1", down="a1", signature=signature, **sections)


INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"


async def contents(migrator: Migrator) -> str:
    """The database as pg_dump writes it, which passes over invalid indexes, and those."""
    url = migrator.settings.url
    connection = await asyncpg.connect(url)
    invalid = [row[0] for row in await connection.fetch(INVALID)]
    await connection.close()
    return "\n".join([catalog_dump(url, version_table=False, data=True), *invalid])


@pytest.fixture
def make_migrator(project: Project, make_database: MakeDatabase) -> MakeMigrator:
    """Migrators of the project, each with a database of its own."""

    def make(case: Case) -> Migrator:
        together = 'transaction = "all"\n' if case.together else ""
        text = f'script_location = "migrations"\n{together}'
        (project.path / "asyncmig.toml").write_text(text)
        return Migrator(
            make_database(),
            script_location=project.script_location,
            transaction="all" if case.together else "revision",
        )

    return make


@pytest.fixture(scope="session")
def undisturbed() -> dict[str, str]:
    """Dumps of databases in which nothing has failed, by what ran."""
    return {}


async def expected(
    case: Case, undisturbed: dict[str, str], project: Project, migrator: Migrator
) -> str:
    """The database to which the mended script leads; the scripts of all forms do the same."""
    if case.phases not in undisturbed:
        write(project, case, None)
        await migrator.upgrade()
        await run(migrator, case)
        undisturbed[case.phases] = await contents(migrator)
    return undisturbed[case.phases]


async def run(migrator: Migrator, case: Case) -> None:
    """Run the command that fails."""
    await getattr(migrator, case.direction)(case.target)


@pytest.mark.cells(5)
@pytest.mark.parametrize("case", list(cases()), ids=str)
async def test_what_is_said_of_a_failure(
    case: Case,
    project: Project,
    make_migrator: MakeMigrator,
    forks: Forks | None,
    undisturbed: dict[str, str],
) -> None:
    wanted = await expected(case, undisturbed, project, make_migrator(case))
    write(project, case, case.failing)
    migrator = make_migrator(case)
    await migrator.upgrade("a1" if case.direction == "upgrade" else "head")
    before = await contents(migrator)
    plan = (await migrator.plan(case.target, direction=case.direction)).to_dict()
    step = plan["steps"][-1]
    command = Command(project.path, migrator.settings.url, forks)

    failed = command(case.direction, case.target, "--json")
    error, after = failed.error, await contents(migrator)
    fields, hint = error["fields"], error["hint"]
    status = command("status", "--json").document
    row = command("log", "--json").document["entries"][0]

    # where: a plan has the statements of a script that does not read
    phase, statement = case.counted
    assert (fields["revision"], fields["direction"]) == ("b1", case.direction)
    assert fields["phase"] == phase
    if not step["live"]:
        statements = step["phases"][phase]["statements"]
        assert statements[fields["statement"]]["sql"] == case.failing == fields["sql"]
        assert statements[fields["statement"]]["origin"] == fields["origin"]
    # what is left
    changed = after != before
    assert failed.code == (5 if changed else 1), (failed.code, hint)
    assert (error["type"] == "PartiallyAppliedError") is changed
    assert ("nothing of b1 was kept" in hint) is not changed, hint
    assert ("t_w" in hint) is (case.failing == INVALID_INDEX), hint
    assert ("what it committed before the error remains" in hint) is (case.failing == PROCEDURE)
    # status
    state = "partial" if changed else "pending" if case.direction == "upgrade" else "current"
    assert status["state"] == state
    assert [(entry["revision"], entry["direction"]) for entry in status["partial"]] == (
        [("b1", case.direction)] if changed else []
    )
    for entry in status["partial"]:
        assert (entry["phase"], entry["kind"]) == (phase, case.kind)
        assert entry["statement"] == (statement if case.kind == "autocommit" else 0)
    # the journal
    assert (row["revision"], row["direction"], row["state"]) == ("b1", case.direction, "failed")
    assert (row["phase"], row["kind"], row["final"]) == (phase, case.kind, not changed)
    assert row["error"] in error["message"]
    assert row["finished_at"] >= row["started_at"]

    # again, in words: the same
    if case.failing != PROCEDURE:
        again = command(case.direction, case.target)
        assert again.code == failed.code
        assert error["hint"].rpartition("; ")[2] in again.err
        number = f"phase {phase + 1}"
        if changed and case.kind == "autocommit":
            number += f", statement {statement + 1}"
        assert (number in command("status").out) is changed
        assert f"  phase       {phase + 1}" in again.err or step["live"]
    # and once the script is mended
    write(project, case, None)
    if case.failing == PROCEDURE:
        await migrator.resolve("b1", "retry")
    await run(migrator, case)
    assert (await migrator.status()).partial == ()
    if case.failing == INVALID_INDEX:
        wanted += "\nt_w"  # the script does not build it any more
    if case.failing != PROCEDURE:
        assert await contents(migrator) == wanted
