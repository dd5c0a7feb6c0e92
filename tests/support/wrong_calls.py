"""Calls that must fail, generated: targets, options, ids, configuration, scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig_cli.commands import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["WRONG_CALLS", "WrongCall"]


@dataclass(frozen=True, kw_only=True)
class WrongCall:
    """One call in a project whose database stands at ``bbbb``.

    Attributes:
        name: for the test's id.
        arguments: of the command.
        code: its exit code.
        files: what is written into the project first, by path.
        environ: variables set for the call.
    """

    name: str
    arguments: tuple[str, ...]
    code: int = 1
    files: Mapping[str, str] | None = None
    environ: Mapping[str, str] | None = None


MISSING = (
    "zzzz", "zzzz+1", "zzzz-1", "aaaa+9", "aaaa-9", "nowhere@head", "nowhere@base", "aaaa@zzzz",
    "left@right@head", "@head", "left@", "head-99", "heads+99", "hea", "hed", "b", "+", "-", "a b",
    "aaaa,bbbb", "ÄÖÜ", "%(here)s", "'; DROP TABLE a; --", "..", "bbbb+x", "4" * 300,
)  # fmt: skip
"""Target expressions that name nothing in the project."""

TAKES_A_TARGET = {
    "upgrade": ("upgrade", "{}"),
    "downgrade": ("downgrade", "--", "{}"),
    "plan": ("plan", "--", "{}"),
    "show": ("show", "--", "{}"),
    "stamp": ("stamp", "--", "{}"),
    "history": ("history", "--rev-range={}:head"),
    "head": ("revision", "-m", "new", "--head={}"),
    "sql": ("upgrade", "--sql", "--", "{}"),
}

TARGETS = {
    "upgrade": ("+99", "-1", "aaaa-1", "head", "bbbb:head", "current:head"),
    "downgrade": ("+1", "-99", "head", "dddd", "cccc", "aaaa:base", "left@-9"),
}

TAKEN = ("aaaa", "left")
"""An id and a label that the project has."""

BAD_IDS = ("a:b", "a@b", "-a", "+a", "a b@", "aaaa", "head", "heads", "base", "current", "a\nb", "")
"""Ids of new revisions: forbidden signs, taken and reserved names."""

USAGE = (
    "upgrade --sql --dry-run", "upgrade --lock-timeout soon", "upgrade --lock-wait -1h",
    "upgrade --wait-for-database x", "upgrade aaaa bbbb", "upgrade --tag", "upgrade a:b",
    "downgrade", "downgrade base --lock-timeout 1parsec", "downgrade -1 --dry-run --sql",
    "current extra", "current --url x --embedded", "log --limit many", "log --limit 1.5",
    "show", "show a b", "init", "init x --multidb -t sql", "init x y", "edit a b",
    "resolve", "resolve aaaa", "resolve aaaa --done --retry", "revision extra", "merge --rev-id",
    "heads --url", "history -r", "frobnicate", "upgrad", "--frobnicate", "-c", "-n", "-x", "--url",
    "status --checks", "stamp", "validate now", "ensure_version please", "branches one",
    "list_templates all", "plan --direction sideways", "--json", "log --since yesterday",
    "history -r aaaa", "history -r a:b:c",
)  # fmt: skip

NATIVE = 'script_location = "migrations"\n'

TOML = {
    "no toml": "script_location = \n",
    "half a string": 'script_location = "migrations\n',
    "wrong key": NATIVE + 'script_locatoin = "x"\n',
    "wrong type": "script_location = 5\n",
    "wrong list": NATIVE + "version_locations = 3\n",
    "wrong boolean": NATIVE + 'sourceless = "maybe"\n',
    "wrong duration": NATIVE + 'lock_timeout = "soon"\n',
    "negative duration": NATIVE + "lock_timeout = -1\n",
    "wrong integer": NATIVE + 'lock_retries = "few"\n',
    "wrong choice": NATIVE + 'transaction = "sometimes"\n',
    "wrong ssl": NATIVE + 'sslmode = "perhaps"\n',
    "wrong table": NATIVE + "databases = 1\n",
    "unknown table": NATIVE + "[surprise]\na = 1\n",
    "wrong hook": NATIVE + "[[post_write_hooks]]\nname = 'x'\ntype = 3\n",
    "hook without a name": NATIVE + "[[post_write_hooks]]\ntype = 'exec'\n",
    "missing variable": 'script_location = "${NO_SUCH_VARIABLE}"\n',
    "missing folder": 'script_location = "nowhere"\n',
    "a file for a folder": 'script_location = "asyncmig.toml"\n',
    "twice": NATIVE + NATIVE,
    "no unicode": "script_location = '\ud800'\n",
}  # fmt: skip

INI = {
    "no section": "script_location = migrations\n",
    "other section": "[other]\nscript_location = migrations\n",
    "missing interpolation": "[alembic]\nscript_location = %(nowhere)s/migrations\n",
    "broken interpolation": "[alembic]\nscript_location = %(here/migrations\n",
    "twice": "[alembic]\nscript_location = migrations\nscript_location = other\n",
    "wrong boolean": "[alembic]\nscript_location = migrations\nsourceless = maybe\n",
    "wrong separator": "[alembic]\nscript_location = migrations\npath_separator = banana\n"
    "version_locations = a b\n",
    "wrong hooks": "[alembic]\nscript_location = migrations\n[post_write_hooks]\nhooks = black\n",
}

URLS = (
    "mysql://root@localhost/app", "sqlite:///x.db", "nonsense", "postgresql://h:port/x", "",
    "postgresql://h:99999999/x", "oracle+cx_oracle://h/x", "postgresql://[::1/x", "driver://u:p@h/d",
    "postgresql://localhost:1/x", "postgresql:///x?host=/nowhere", "postgresql://h/x?sslmode=perhaps",
    "host=localhost port=none",
)  # fmt: skip

UNREACHABLE = ("postgresql://localhost:1/x", "postgresql:///x?host=/nowhere")
"""The URLs in which nothing is wrong."""

HEADER = 'revision = "cccc"\ndown_revision = "bbbb"\n'
BODY = "import sqlalchemy as sa\n" + HEADER + "def upgrade(op):\n    {}\ndef downgrade(op): pass\n"

HISTORIES = {
    "syntax": HEADER + "def upgrade(op:\n",
    "indentation": HEADER + "def upgrade(op):\npass\n",
    "no revision": 'down_revision = "bbbb"\ndef upgrade(op): pass\n',
    "taken id": 'revision = "aaaa"\ndown_revision = "bbbb"\n',
    "dangling": 'revision = "cccc"\ndown_revision = "nowhere"\n',
    "itself": 'revision = "cccc"\ndown_revision = "cccc"\n',
    "dangling dependency": HEADER + 'depends_on = "nowhere"\n',
    "cycle of dependencies": HEADER + 'depends_on = "cccc"\n',
    "taken label": HEADER + 'branch_labels = "left"\n',
    "id is a number": "revision = 5\ndown_revision = 'bbbb'\n",
    "id with a sign": 'revision = "a@b"\ndown_revision = "bbbb"\n',
    "no bytes of utf-8": HEADER + '"""\udcff"""\n',
    "null byte": HEADER + "\0",
    "exits": HEADER + "raise SystemExit(0)\n",
    "cannot import": HEADER + "import no_such_module_of_ours\n",
}

BODIES = {
    "raises": "raise KeyError('city')",
    "exits": "raise SystemExit(3)",
    "asserts": "assert False",
    "name": "undefined_name",
    "attribute": "op.create_tabel('x')",
    "argument": "op.create_table()",
    "keyword": "op.create_index('i', 'a', ['id'], postgresql_concurrent=1, nonsense=2)",
    "column": "op.add_column('a', 'name')",
    "type": "op.add_column('a', sa.Column('x', 'text'))",
    "recreate": "op.batch_alter_table('a', recreate='always').__enter__()",
    "statement": "op.execute(5)",
    "sql syntax": "op.execute('SELEKT 1')",
    "half a string": "op.execute(\"SELECT 'abc\")",
    "half a dollar string": "op.execute('SELECT $$abc')",
    "missing table": "op.drop_table('nowhere')",
    "existing table": "op.create_table('a', sa.Column('id', sa.Integer))",
    "missing column": "op.drop_column('a', 'nowhere')",
    "bad cast": "op.execute(\"INSERT INTO a VALUES (1)\"); op.execute(\"SELECT 'x'::int\")",
    "bad type": "op.execute('ALTER TABLE a ADD COLUMN x nonsense')",
    "missing enum": "op.execute(\"ALTER TYPE nowhere ADD VALUE 'x'\")",
    "no literal": "op.execute(sa.text('SELECT :x').bindparams(x=object()))",
    "missing bind": "op.execute(sa.text('SELECT :x'))",
    "bulk keys": "op.bulk_insert(sa.table('a', sa.column('id')), [{'nowhere': 1}], multiinsert=False)",
    "bulk rows": "op.bulk_insert(sa.table('a', sa.column('id')), 'rows')",
    "half done": "op.execute('CREATE TABLE half (i int)'); op.execute('SELECT 1/0')",
    "read and fail": "op.execute('CREATE TABLE half (i int)'); op.get_bind().execute(sa.text('SELECT 1/0'))",
    "live syntax": "op.get_bind().execute(sa.text('SELEKT'))",
    "ends the run": "op.execute('ROLLBACK'); op.execute('SELECT 1/0')",
}  # fmt: skip


def _targets() -> Iterator[WrongCall]:
    for command, shape in TAKES_A_TARGET.items():
        for target in MISSING:
            yield WrongCall(
                name=f"{command} {target[:20]}",
                arguments=tuple(word.replace("{}", target) for word in shape),
            )
    for command, targets in TARGETS.items():
        for target in targets:
            code = 2 if ":" in target else 1
            yield WrongCall(
                name=f"{command} to {target}", arguments=(command, "--", target), code=code
            )


def _options() -> Iterator[WrongCall]:
    for command in COMMANDS:
        yield WrongCall(name=f"{command} --frobnicate", arguments=(command, "--frobnicate"), code=2)
    for line in USAGE:
        yield WrongCall(name=line, arguments=tuple(line.split()), code=2)


def _ids() -> Iterator[WrongCall]:
    for id_ in BAD_IDS:
        yield WrongCall(
            name=f"rev-id {id_!r}",
            arguments=("revision", "--head=bbbb", f"--rev-id={id_}"),
            code=1 if id_ in TAKEN else 2,
        )
    for label in ("left", "a@b", "a:b", "head", "aaaa"):
        yield WrongCall(
            name=f"label {label}",
            arguments=("revision", "--head=bbbb", f"--branch-label={label}"),
            code=1 if label in TAKEN else 2,
        )
    for where in ("nowhere", "/", "asyncmig.toml"):
        yield WrongCall(
            name=f"version path {where}",
            arguments=("revision", "--head=bbbb", f"--version-path={where}"),
        )
    yield WrongCall(name="no splice", arguments=("revision", "--head=aaaa"))
    yield WrongCall(name="two heads", arguments=("revision", "-m", "new"))
    yield WrongCall(name="dependency", arguments=("revision", "--head=bbbb", "--depends-on=zz"))
    yield WrongCall(name="merge one", arguments=("merge", "aaaa"), code=2)
    yield WrongCall(name="merge none", arguments=("merge", "aaaa", "zzzz"))
    yield WrongCall(name="merge a line", arguments=("merge", "aaaa", "bbbb"))
    yield WrongCall(name="init in use", arguments=("init", "migrations"))
    yield WrongCall(name="init template", arguments=("init", "new", "-t", "nowhere"), code=2)
    yield WrongCall(name="resolve nothing", arguments=("resolve", "bbbb", "--done"))
    yield WrongCall(name="edit nothing", arguments=("edit", "zzzz"))


def _configuration() -> Iterator[WrongCall]:
    for name, text in TOML.items():
        yield WrongCall(name=f"toml {name}", arguments=("upgrade",), files={"asyncmig.toml": text})
    for name, text in INI.items():
        yield WrongCall(
            name=f"ini {name}", arguments=("-c", "own.ini", "upgrade"), files={"own.ini": text}
        )
    for url in URLS:
        code = 1 if url in UNREACHABLE else 2
        yield WrongCall(name=f"url {url}", arguments=("upgrade", "--url", url), code=code)
        yield WrongCall(
            name=f"variable {url}", arguments=("current",), environ={"ASYNCMIG_URL": url or " "}
        )
    yield WrongCall(name="no file", arguments=("-c", "nowhere.toml", "heads"), code=2)
    yield WrongCall(name="a folder", arguments=("-c", "migrations", "heads"), code=2)
    yield WrongCall(name="no database", arguments=("-n", "nowhere", "upgrade"), code=2)


def _scripts() -> Iterator[WrongCall]:
    for name, text in HISTORIES.items():
        yield WrongCall(
            name=f"history {name}",
            arguments=("upgrade",),
            files={"migrations/versions/third.py": text},
        )
    for name, text in BODIES.items():
        yield WrongCall(
            name=f"script {name}",
            arguments=("upgrade",),
            files={"migrations/versions/cccc.py": BODY.format(text)},
        )


WRONG_CALLS = (*_targets(), *_options(), *_ids(), *_configuration(), *_scripts())
