"""Passwords in statements and URLs are in no output of any command."""

import re

import pytest

from fix_project import Project
from support.command import Command

SECRET = "Tr0ub4dor-xyz"
STATEMENTS = (
    f"ALTER ROLE nobody_of_this_name PASSWORD '{SECRET}'",
    f"DO $$ BEGIN EXECUTE 'ALTER ROLE nobody_of_this_name PASSWORD ''{SECRET}'''; END $$",
    f"CREATE USER MAPPING FOR CURRENT_USER SERVER no_such_server OPTIONS (password '{SECRET}')",
    f"ALTER SUBSCRIPTION no_such CONNECTION 'host=127.0.0.1 password={SECRET}'",
    f"SELECT dblink_connect('postgresql://u:{SECRET}@127.0.0.1/d')",
    f"SELECT no_such_function(password => '{SECRET}')",
    f"ALTER ROLE CURRENT_USER PASSWORD '{SECRET}' NONSENSE",
)
COMMANDS = (
    "plan",
    "plan --json",
    "upgrade",
    "upgrade --json",
    "upgrade --raiseerr",
    "status --json",
    "log --json",
    "show head --plan --json",
    "deploy --dry-run",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_that_fails(
    database_command: Command, project: Project, statement: str
) -> None:
    project.revision("aaaa", upgrade=f"op.execute({statement!r})")
    shown = 0
    for line in COMMANDS:
        outcome = database_command(*line.split())
        text = outcome.out + outcome.err
        shown += "***" in text
        # a traceback shows the line of the script that the user wrote
        without_source = re.sub(r"(?m)^ *op\.execute\(.*$", "", text)
        assert SECRET not in without_source, line
    assert shown >= 5  # the statement was there, without its secret


def test_a_statement_that_runs(database_command: Command, project: Project) -> None:
    project.revision(
        "aaaa", upgrade=f"op.execute(\"SELECT set_config('app.x', 'password={SECRET}', false)\")"
    )
    for line in ("plan --json", "upgrade --json --progress", "log --json", "status --json"):
        outcome = database_command(*line.split())
        assert SECRET not in outcome.out + outcome.err, line


def test_offline_sql_is_the_exception_and_says_so(
    database_command: Command, project: Project
) -> None:
    project.revision("aaaa", upgrade=f"op.execute({STATEMENTS[0]!r})")
    out = database_command("upgrade", "--sql", code=0).out
    assert f"'{SECRET}'" in out
    assert "-- this file holds passwords or keys in plain text" in out
    project.revision("bbbb", down="aaaa", upgrade="op.execute('SELECT 1')")
    assert "plain text" not in database_command("upgrade", "--sql", "aaaa:bbbb", code=0).out
