"""asyncmig.toml and [tool.asyncmig]: every key, strictly."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from asyncmig.config import PostWriteHook, load
from asyncmig.config.keys.table import KEYS
from asyncmig.config.settings import InvalidUrl
from asyncmig.errors import ConfigError, ConfigKeyError, ConfigNotFoundError
from asyncmig.shadow.targets import shadow_of


@pytest.fixture
def read(tmp_path):
    """Write asyncmig.toml and load it."""

    def write_and_load(text: str, *, environ: dict[str, str] | None = None, **arguments: Any):
        (tmp_path / "asyncmig.toml").write_text(dedent(text), "utf-8")
        return load(cwd=tmp_path, environ=environ or {}, **arguments)

    return write_and_load


def test_nothing_set(read, tmp_path):
    settings = read("")
    assert settings.script_location == tmp_path / "migrations"
    assert settings.version_paths == (tmp_path / "migrations/versions",)
    assert settings.prepend_sys_path == (tmp_path,)
    assert settings.config_path == tmp_path / "asyncmig.toml"
    assert settings.section is None
    assert settings.url is None
    assert settings.url_source is None
    assert settings.databases == ()
    assert settings.extra == {}
    assert settings.x == {}
    assert settings.lock_timeout == 5.0


EVERYTHING = """
script_location = "db/scripts"
version_locations = ["db/one", "/abs/two"]
recursive_version_locations = true
prepend_sys_path = [".", "src"]
sourceless = true
target_metadata = ["app.models:Base.metadata", "audit:metadata"]
hooks = "app.migration_hooks"
plugins = ["audit"]
url = "postgresql://db/app"
connect_timeout = 3
wait_for_database = "1min"
command_timeout = "90s"
application_name = "deploy"
sslmode = "verify-full"
sslrootcert = "certs/root.pem"
sslcert = "certs/me.pem"
sslkey = "/keys/me.key"
statement_cache_size = 10
connect_args = { ssl = true, server_settings = { jit = "off" } }
role = "owner"
search_path = "app, public"
transaction = "all"
transactional_ddl = false
lock = false
lock_wait = "none"
lock_timeout = "200ms"
lock_retries = 3
safe_rewrites = true
wait_for_transactions = "1min"
statement_timeout = 0
backfill_batch_time = "50ms"
backfill_batch_size = 500
backfill_largest_batch = 20000
backfill_replica_lag = "30s"
backfill_archive_queue = 0
backfill_pause_for_vacuum = false
backfill_busy_percent = 35
psycopg2_compat = true
version_table = "versions"
version_table_schema = "meta"
version_table_pk = false
journal = false
journal_table = "history"
revision_format = "sql"
file_template = "%(year)d/%(rev)s"
timezone = "Europe/Berlin"
truncate_slug_length = 20
output_encoding = "latin-1"
revision_environment = true
compare_type = false
compare_server_default = false
include_schemas = true
concurrent_indexes = true
schema_translate_map = { "" = "acme", tenant = "acme_data" }
shadow_url = "embedded"
shadow_cache = false
managed_entities = ["view"]
lint = { disable = ["trigger"], fail_on = "error", small_table_rows = 5, severity = { rename = "note" } }

[[post_write_hooks]]
name = "ruff"
type = "module"
module = "ruff"
options = "format REVISION_SCRIPT_FILENAME"
cwd = "tools"

[[post_write_hooks]]
name = "mine"
type = "own"
colour = "blue"

[databases.billing]
url = "postgresql://billing/app"
"""


def test_every_key(read, tmp_path):
    settings = read(EVERYTHING)
    assert settings.script_location == tmp_path / "db/scripts"
    assert settings.version_locations == (tmp_path / "db/one", Path("/abs/two"))
    assert settings.prepend_sys_path == (tmp_path, tmp_path / "src")
    assert settings.target_metadata == ("app.models:Base.metadata", "audit:metadata")
    assert settings.hooks == "app.migration_hooks"
    assert settings.plugins == ("audit",)
    assert settings.url == "postgresql://db/app"
    assert settings.connect_timeout == 3.0
    assert settings.wait_for_database == 60.0
    assert settings.command_timeout == 90.0
    assert settings.sslmode == "verify-full"
    assert settings.sslrootcert == tmp_path / "certs/root.pem"
    assert settings.sslkey == Path("/keys/me.key")
    assert settings.connect_args == {"ssl": True, "server_settings": {"jit": "off"}}
    assert settings.lock_wait is None
    assert settings.lock_timeout == 0.2
    assert settings.psycopg2_compat is True
    assert settings.lock_retries == 3
    assert settings.statement_timeout == 0.0
    assert settings.backfill_batch_time == 0.05
    assert (settings.backfill_batch_size, settings.backfill_largest_batch) == (500, 20_000)
    assert (settings.backfill_replica_lag, settings.backfill_archive_queue) == (30.0, 0)
    assert (settings.backfill_pause_for_vacuum, settings.backfill_busy_percent) == (False, 35)
    assert settings.transaction == "all"
    assert settings.revision_format == "sql"
    assert settings.schema_translate_map == {None: "acme", "tenant": "acme_data"}
    assert settings.shadow_url == "embedded"
    assert settings.shadow_cache is False
    assert settings.lint.disable == ("trigger",)
    assert settings.lint.fail_on == "error"
    assert settings.lint.small_table_rows == 5
    assert settings.lint.severity == {"rename": "note"}
    assert settings.databases == ("billing",)
    assert settings.post_write_hooks == (
        PostWriteHook(
            name="ruff",
            type="module",
            entrypoint="ruff",
            options="format REVISION_SCRIPT_FILENAME",
            cwd=str(tmp_path / "tools"),
        ),
        PostWriteHook(name="mine", type="own", entrypoint="", extra={"colour": "blue"}),
    )
    for flag in (
        "recursive_version_locations",
        "sourceless",
        "revision_environment",
        "safe_rewrites",
    ):
        assert getattr(settings, flag) is True
    for flag in ("transactional_ddl", "lock", "journal", "version_table_pk", "compare_type"):
        assert getattr(settings, flag) is False


def test_everything_sets_every_key():
    """The test above stays complete when a key is added."""
    missing = [key.name for key in KEYS if f"\n{key.name} = " not in EVERYTHING]
    assert missing == ["databases", "transaction_per_migration", "post_write_hooks"]


def test_the_values_that_may_be_one_or_several(read, tmp_path):
    settings = read(
        """
        version_locations = "one"
        prepend_sys_path = "src"
        target_metadata = "app:metadata"
        """
    )
    assert settings.version_locations == (tmp_path / "one",)
    assert settings.prepend_sys_path == (tmp_path / "src",)
    assert settings.target_metadata == "app:metadata"


@pytest.mark.parametrize(("written", "expected"), [("true", "revision"), ("false", "all")])
def test_transaction_per_migration(read, written, expected):
    assert read(f"transaction_per_migration = {written}").transaction == expected


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ('lock = "off"', "lock", False),
        ('lock = "YES"', "lock", True),
        ('lock = "1"', "lock", True),
        ('truncate_slug_length = "12"', "truncate_slug_length", 12),
        ('lock_timeout = "5"', "lock_timeout", 5.0),
        ("lock_timeout = 0.25", "lock_timeout", 0.25),
        ('lock_timeout = "none"', "lock_timeout", None),
        ("command_timeout = 0", "command_timeout", 0.0),
        ('connect_args = "{\\"timeout\\": 3}"', "connect_args", {"timeout": 3}),
        ("connect_args = \"{'timeout': 3}\"", "connect_args", {"timeout": 3}),
        ('role = " owner "', "role", "owner"),
    ],
)
def test_text_for_other_types(read, line, field, expected):
    """Environment variables are text, whatever they are for."""
    assert getattr(read(line), field) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("script_location = 3", "script_location must be text, not 3"),
        ('script_location = " "', "script_location is empty"),
        ("script_location = [1]", "script_location must be text, not a list"),
        ("version_locations = [1]", "version_locations must be text, not 1"),
        ("prepend_sys_path = true", "prepend_sys_path must be text, not true"),
        ("prepend_sys_path = [false]", "prepend_sys_path must be text, not false"),
        ("sourceless = 1", "sourceless must be true or false, not 1"),
        ('lock = "maybe"', "lock must be true or false, not 'maybe'"),
        ("lock_timeout = true", "lock_timeout must be a time"),
        ("lock_timeout = -1", "lock_timeout must be a time"),
        ("lock_timeout = nan", "lock_timeout must be a time"),
        ("lock_timeout = inf", "lock_timeout must be a time"),
        ('lock_timeout = "5 sec"', "lock_timeout must be a time"),
        ('lock_timeout = "-5s"', "lock_timeout must be a time"),
        ('lock_timeout = ""', "lock_timeout must be a time"),
        ("lock_timeout = []", "lock_timeout must be a time"),
        ('connect_timeout = "none"', "connect_timeout must be a time"),
        ("lock_wait = {}", "lock_wait must be a time, in seconds or such as"),
        ('transaction = "none"', 'transaction must be one of "revision", "all", not \'none\''),
        ('sslmode = "on"', 'sslmode must be one of "disable", "allow"'),
        ("sslmode = false", 'sslmode must be one of "disable", "allow"'),
        ('revision_format = "perl"', 'revision_format must be one of "python", "sql"'),
        ("truncate_slug_length = 0", "truncate_slug_length must be a whole number, 1 or more"),
        ("truncate_slug_length = 1.5", "must be a whole number, 1 or more, not 1.5"),
        ("truncate_slug_length = true", "must be a whole number, 1 or more, not true"),
        ('truncate_slug_length = "x"', "must be a whole number, 1 or more, not 'x'"),
        ("statement_cache_size = -1", "must be a whole number, 0 or more"),
        ('target_metadata = "app.models.Base metadata"', 'must be "package.module:name"'),
        ('target_metadata = "app/models.py"', 'must be "package.module:name"'),
        ('target_metadata = "app:"', 'must be "package.module:name"'),
        ('target_metadata = "app"', 'must be "package.module:name"'),
        ('target_metadata = ":x"', 'must be "package.module:name"'),
        ('target_metadata = ["app:a", 1]', "target_metadata must be text, not 1"),
        ("managed_entities = [1]", "managed_entities must be a list of names, not a list"),
        (
            'sslmode = "postgresql://u:s3cr3t@h/d"',
            'sslmode must be one of "disable", "allow"',
        ),
        ('hooks = "app..x"', 'hooks must be "package.module", not'),
        ('hooks = "app:x"', 'hooks must be "package.module", not'),
        ("connect_args = 1", "connect_args must be a table"),
        (
            'connect_args = "s3cr3t"',
            "connect_args must be a table of names and values, not the value",
        ),
        ('connect_args = "[1]"', "connect_args must be a table of names and values, not a list"),
        ("databases = 1", "databases must be tables, one a database, not 1"),
        (
            "databases = {billing = 1}",
            "databases must be tables, one a database, such as [databases.billing]",
        ),
        ("post_write_hooks = 1", "must be an array of tables, [[post_write_hooks]]"),
        ("post_write_hooks = [1]", "post_write_hooks must be an array of tables"),
        ("post_write_hooks = [{name = 1}]", "post_write_hooks has a hook whose name is not text"),
        ('post_write_hooks = [{type = "exec"}]', "post_write_hooks has a hook without a name"),
        ('post_write_hooks = [{name = "a"}]', "has the hook 'a' without a type"),
        ('post_write_hooks = [{name = "a", type = "exec"}]', "of type exec without executable"),
        ('post_write_hooks = [{name = "a", type = "module"}]', "of type module without module"),
        (
            'post_write_hooks = [{name = "a", type = "console_scripts", module = "x"}]',
            "of type console_scripts without entrypoint",
        ),
    ],
)
def test_wrong_values(read, tmp_path, line, message):
    with pytest.raises(ConfigKeyError) as caught:
        read(f"# a comment\n{line}")
    error = caught.value
    assert message in str(error)
    assert str(error).startswith(f"{tmp_path / 'asyncmig.toml'}:2: ")
    facts = error.fields()
    assert facts["path"] == str(tmp_path / "asyncmig.toml")
    assert facts["key"] == line.split()[0]
    assert facts["line"] == 2
    assert "s3cr3t" not in f"{error}{error.hint}"


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("lock_timout", "lock_timeout"),
        ("script_locations", "script_location"),
        ("Script_Location", "script_location"),
        ("versions_locations", "version_locations"),
        ("directory", "script_location"),
        ("database_url", "url"),
        ("sqlalchemy.url", "url"),
        ("metadata", "target_metadata"),
        ("transaction_per_revision", "transaction_per_migration"),
        ("post_write_hook", "post_write_hooks"),
        ("ssl", "sslmode"),
        ("zzzz", None),
    ],
)
def test_unknown_key(read, key, near):
    with pytest.raises(ConfigKeyError, match="is not a key of asyncmig") as caught:
        read(f"{key} = 1")
    assert caught.value.fields()["nearest"] == near
    assert caught.value.fields()["line"] == (None if "." in key else 1)
    if near:
        assert f"did you mean '{near}'?" in (caught.value.hint or "")
    else:
        assert (caught.value.hint or "").startswith("docs/configuration.md")


@pytest.mark.parametrize(
    "written", ['"view, function"', '"view function"', '["view", " function "]']
)
def test_a_list_of_names_may_be_text(read, written):
    assert read(f"managed_entities = {written}").managed_entities == ("view", "function")


def test_the_same_said_twice(read):
    with pytest.raises(ConfigKeyError, match="transaction_per_migration means the same as trans"):
        read('transaction = "all"\ntransaction_per_migration = true')


def test_paths_start_from_the_file(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/settings.toml").write_text('script_location = "scripts"')
    settings = load("sub/settings.toml", cwd=tmp_path, environ={})
    assert settings.script_location == tmp_path / "sub/scripts"
    assert settings.prepend_sys_path == (tmp_path / "sub",)


def test_scripts_in_a_package(read, tmp_path):
    inside = tmp_path / "src/shipped/db"
    (inside / "scripts").mkdir(parents=True)
    (inside.parent / "__init__.py").write_text("raise RuntimeError('imported')")
    (inside / "__init__.py").write_text("raise RuntimeError('imported')")
    text = 'prepend_sys_path = ["src"]\nscript_location = "{}"'
    assert read(text.format("shipped:db:scripts")).script_location == inside / "scripts"
    assert read(text.format("shipped.db:scripts")).script_location == inside / "scripts"
    # Whatever the order of the keys.
    turned = 'version_locations = ["shipped.db:v"]\nprepend_sys_path = "src"'
    assert read(turned).version_locations == (inside / "v",)


@pytest.mark.parametrize(
    "package", ["nowhere", "nowhere.inside", "json.decoder.x", "sys", "", "a..b"]
)
def test_scripts_in_no_package(read, package):
    with pytest.raises(ConfigKeyError, match=f"names the package '{package}'") as caught:
        read(f'script_location = "{package}:scripts"')
    assert "prepend_sys_path" in (caught.value.hint or "")


def test_scripts_in_an_installed_package(read):
    import asyncmig.render

    expected = Path(asyncmig.render.__path__[0]) / "templates"
    assert read('script_location = "asyncmig.render:templates"').script_location == expected


class TestDatabases:
    TEXT = """
        lock_timeout = 1
        role = "owner"
        [databases.billing]
        script_location = "billing"
        url = "postgresql://billing"
        lock_timeout = 2
        [databases.audit]
        script_location = "audit"
    """

    def test_the_table_goes_first(self, read, tmp_path):
        settings = read(self.TEXT, name="billing")
        assert settings.lock_timeout == 2.0
        assert settings.role == "owner"
        assert settings.script_location == tmp_path / "billing"
        assert settings.section == "billing"
        assert settings.databases == ("billing", "audit")

    def test_without_a_name(self, read, tmp_path):
        settings = read(self.TEXT)
        assert settings.lock_timeout == 1.0
        assert settings.script_location == tmp_path / "migrations"
        assert settings.databases == ("billing", "audit")

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("biling", "did you mean 'billing'? it has billing, audit"),
            ("zzz", "it has billing, audit"),
        ],
    )
    def test_unknown_database(self, read, name, hint):
        with pytest.raises(ConfigError, match=f"has no database or section '{name}'") as caught:
            read(self.TEXT, name=name)
        assert caught.value.hint == hint

    def test_no_databases(self, read):
        with pytest.raises(ConfigError, match="has no database or section 'x'") as caught:
            read("", name="x")
        assert caught.value.hint == "it has none: leave -n out"

    def test_alembics_name_of_the_default(self, read):
        assert read(self.TEXT, name="alembic").lock_timeout == 1.0

    def test_a_database_of_that_name(self, read):
        assert read("[databases.alembic]\nrole = 'a'", name="alembic").role == "a"

    def test_keys_of_every_table_are_checked(self, read):
        with pytest.raises(
            ConfigKeyError, match=r"\[databases.a\] lock_timout is not a key"
        ) as caught:
            read("[databases.a]\nlock_timout = 1\n[databases.b]", name="b")
        assert caught.value.fields()["line"] == 2
        assert caught.value.fields()["nearest"] == "lock_timeout"

    def test_values_of_other_tables_are_not(self, read):
        assert (
            read("[databases.a]\nrole = '${NOT_SET}'\n[databases.b]\nrole = 'x'", name="b").role
            == "x"
        )

    def test_no_databases_in_a_database(self, read):
        with pytest.raises(ConfigKeyError, match="databases is not a key of one database"):
            read("[databases.a.databases.b]")


class TestEnvironment:
    @pytest.mark.parametrize(
        ("written", "environ", "expected"),
        [
            ("${ROLE}", {"ROLE": "x"}, "x"),
            ("a-${ROLE}-${ROLE}", {"ROLE": "x"}, "a-x-x"),
            ("${ROLE:-y}", {}, "y"),
            ("${ROLE:-y}", {"ROLE": ""}, "y"),
            ("${ROLE:-y}", {"ROLE": "x"}, "x"),
            ("a${ROLE:-}", {}, "a"),
            ("${ROLE:-a:-b}", {}, "a:-b"),
            ("$${ROLE}", {"ROLE": "x"}, "${ROLE}"),
            ("$$${ROLE}", {"ROLE": "x"}, "$${ROLE}"),
            ("a$b$$c", {}, "a$b$$c"),
            ("${A}", {"A": "${B}", "B": "x"}, "${B}"),
            ("${", {}, "${"),
        ],
    )
    def test_filled_in(self, read, written, environ, expected):
        assert read(f'role = "{written}"', environ=environ).role == expected

    def test_in_lists_and_tables(self, read, tmp_path):
        settings = read(
            """
            version_locations = ["${ONE}", "two"]
            connect_args = { server_settings = { jit = "${JIT}" }, timeout = 3 }
            """,
            environ={"ONE": "1", "JIT": "off"},
        )
        assert settings.version_locations == (tmp_path / "1", tmp_path / "two")
        assert settings.connect_args == {"server_settings": {"jit": "off"}, "timeout": 3}

    def test_missing(self, read, tmp_path):
        with pytest.raises(ConfigKeyError) as caught:
            read('\nrole = "${PGROEL}"', environ={"PGROLE": "x", "HOME": "/"})
        error = caught.value
        assert str(error) == (
            f"{tmp_path}/asyncmig.toml:2: role needs the environment variable PGROEL, which is not set"
        )
        assert (error.hint or "").startswith(
            "did you mean PGROLE? otherwise set PGROEL, or give a default"
        )
        assert error.fields() == {
            "path": f"{tmp_path}/asyncmig.toml",
            "key": "role",
            "line": 2,
            "nearest": "PGROLE",
        }

    def test_missing_with_nothing_near(self, read):
        with pytest.raises(ConfigKeyError) as caught:
            read('role = "${PGROEL}"')
        assert caught.value.hint == "set PGROEL, or give a default: ${PGROEL:-...}"

    @pytest.mark.parametrize("inside", ["", "1A", "A B", "A-B", "A:B", "a.b"])
    def test_no_variable(self, read, inside):
        with pytest.raises(ConfigKeyError, match="without the name of a variable"):
            read(f'role = "${{{inside}}}"')


class TestFiles:
    def test_pyproject(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text("[tool.asyncmig]\nrole = 'a'")
        settings = load(cwd=tmp_path, environ={})
        assert settings.role == "a"
        assert settings.config_path == tmp_path / "pyproject.toml"

    def test_errors_in_pyproject_name_the_table(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text("[other]\nrol = 1\n[tool.asyncmig]\nrol = 'a'")
        with pytest.raises(ConfigKeyError) as caught:
            load(cwd=tmp_path, environ={})
        assert f"{tmp_path}/pyproject.toml:4: [tool.asyncmig] rol is not a key" in str(caught.value)

    def test_a_table_as_key(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text("[tool.asyncmig]\n[tool.asyncmig.database]\n")
        with pytest.raises(ConfigKeyError) as caught:
            load(cwd=tmp_path, environ={})
        assert caught.value.fields()["line"] == 2

    def test_the_table_in_asyncmig_toml(self, read):
        assert read("[tool.asyncmig]\nrole = 'a'").role == "a"

    def test_databases_in_pyproject(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text("[tool.asyncmig.databases.a]\nrole = 'a'")
        assert load(cwd=tmp_path, environ={}, name="a").role == "a"

    def test_no_table(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text("tool = 1")
        with pytest.raises(ConfigNotFoundError, match="has neither"):
            load("pyproject.toml", cwd=tmp_path, environ={})

    @pytest.mark.parametrize("table", ["asyncmig", "alembic"])
    def test_no_proper_table(self, tmp_path, table):
        (tmp_path / "pyproject.toml").write_text(f"[tool]\n{table} = 1")
        with pytest.raises(ConfigError, match=rf"\[tool.{table}\] is not a table"):
            load(cwd=tmp_path, environ={})

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"[asyncmig", r"asyncmig.toml(:1)?: not TOML: "),
            (b"a = 1\nb = x", r"asyncmig.toml:2: not TOML: invalid value"),
            (b'role = "\xff"', r"asyncmig.toml: not encoded as UTF-8"),
        ],
    )
    def test_not_toml(self, tmp_path, content, message):
        (tmp_path / "asyncmig.toml").write_bytes(content)
        with pytest.raises(ConfigError, match=message) as caught:
            load(cwd=tmp_path, environ={})
        assert caught.value.hint

    def test_a_folder(self, tmp_path):
        (tmp_path / "asyncmig.toml").mkdir()
        with pytest.raises(ConfigNotFoundError):
            load("asyncmig.toml", cwd=tmp_path, environ={})

    def test_unreadable(self, tmp_path, monkeypatch):
        def refuse(*_: object, **__: object) -> str:
            raise PermissionError(13, "Permission denied")

        (tmp_path / "asyncmig.toml").write_text("")
        monkeypatch.setattr(Path, "read_text", refuse)
        with pytest.raises(ConfigError, match=r"asyncmig.toml cannot be read: permission denied"):
            load(cwd=tmp_path, environ={})


def test_secrets_are_not_shown(read):
    settings = read(
        "url = 'postgresql://a:s3cr3t@db'\nconnect_args = {password = 's3cr3t'}", x=["pw=s3cr3t"]
    )
    assert "s3cr3t" not in repr(settings)
    assert settings.url == "postgresql://a:s3cr3t@db"


def test_the_working_directory_is_the_process_s(tmp_path, monkeypatch):
    (tmp_path / "asyncmig.toml").write_text("role = '${SOME_ROLE}'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOME_ROLE", "x")
    assert load().role == "x"


def test_a_shadow_that_is_not_set_matters_to_comparing_alone(read):
    settings = read('shadow_url = "${NO_SUCH_SHADOW}"')
    assert isinstance(settings.shadow_url, InvalidUrl)
    with pytest.raises(ConfigKeyError, match="NO_SUCH_SHADOW"):
        shadow_of(settings)


def test_the_environments_shadow_goes_first(read):
    settings = read('shadow_url = "${NO_SUCH_SHADOW}"', environ={"ASYNCMIG_SHADOW_URL": "embedded"})
    assert settings.shadow_url == "embedded"
    assert isinstance(settings.shadow_url, str)


@pytest.mark.parametrize("value", ["{ a = 1 }", '{ a = "" }', '"a"', "[]"])
def test_schemas_are_texts(read, value):
    with pytest.raises(ConfigKeyError, match="table of names"):
        read(f"schema_translate_map = {value}")


def test_a_former_key_still_works(read):
    assert read("lenient_bind = true").psycopg2_compat
