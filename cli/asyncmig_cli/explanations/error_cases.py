"""The errors of the documentation with an example of each: what causes it, and what helps.

tests/integration/project/test_error_pages.py executes every case: the call must fail with this error, and
must succeed after the solution of the page.
"""

from typing import NamedTuple

__all__ = ["CASES", "Case"]


class Case(NamedTuple):
    """One error with its example.

    Attributes:
        row: its row in the list of features; empty for a cause that it does not list.
        title: the heading.
        why: the cause, and what the solution does.
        scripts: bodies of upgrade by revision id; each follows the one before it.
        call: the command line.
        kind: the class of the error.
        message: as printed; ``*`` replaces parts that vary.
        hint: likewise.
        code: the exit code.
        before: SQL that prepares the database.
        url: the fault of the URL: ``port``, ``user``, ``database``, ``limited``, ``reader``.
        held: SQL of another session's open transaction.
        config: lines of the configuration.
        parents: down_revision by id where it is not the one before.
        cured: corrected scripts.
        cure: the command line that works afterwards; the same, if empty.
        cleaned: SQL that corrects the database.
    """

    row: str
    title: str
    why: str
    call: str
    kind: str
    message: str
    hint: str
    scripts: dict[str, str] = {}  # noqa: RUF012 - a constant of constants
    code: int = 1
    before: str = ""
    url: str = ""
    held: str = ""
    config: str = ""
    parents: dict[str, str] = {}  # noqa: RUF012 - likewise
    cured: dict[str, str] = {}  # noqa: RUF012 - likewise
    cure: str = ""
    cleaned: str = ""


BOOK = 'op.create_table("book", sa.Column("id", sa.Integer), sa.Column("pages", sa.Text))'

CASES = (
    Case(
        row="K1",
        title="A revision cannot be found",
        why="No revision has this name: a typing error, a file that was not committed, a branch label of"
        " another project. `asyncmig history` lists the revisions.",
        scripts={"ae10": BOOK},
        call="upgrade ae20",
        kind="RevisionNotFoundError",
        message="no revision or branch is called 'ae20'",
        hint="did you mean 'ae10'?",
        cure="upgrade ae10",
    ),
    Case(
        row="K2",
        title="A table already exists",
        why="The tables were created by hand or by another tool, without an entry in the version table."
        " If they are the tables that the revision creates, stamp the database.",
        scripts={"ae10": BOOK},
        before="CREATE TABLE book (id integer, pages text)",
        call="upgrade",
        kind="StatementFailedError",
        message='revision ae10 failed at *ae10.py:* in op.create_table: relation "book" already exists',
        hint="it exists, and the version table was empty: * stamp the revision *",
        cure="stamp ae10",
    ),
    Case(
        row="K3",
        title="There are several heads",
        why="Two revisions have the same parent. `heads` upgrades to both, and"
        " `asyncmig merge heads -m 'join'` joins them.",
        scripts={"ae10": BOOK, "be20": "pass", "ce30": "pass"},
        parents={"ce30": "ae10"},
        call="upgrade head",
        kind="MultipleHeadsError",
        message="'head' is not one revision: there are 2 heads, be20, ce30",
        hint="name one (`be20`), all (`heads`), or join them with `asyncmig merge heads`",
        cure="upgrade heads",
    ),
    Case(
        row="K4",
        title="Rows violate a new constraint",
        why="The existing rows do not satisfy the constraint. PostgreSQL's detail names one of them. Correct"
        " the data in an earlier revision, or in this one before the constraint.",
        scripts={"ae10": 'op.create_unique_constraint("one_id", "book", ["id"])'},
        before="CREATE TABLE book (id integer); INSERT INTO book VALUES (1), (1)",
        call="upgrade",
        kind="StatementFailedError",
        message='revision ae10 failed at *: could not create unique index "one_id"*',
        hint="rows in the table break the constraint: *; nothing of ae10 was kept",
        cleaned="DELETE FROM book WHERE ctid = '(0,2)'",
    ),
    Case(
        row="K4",
        title="Rows violate a foreign key",
        why="As above, for rows that reference a missing row.",
        scripts={"ae10": 'op.create_foreign_key("loan_book", "loan", "book", ["book_id"], ["id"])'},
        before="CREATE TABLE book (id integer PRIMARY KEY); CREATE TABLE loan (book_id integer);"
        " INSERT INTO loan VALUES (7)",
        call="upgrade",
        kind="StatementFailedError",
        message='*violates foreign key constraint "loan_book"*',
        hint="rows in the table break the constraint: *",
        cleaned="DELETE FROM loan",
    ),
    Case(
        row="K5",
        title="A column cannot be cast",
        why="PostgreSQL has no automatic conversion between the two types; `postgresql_using` gives the"
        " expression.",
        scripts={"ae10": 'op.alter_column("book", "pages", type_=sa.Integer)'},
        before="CREATE TABLE book (pages text)",
        call="upgrade",
        kind="StatementFailedError",
        message='*in op.alter_column: column "pages" cannot be cast automatically to type integer',
        hint="the values cannot be converted automatically: give alter_column"
        ' postgresql_using="pages::integer"*',
        cured={
            "ae10": 'op.alter_column("book", "pages", type_=sa.Integer,'
            ' postgresql_using="pages::integer")'
        },
    ),
    Case(
        row="K6",
        title="The server cannot be reached",
        why="The server is not running, or the host or port is wrong. `--wait-for-database 30s` waits for"
        " a server that is still starting.",
        call="current",
        url="port",
        kind="ConnectionFailedError",
        message="cannot reach *",
        hint="is the server running*",
    ),
    Case(
        row="K6",
        title="The login is refused",
        why="The user does not exist, or the password is wrong. Messages never show the password.",
        call="current",
        url="user",
        kind="ConnectionFailedError",
        message="*refused the login: *",
        hint="check user and password in the URL*",
    ),
    Case(
        row="K6",
        title="The database does not exist",
        why="asyncmig does not create databases.",
        call="current",
        url="database",
        kind="ConnectionFailedError",
        message="there is no such database: *",
        hint="create it with `createdb`, or correct the name in the URL",
    ),
    Case(
        row="K6",
        title="There are too many connections",
        why="The server, the database or the role is at its limit.",
        call="current",
        url="limited",
        kind="ConnectionFailedError",
        message="*has no free connection: too many connections for role *",
        hint="wait, raise max_connections, or close idle sessions*",
    ),
    Case(
        row="K7",
        title="Another session holds a lock for too long",
        why="Another session holds a lock on the table. The phase is rolled back and retried"
        " `lock_retries` times; the error names the blocker. End that session, or let it finish.",
        scripts={"ae10": 'op.add_column("book", sa.Column("pages", sa.Text))'},
        before="CREATE TABLE book (id integer)",
        held="LOCK TABLE book",
        config='lock_timeout = "1s"\nlock_retries = 0',
        call="upgrade",
        kind="StatementFailedError",
        message="revision ae10 failed at *in op.add_column: canceling statement due to lock timeout*"
        "blocked by *",
        hint="another session held the lock for longer than lock_timeout: *",
    ),
    Case(
        row="K8",
        title="A revision is partially applied",
        why="VACUUM cannot run in a transaction, so the statements before it are committed first. The"
        " journal records the committed phases: correct the script after that point, and run the same"
        " command. The exit code is 5.",
        scripts={
            "ae10": BOOK + '\nop.execute("VACUUM book")\nop.execute("UPDATE book SET id = 1/0")'
            '\nop.execute("SELECT 1/0")'
        },
        call="upgrade",
        code=5,
        kind="PartiallyAppliedError",
        message="revision ae10 failed at *ae10.py:* in op.execute: division by zero",
        hint="*phases before phase 3 of ae10 are committed (VACUUM); correct the cause and run the same"
        " command again: it continues from there",
        cured={"ae10": BOOK + '\nop.execute("VACUUM book")\nop.execute("UPDATE book SET id = 1")'},
    ),
    Case(
        row="K9",
        title="The history has a cycle",
        why="A `down_revision` was edited by hand. `asyncmig validate` lists all faults of a history.",
        scripts={"ae10": BOOK, "be20": "pass"},
        parents={"ae10": "be20"},
        call="upgrade",
        kind="HistoryError",
        message="the history has a cycle: ae10 -> be20 -> ae10",
        hint="one of these revisions names a later one in `down_revision` or `depends_on`: correct that"
        " file",
    ),
    Case(
        row="K10",
        title="The models cannot be imported",
        why="`target_metadata` names a module that does not exist or that raises an error. `prepend_sys_path`"
        " lists the folders in which it is looked for.",
        scripts={"ae10": BOOK},
        config='target_metadata = "no_such_models:Base.metadata"',
        call="upgrade",
        kind="ConfigError",
        message="'no_such_models:Base.metadata' cannot be imported: there is no module 'no_such_models'",
        hint="add its folder to prepend_sys_path, or install the package",
    ),
    Case(
        row="K11",
        title="Permission is denied",
        why="The role of the URL does not own the table. Migrate as the owner: with a URL of the owner, or"
        " with the setting `role`, which executes `SET ROLE`.",
        scripts={"ae10": 'op.add_column("book", sa.Column("pages", sa.Text))'},
        before="CREATE TABLE book (id integer)",
        url="reader",
        call="upgrade",
        kind="StatementFailedError",
        message="revision ae10 failed at *: must be owner of table book",
        hint="grant the privilege, or set `role` to the owner of the objects*",
    ),
    Case(
        row="K12",
        title="A script has a syntax error",
        why="asyncmig reads the script before anything runs.",
        scripts={"ae10": 'op.execute("SELECT 1"'},
        call="upgrade",
        kind="ScriptError",
        message="*ae10.py:* is not valid Python: '(' was never closed",
        hint='correct the line: op.execute("SELECT 1"',
        cured={"ae10": 'op.execute("SELECT 1")'},
    ),
    Case(
        row="K13",
        title="The database is not PostgreSQL",
        why="asyncmig connects to PostgreSQL with asyncpg. It accepts the name of any driver in a PostgreSQL"
        " URL (`postgresql+psycopg2://`).",
        call="current --url mysql://root@localhost/app",
        code=2,
        kind="UrlError",
        message="the database url (from --url) is MySQL's",
        hint="asyncmig migrates PostgreSQL only: postgresql://user:password@host:5432/database",
    ),
    Case(
        row="",
        title="A script raises an error",
        why="The Python code of the script failed, not a statement in PostgreSQL. The message names file and"
        " line; `--raiseerr` shows the traceback.",
        scripts={"ae10": "1 / 0"},
        call="upgrade",
        kind="ScriptError",
        message="revision ae10 failed at *ae10.py:*: ZeroDivisionError: division by zero",
        hint="the script itself raised this",
        cured={"ae10": BOOK},
    ),
    Case(
        row="",
        title="A module that a script imports is missing",
        why="The environment in which migrations run lacks the package, or `prepend_sys_path` lacks the"
        " folder of the application.",
        scripts={"ae10": "import no_such_module"},
        call="upgrade",
        kind="ScriptError",
        message="revision ae10 failed at *ae10.py:*: ModuleNotFoundError: No module named 'no_such_module'",
        hint="the script itself raised this",
        cured={"ae10": BOOK},
    ),
    Case(
        row="",
        title="A relative target is beyond the end",
        why="`+2` counts from the revision that the database is at.",
        scripts={"ae10": BOOK},
        call="upgrade +2",
        kind="TargetError",
        message="'+2' is beyond the end of the history: it has only 1 of the 2 steps",
        hint="`asyncmig history` shows all revisions",
        cure="upgrade +1",
    ),
    Case(
        row="",
        title="A partial id matches several revisions",
        why="An id may be shortened as long as one revision begins with it.",
        scripts={"ae10": BOOK, "ae20": "pass"},
        call="upgrade ae",
        kind="AmbiguousRevisionError",
        message="'ae' is ambiguous: ae10, ae20 start with it",
        hint="type one more character",
        cure="upgrade ae20",
    ),
    Case(
        row="",
        title="The parent of a revision is missing",
        why="`down_revision` names a file that is not in the script directory: it was not committed, or it"
        " was deleted after it was merged.",
        scripts={"ae10": BOOK, "be20": "pass"},
        parents={"be20": "zz99"},
        call="upgrade",
        kind="HistoryError",
        message="`down_revision` of revision 'be20' (*be20.py) names 'zz99', which is not a revision",
        hint="restore the missing file, or correct `down_revision`",
    ),
    Case(
        row="",
        title="A key has a wrong value",
        why="The value has another type than the key takes. A key that asyncmig does not know is refused"
        " likewise; the hint then names the nearest one.",
        scripts={"ae10": BOOK},
        config='lock_timeout = "soon"',
        call="upgrade",
        kind="ConfigKeyError",
        message='*asyncmig.toml:2: lock_timeout must be a time, in seconds or such as "5s", "200ms" or'
        " \"1min\", not 'soon'",
        hint="docs/configuration.md describes lock_timeout and its default",
    ),
    Case(
        row="",
        title="A script for psql needs an answer of the database",
        why="With `--sql` no database is asked. Run the revision against a database, or write what it reads"
        " as SQL that decides on the server.",
        scripts={"ae10": 'op.get_bind().execute(sa.text("SELECT 1")).scalar()'},
        call="upgrade --sql",
        kind="NeedsDatabaseError",
        message="ae10: get_bind() at *ae10.py:* needs a database, and --sql has none",
        hint="guard it with `if not op.get_context().as_sql:`, or run this revision online",
        cure="upgrade",
    ),
    Case(
        row="",
        title="A table does not exist",
        why="A revision changes a table that no earlier revision has created, or that is in a schema outside"
        " the search path.",
        scripts={"ae10": 'op.drop_table("book")'},
        call="upgrade",
        kind="StatementFailedError",
        message='revision ae10 failed at *ae10.py:* in op.drop_table: table "book" does not exist',
        hint="check its name; if it is in a schema outside the search_path, give schema=..., or set"
        " search_path in the configuration; nothing of ae10 was kept",
        cleaned="CREATE TABLE book ()",
    ),
)
