"""Passwords in statements and URLs are in no output of any command."""

import io
import json
import os
import re
import sys
from urllib.parse import urlsplit

import pytest

from asyncmig_cli.application import run
from asyncmig_cli.commands import COMMANDS as EVERY_COMMAND
from asyncmig_cli.output.console import open_console
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


@pytest.mark.cells(1)
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


LINES: dict[str, tuple[str, ...]] = {
    "init": ("init new",),
    "adopt": ("adopt --dry-run",),
    "list_templates": ("list_templates",),
    "list_plugins": ("list_plugins",),
    "embedded": ("embedded status",),
    "explain": ("explain E0402",),
    "help": ("help upgrade",),
    "revision": ("revision -m one", "revision --autogenerate -m two"),
    "merge": ("merge heads -m both",),
    "edit": ("edit head",),
    "validate": ("validate",),
    "heads": ("heads -v",),
    "branches": ("branches -v",),
    "history": ("history -v", "history --indicate-current"),
    "show": ("show head --plan",),
    "plan": ("plan", "plan --locks"),
    "lint": ("lint", "lint --format sarif"),
    "backfill": ("backfill list", "backfill run --dry-run", "backfill show nothing"),
    "upgrade": ("upgrade",),
    "downgrade": ("downgrade -1",),
    "deploy": ("deploy --dry-run", "deploy --yes"),
    "current": ("current -v",),
    "status": ("status --list",),
    "check": ("check",),
    "log": ("log", "log --locks"),
    "stamp": ("stamp head",),
    "resolve": ("resolve bbbb --forget",),
    "ensure_version": ("ensure_version",),
}
"""Every command, in an order in which each has something to say."""
REACHABLE = ("", " --json", " --raiseerr")


def test_the_table_has_every_command() -> None:
    assert set(LINES) == set(EVERY_COMMAND)


@pytest.mark.slow
@pytest.mark.parametrize("reachable", [True, False])
def test_no_output_of_any_command_has_a_secret(
    database_command: Command, project: Project, database_url: str, reachable: bool
) -> None:
    """Planted in the URL, in a statement that runs, and in one that fails."""
    parts = urlsplit(database_url)
    user, _, host = parts.netloc.rpartition("@")
    password = parts.password or SECRET
    login = f"{user.partition(':')[0] or 'postgres'}:{password}"
    host = host if reachable else "127.0.0.1:1"
    database_command.environ["ASYNCMIG_URL"] = parts._replace(netloc=f"{login}@{host}").geturl()
    (project.path / "models.py").write_text("import sqlalchemy as sa\nmetadata = sa.MetaData()\n")
    (project.path / "asyncmig.toml").write_text(
        'script_location = "migrations"\ntarget_metadata = "models:metadata"\n'
    )
    project.revision("aaaa", upgrade="op.execute('SELECT 1')")
    written = f"CREATE ROLE no_such_role PASSWORD '{SECRET}' NONSENSE"
    project.revision(
        "bbbb",
        down="aaaa",
        upgrade=f"with op.autocommit():\n    op.execute('SELECT 1')\n    op.execute({written!r})",
    )
    said = 0
    for name, lines in LINES.items():
        for line in lines:
            for option in REACHABLE:
                outcome = database_command(*(line + option).split())
                text = outcome.out + outcome.err
                said += bool(text)
                without_source = re.sub(r"(?m)^ *op\.execute\(.*$", "", text)
                for secret in (SECRET, password):
                    assert secret not in without_source, f"{name}: {line}{option}"
    assert said > len(LINES)


def test_values_of_rows_are_not_kept_in_the_journal(
    database_command: Command, project: Project
) -> None:
    project.revision("aaaa", upgrade="op.execute('CREATE TABLE t (mail text)')")
    project.revision(
        "bbbb",
        down="aaaa",
        upgrade="""
            op.execute("INSERT INTO t VALUES ('someone@example.org'), ('someone@example.org')")
            with op.autocommit():
                op.execute("CREATE UNIQUE INDEX CONCURRENTLY t_mail ON t (mail)")
        """,
    )
    failed = database_command("upgrade")
    assert "someone@example.org" in failed.err  # for the person who repairs it
    log = database_command("log", "--json", code=0)
    assert "could not create unique index" in log.out
    assert "someone@example.org" not in log.out
    assert json.loads(log.out)


LOOK = """
import sys, threading

main = threading.main_thread().ident
found = []

def look():
    for frame in (sys._current_frames()[main], outer):
        while frame is not None:
            for name, value in list(frame.f_locals.items()):
                if {secret!r} in repr(value):
                    found.append(frame.f_code.co_filename + ": " + name)
            frame = frame.f_back

outer = sys._getframe(1)
thread = threading.Thread(target=look)
thread.start()
thread.join()
op.execute("SELECT 1")
open({path!r}, "w").write("\\n".join(["looked", *found]))
"""


def test_no_variable_of_a_frame_shows_a_password_while_a_script_runs(
    database_command: Command, project: Project, database_url: str
) -> None:
    parts = urlsplit(database_url)
    user, _, host = parts.netloc.rpartition("@")
    secret = parts.password or SECRET
    login = f"{user.partition(':')[0] or 'postgres'}:{secret}"
    url = parts._replace(netloc=f"{login}@{host}").geturl()
    found = project.path / "found"
    look = LOOK.format(secret="".join(secret), path=str(found))
    # the script itself must not hold the secret in its own variables
    project.revision(
        "aaaa",
        upgrade=look.replace(repr(secret), f"bytes.fromhex({secret.encode().hex()!r}).decode()"),
    )
    database_command("--url", url, "upgrade", code=0)
    assert found.read_text().splitlines() == ["looked"]


WORD = "Tr0ub4dor%xyz"
PIECES = ("Tr0ub4dor", "b4dor", "dor%x")
"""Parts of it too: a parser may quote the text from the character that it does not understand."""


def _url(rest: str = "127.0.0.1:1/x", *, after: str = "", scheme: str = "postgresql") -> str:
    return f"{scheme}://u:{WORD}{after}@{rest}"


BARE = 'url = "postgresql://u@127.0.0.1:1/x"\n'
CONFIGURATIONS = {
    "port": f'url = "{_url("h:port/x")}"',
    "another database": f'url = "{_url(scheme="mysql")}"',
    "no closing quote": f'url = "{_url()}',
    "no quotes": f"url = {_url()}",
    **{
        f"sign {sign}": f'url = "{_url(after=sign + "1")}"'
        for sign in ("/", "@", "#", "?", "[", " ", "${NOPE}")
    },
    "parameter": f'url = "postgresql://u@127.0.0.1:1/x?password={WORD}&nosuch=1"',
    "misspelled parameter": f'url = "postgresql://u@127.0.0.1:1/x?passwrd={WORD}"',
    "argument": BARE + f'connect_args = {{password = "{WORD}", nosuch = 1}}',
    "misspelled argument": BARE + f'connect_args = {{passwrd = "{WORD}"}}',
    "wrong key": f'urll = "{_url()}"',
    "list": f'url = ["{_url()}"]',
    "table": f'[url]\nx = "{_url()}"',
    "twice": f'url = "{_url()}"\nurl = "{_url()}"',
    "shadow": BARE + f'shadow_url = "{_url("h:port/x")}"',
    "databases": f'[databases.a]\nurl = "{_url("h:port/x")}"',
    "database without a table": f'[databases]\na = "{_url()}"',
    "keywords": f'url = "host=127.0.0.1 port=1 user=u password={WORD}"',
    "keywords with a quote": f"""url = "host=127.0.0.1 port=1 user=u password='{WORD}" """,
    "jdbc": f'url = "jdbc:postgresql://127.0.0.1:1/x?user=u&password={WORD}"',
    "driver": f'url = "{_url(scheme="postgresql+psycopgg")}"',
    "sslmode": f'url = "{_url("127.0.0.1:1/x?sslmode=perhaps")}"',
    "another key": BARE + f'lock_timeout = "{_url()}"',
}
INI_FILES = {
    "percent": f"[alembic]\nscript_location = migrations\nsqlalchemy.url = {_url()}\n",
    "no sign": f"[alembic]\nscript_location = migrations\nsqlalchemy.url {_url()}\n {WORD}\n",
    "no section": f"sqlalchemy.url = {_url()}\n",
    "twice": "[alembic]\nscript_location = migrations\n" + f"sqlalchemy.url = {_url()}\n" * 2,
}
ASKING = ("current", "upgrade --json", "check --raiseerr", "plan --locks", "log --locks", "lint")


@pytest.mark.cells(8)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("asyncmig.toml", text) for text in CONFIGURATIONS.values()),
        *(("alembic.ini", text) for text in INI_FILES.values()),
    ],
    ids=[*CONFIGURATIONS, *(f"ini {name}" for name in INI_FILES)],
)
def test_a_configuration_that_fails(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    for variable in [*os.environ]:
        if variable.startswith(("ASYNCMIG_", "ALEMBIC_")) or variable == "DATABASE_URL":
            monkeypatch.delenv(variable)
    monkeypatch.chdir(project.path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    native = 'script_location = "migrations"\n' if name == "asyncmig.toml" else ""
    (project.path / name).write_text(f"{native}{text}\n")
    codes = set()
    for line in ASKING:
        out, err = io.StringIO(), io.StringIO()
        codes.add(run(line.split(), open_console(out, err)))
        for piece in PIECES:
            assert piece not in out.getvalue() + err.getvalue(), line
    assert codes & {1, 2}
