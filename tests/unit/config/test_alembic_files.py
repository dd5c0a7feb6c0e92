"""alembic.ini and [tool.alembic]: Alembic's meaning, and users' own options left alone."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest

from asyncmig.config import PostWriteHook, load
from asyncmig.config.settings import InvalidUrl
from asyncmig.errors import ConfigError, ConfigKeyError, ConfigNotFoundError


@pytest.fixture
def read(tmp_path):
    """Write alembic.ini and load it."""

    def write_and_load(text: str, *, environ: dict[str, str] | None = None, **arguments: object):
        (tmp_path / "alembic.ini").write_text(dedent(text), "utf-8")
        return load(cwd=tmp_path, environ=environ or {}, **arguments)

    return write_and_load


LINT = """
[asyncmig]
safe_rewrites = true
wait_for_transactions = 30s

[asyncmig.lint]
disable = trigger, rename
enable =
    style
    drop-column
start_after = ae10
small_table_rows = 500
fail_on = error

[asyncmig.lint.severity]
drop-column = error
"""

HEAD = "[alembic]\nscript_location = db\n"


def test_defaults(read, tmp_path):
    settings = read(HEAD)
    assert settings.script_location == tmp_path / "db"
    assert settings.prepend_sys_path == ()
    assert settings.section == "alembic"
    assert settings.config_path == tmp_path / "alembic.ini"
    assert settings.extra == {}


def test_every_key_of_alembic(read, tmp_path):
    settings = read(
        """
        [DEFAULT]
        base = %(here)s/base

        [alembic]
        script_location = %(base)s/db
        file_template = %%(year)d-%%(rev)s
        prepend_sys_path = .
        timezone = UTC
        truncate_slug_length = 20
        revision_environment = true
        sourceless = true
        path_separator = newline
        version_locations =
            %(here)s/one
            two
        recursive_version_locations = true
        output_encoding = utf-8
        databases = one, two
        sqlalchemy.url = postgresql://app:p%%40ss@db/app
        sqlalchemy.connect_args = {"timeout": 3}
        sqlalchemy.pool_size = 5
        version_table = v
        version_table_schema = s
        version_table_pk = false
        transaction_per_migration = false
        transactional_ddl = false
        compare_type = false
        compare_server_default = true
        include_schemas = true

        [post_write_hooks]
        hooks = Black, ruff
        black.type = console_scripts
        black.entrypoint = black
        black.options = -l 79 REVISION_SCRIPT_FILENAME
        ruff.type = exec
        ruff.executable = %(here)s/ruff
        ruff.cwd = sub

        [loggers]
        keys = root
        """
    )
    assert settings.script_location == tmp_path / "base/db"
    assert settings.file_template == "%(year)d-%(rev)s"
    assert settings.prepend_sys_path == (tmp_path,)
    assert settings.timezone == "UTC"
    assert settings.truncate_slug_length == 20
    assert settings.revision_environment
    assert settings.sourceless
    assert settings.version_locations == (tmp_path / "one", tmp_path / "two")
    assert settings.recursive_version_locations
    assert settings.databases == ("one", "two")
    assert settings.url == "postgresql://app:p%40ss@db/app"
    assert settings.url_source == f"{tmp_path}/alembic.ini, sqlalchemy.url"
    assert settings.connect_args == {"timeout": 3}
    assert settings.version_table == "v"
    assert settings.version_table_schema == "s"
    assert not settings.version_table_pk
    assert settings.transaction == "all"
    assert not settings.transactional_ddl
    assert not settings.compare_type
    assert settings.include_schemas
    assert settings.post_write_hooks == (
        PostWriteHook(
            name="Black",
            type="console_scripts",
            entrypoint="black",
            options="-l 79 REVISION_SCRIPT_FILENAME",
        ),
        PostWriteHook(
            name="ruff", type="exec", entrypoint=f"{tmp_path}/ruff", cwd=str(tmp_path / "sub")
        ),
    )
    assert settings.extra == {"base": f"{tmp_path}/base", "sqlalchemy.pool_size": "5"}


def test_users_own_options(read):
    settings = read(
        HEAD + "lock_timeout = mine\nhooks = mine\nrole = %(here)s\nbroken = 50%\nurl = 1\n"
        "compare_type = app.compare\nversion_table_pk = %%(x)s\ntransaction_per_migration = x\n"
        "sqlalchemy.connect_args = cls()\n"
    )
    assert settings.extra["lock_timeout"] == "mine"
    assert settings.extra["role"] == str(settings.config_path.parent)
    assert settings.extra["broken"] == "50%"
    assert settings.extra["compare_type"] == "app.compare"
    assert settings.extra["version_table_pk"] == "%(x)s"
    assert settings.extra["transaction_per_migration"] == "x"
    assert settings.extra["sqlalchemy.connect_args"] == "cls()"
    assert settings.role is None
    assert settings.compare_type is True


def test_empty_values_are_defaults(read):
    settings = read(HEAD + "timezone =\ntruncate_slug_length =\nversion_locations =\nmine =\n")
    assert settings.timezone is None
    assert settings.truncate_slug_length == 40
    assert settings.extra == {}


def test_our_own_section(read, tmp_path):
    settings = read(
        """
        [DEFAULT]
        word = xy
        role = default

        [alembic]
        script_location = db
        version_table = one

        [asyncmig]
        version_table = two
        lock_timeout = 3s
        application_name = %(word)s-${PART}
        sslrootcert = root.pem
        role = mine
        """,
        environ={"PART": "z"},
    )
    assert settings.version_table == "two"
    assert settings.lock_timeout == 3.0
    assert settings.application_name == "xy-z"
    assert settings.sslrootcert == tmp_path / "root.pem"
    assert settings.role == "mine"


def test_our_own_section_is_strict(read, tmp_path):
    with pytest.raises(ConfigKeyError) as caught:
        read(HEAD + "lock_timout = 1\n[asyncmig]\nlock_timout = 1\n")
    assert str(caught.value) == (
        f"{tmp_path}/alembic.ini:5: [asyncmig] lock_timout is not a key of asyncmig"
    )


@pytest.mark.parametrize(
    ("separator", "written", "expected"),
    [
        ("path_separator = os", os.pathsep.join(["a", " b "]), ["a", "b"]),
        ("path_separator = :", "a::b", ["a", "b"]),
        ("path_separator = ;", "a;b c", ["a", "b c"]),
        ("path_separator = space", "a  b", ["a", "b"]),
        ("path_separator = newline", "a\n  b", ["a", "b"]),
        ("version_path_separator = ;", "a;b", ["a", "b"]),
        ("path_separator = :\nversion_path_separator = ;", "a:b;c", ["a", "b;c"]),
        ("", "a b, c,d", ["a", "b", "c", "d"]),
    ],
)
def test_separators(read, tmp_path, separator, written, expected):
    settings = read(f"{HEAD}version_locations = {written}\n{separator}\n")
    assert settings.version_locations == tuple(tmp_path / name for name in expected)


def test_legacy_separators_of_sys_path(read, tmp_path):
    """Without path_separator a colon separates as well, and version_path_separator means nothing."""
    settings = read(f"{HEAD}prepend_sys_path = a:b c\nversion_path_separator = ;\n")
    assert settings.prepend_sys_path == (tmp_path / "a", tmp_path / "b", tmp_path / "c")


def test_unknown_separator(read):
    with pytest.raises(
        ConfigKeyError, match="path_separator must be one of space, newline"
    ) as caught:
        read(HEAD + "version_locations = a\npath_separator = comma\n")
    assert caught.value.fields()["line"] == 4


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("file_template = %(her)s", "[alembic] file_template refers to %(her)s", "mean %(here)s?"),
        ("file_template = %(zzzz)s", "refers to %(zzzz)s, which is not defined", "as %%"),
        ("file_template = 50%", "percent sign that does not start a %(name)s", "as %%"),
        ("sourceless = maybe", "sourceless must be true or false, not 'maybe'", None),
        ("truncate_slug_length = x", "must be a whole number, 1 or more", None),
    ],
)
def test_wrong_values(read, tmp_path, line, message, hint):
    with pytest.raises(ConfigKeyError) as caught:
        read(HEAD + line)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/alembic.ini:3: [alembic] ")
    assert hint is None or hint in caught.value.hint


def test_a_wrong_url_is_kept_for_who_needs_it(read):
    settings = read(HEAD + "sqlalchemy.url = postgresql://a:50%s3cr3t@db/app\n")
    assert settings.valid_url is None
    assert isinstance(settings.url, InvalidUrl)
    assert settings.valid_url is None
    error = settings.url.error
    assert "sqlalchemy.url has a percent sign" in str(error)
    assert "%%40" in error.hint
    assert "s3cr3t" not in f"{error}{error.hint}{settings!r}"


@pytest.mark.parametrize(
    ("hooks", "message"),
    [
        ("hooks = black", "names the hook 'black', which has no black.type"),
        ("hooks = black\nblack.options = x", "has the hook 'black' without a type"),
        (
            "hooks = black\nblack.type = %(nope)s",
            "[post_write_hooks] black.type refers to %(nope)s",
        ),
    ],
)
def test_wrong_hooks(read, hooks, message):
    with pytest.raises(ConfigKeyError) as caught:
        read(f"{HEAD}[post_write_hooks]\n{hooks}\n")
    assert message in str(caught.value)


def test_no_hooks(read):
    assert read(HEAD + "[post_write_hooks]\n# hooks = black\n").post_write_hooks == ()


def test_package_location(read):
    import asyncmig.render

    settings = read("[alembic]\nscript_location = asyncmig.render:templates\n")
    assert settings.script_location == Path(asyncmig.render.__path__[0]) / "templates"


def test_paths_start_from_the_working_directory(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/alembic.ini").write_text(HEAD + "version_locations = %(here)s/v\n")
    settings = load("sub/alembic.ini", cwd=tmp_path, environ={})
    assert settings.script_location == tmp_path / "db"
    assert settings.version_locations == (tmp_path / "sub/v",)


@pytest.mark.parametrize("text", ["", "[alembic]\n", "[other]\nscript_location = x\n"])
def test_no_script_location(read, text):
    with pytest.raises(
        ConfigKeyError, match="does not say where the revision scripts are"
    ) as caught:
        read(text)
    assert caught.value.fields()["key"] == "script_location"


class TestSections:
    TEXT = """
        [DEFAULT]
        file_template = default

        [alembic]
        script_location = db
        version_table = common

        [whole]
        script_location = other

        [engine]
        sqlalchemy.url = postgresql://engine

        [logger_root]
        level = WARN
    """

    def test_a_whole_section_stands_alone(self, read, tmp_path):
        settings = read(self.TEXT, name="whole")
        assert settings.script_location == tmp_path / "other"
        assert settings.version_table == "alembic_version"
        assert settings.file_template == "default"
        assert settings.section == "whole"

    def test_a_section_without_scripts_is_a_database(self, read, tmp_path):
        settings = read(self.TEXT, name="engine")
        assert settings.script_location == tmp_path / "db"
        assert settings.version_table == "common"
        assert settings.url == "postgresql://engine"

    def test_alembics_default_name(self, read):
        assert read(self.TEXT, name="alembic").version_table == "common"

    def test_unknown(self, read):
        with pytest.raises(ConfigError, match="has no database or section 'engin'") as caught:
            read(self.TEXT, name="engin")
        assert caught.value.hint == "did you mean 'engine'? it has alembic, whole, engine"

    def test_without_a_main_section(self, read, tmp_path):
        settings = read("[only]\nscript_location = x\n", name="only")
        assert settings.script_location == tmp_path / "x"


class TestNotIni:
    @pytest.mark.parametrize(
        ("text", "line", "what"),
        [
            ("s3cr3t = 1\n", 1, "a line before the first [section]"),
            ("[alembic]\ns3cr3t\n", 2, "a line that is not key = value"),
            ("[alembic]\na = 1\na = s3cr3t\n", 3, "a key that is written twice"),
            ("[alembic]\n[alembic]\n", 2, "a section that is written twice"),
        ],
        ids=["no section", "no value", "twice", "section twice"],
    )
    def test_text(self, read, text, line, what):
        with pytest.raises(ConfigError, match="not an ini file") as caught:
            read(text)
        assert caught.value.fields()["line"] == line
        assert str(caught.value).endswith(f"alembic.ini:{line}: not an ini file: {what}")
        assert "s3cr3t" not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}"

    def test_encoding(self, tmp_path):
        (tmp_path / "alembic.ini").write_bytes(HEAD.encode() + b"timezone = \xff")
        with pytest.raises(ConfigError, match="not encoded as UTF-8"):
            load(cwd=tmp_path, environ={})

    def test_byte_order_mark(self, tmp_path):
        (tmp_path / "alembic.ini").write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
        assert load(cwd=tmp_path, environ={}).script_location == tmp_path / "db"

    def test_unreadable(self, read, tmp_path, monkeypatch):
        read(HEAD)

        def refuse(*_: object, **__: object) -> str:
            raise OSError("Broken")

        monkeypatch.setattr(Path, "read_text", refuse)
        with pytest.raises(ConfigError, match=r"alembic.ini cannot be read: broken"):
            load(cwd=tmp_path, environ={})


class TestToml:
    @pytest.fixture
    def read_toml(self, tmp_path):
        def write_and_load(text: str, **arguments: object):
            (tmp_path / "pyproject.toml").write_text(f"[tool.alembic]\n{dedent(text)}", "utf-8")
            return load(cwd=tmp_path, environ={}, **arguments)

        return write_and_load

    def test_keys(self, read_toml, tmp_path):
        settings = read_toml(
            """
            script_location = "%(here)s/db"
            file_template = "%%(year)d-%%(rev)s"
            prepend_sys_path = [".", "%(here)s/src"]
            version_locations = ["%(here)s/one", "two"]
            recursive_version_locations = true
            truncate_slug_length = 20
            "sqlalchemy.url" = "postgresql://db/app"
            mine = "%(here)s"
            number = 3
            flag = true
            off = false
            broken = "50%"
            [[tool.alembic.post_write_hooks]]
            name = "ruff"
            type = "exec"
            executable = "%(here)s/ruff"
            """
        )
        assert settings.script_location == tmp_path / "db"
        assert settings.file_template == "%(year)d-%(rev)s"
        assert settings.prepend_sys_path == (tmp_path, tmp_path / "src")
        assert settings.version_locations == (tmp_path / "one", tmp_path / "two")
        assert settings.truncate_slug_length == 20
        assert settings.url == "postgresql://db/app"
        assert settings.post_write_hooks[0].entrypoint == f"{tmp_path}/ruff"
        assert settings.extra == {
            "mine": str(tmp_path),
            "number": "3",
            "flag": "true",
            "off": "false",
            "broken": "50%",
        }
        assert settings.config_path == tmp_path / "pyproject.toml"

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ('script_location = "%(her)s/db"', "refers to %(her)s, which is not defined"),
            ('script_location = "50%"', "percent sign that does not start a %(name)s"),
            ('script_location = "%(here)d"', "percent sign that does not start a %(name)s"),
        ],
    )
    def test_wrong_interpolation(self, read_toml, line, message):
        with pytest.raises(ConfigKeyError) as caught:
            read_toml(line)
        assert message in str(caught.value)
        assert caught.value.fields()["line"] == 2

    def test_the_ini_beside_it_goes_first(self, read_toml, tmp_path):
        (tmp_path / "alembic.ini").write_text(
            "[alembic]\nsqlalchemy.url = postgresql://ini\nversion_table = ini\n"
        )
        settings = read_toml('script_location = "db"\nversion_table = "toml"')
        assert settings.url == "postgresql://ini"
        assert settings.version_table == "ini"
        assert settings.script_location == tmp_path / "db"

    def test_hooks_of_the_ini_go_first_even_when_empty(self, read_toml, tmp_path):
        (tmp_path / "alembic.ini").write_text("[alembic]\n[post_write_hooks]\n")
        settings = read_toml(
            'script_location = "db"\n[[tool.alembic.post_write_hooks]]\nname = "a"\ntype = "b"'
        )
        assert settings.post_write_hooks == ()

    def test_a_named_ini_finds_the_toml(self, read_toml, tmp_path):
        (tmp_path / "other.ini").write_text("[alembic]\nversion_table = ini\n")
        settings = read_toml('script_location = "db"', path="other.ini")
        assert settings.script_location == tmp_path / "db"
        assert settings.version_table == "ini"

    def test_a_named_toml_finds_the_ini(self, read_toml, tmp_path):
        (tmp_path / "alembic.ini").write_text("[alembic]\nversion_table = ini\n")
        settings = read_toml('script_location = "db"', path="pyproject.toml")
        assert settings.version_table == "ini"

    def test_both_named(self, read_toml, tmp_path):
        (tmp_path / "other.ini").write_text("[alembic]\nversion_table = ini\n")
        for order in (["other.ini", "pyproject.toml"], ["pyproject.toml", Path("other.ini")]):
            assert read_toml('script_location = "db"', path=order).version_table == "ini"

    def test_a_name_needs_an_ini(self, read_toml):
        with pytest.raises(ConfigError, match="has no database or section 'x'"):
            read_toml('script_location = "db"', name="x")
        assert read_toml('script_location = "db"', name="alembic").section == "alembic"

    def test_no_script_location(self, read_toml):
        with pytest.raises(ConfigKeyError, match=r"pyproject.toml does not say where"):
            read_toml("")

    def test_elsewhere(self, tmp_path):
        (tmp_path / "other.toml").write_text('[tool.alembic]\nscript_location = "%(here)s/db"\n')
        settings = load("other.toml", cwd=tmp_path, environ={})
        assert settings.script_location == tmp_path / "db"


class TestSearch:
    def test_nothing(self, tmp_path):
        with pytest.raises(
            ConfigNotFoundError, match=f"no configuration in {tmp_path}: "
        ) as caught:
            load(cwd=tmp_path, environ={})
        assert caught.value.hint.startswith("run 'asyncmig init migrations'")

    @pytest.mark.parametrize("name", ["alembic.ini", "asyncmig.toml"])
    def test_folders_above_are_named_not_searched(self, tmp_path, name):
        (tmp_path / name).write_text(HEAD)
        below = tmp_path / "a/b"
        below.mkdir(parents=True)
        with pytest.raises(ConfigNotFoundError) as caught:
            load(cwd=below, environ={})
        assert f"go to {tmp_path}, or give -c {tmp_path / name}" in caught.value.hint

    def test_order(self, tmp_path):
        (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = ini\n")
        assert load(cwd=tmp_path, environ={}).script_location == tmp_path / "ini"
        (tmp_path / "pyproject.toml").write_text("[project]\nname = 'alembic-like'\n")
        assert load(cwd=tmp_path, environ={}).script_location == tmp_path / "ini"
        (tmp_path / "pyproject.toml").write_text("[tool.alembic]\nfile_template = 'x'\n")
        assert load(cwd=tmp_path, environ={}).file_template == "x"
        (tmp_path / "pyproject.toml").write_text(
            "[tool.alembic]\nfile_template = 'x'\n[tool.asyncmig]\nrole = 'a'\n"
        )
        settings = load(cwd=tmp_path, environ={})
        assert (settings.role, settings.file_template) == ("a", "%(rev)s_%(slug)s")
        (tmp_path / "asyncmig.toml").write_text("role = 'b'\n")
        assert load(cwd=tmp_path, environ={}).role == "b"

    def test_another_pyproject_is_not_parsed(self, tmp_path):
        (tmp_path / "alembic.ini").write_text(HEAD)
        (tmp_path / "pyproject.toml").write_text("[this is no TOML")
        assert load(cwd=tmp_path, environ={}).script_location == tmp_path / "db"

    def test_environment(self, tmp_path):
        (tmp_path / "asyncmig.toml").write_text("role = 'found'\n")
        (tmp_path / "a.toml").write_text("role = 'a'\n")
        (tmp_path / "b.ini").write_text("[alembic]\nscript_location = b\n")
        environ = {"ALEMBIC_CONFIG": "b.ini"}
        assert load(cwd=tmp_path, environ=environ).script_location == tmp_path / "b"
        environ["ASYNCMIG_CONFIG"] = str(tmp_path / "a.toml")
        assert load(cwd=tmp_path, environ=environ).role == "a"
        assert load("b.ini", cwd=tmp_path, environ=environ).script_location == tmp_path / "b"
        assert load(cwd=tmp_path, environ={"ASYNCMIG_CONFIG": ""}).role == "found"

    @pytest.mark.parametrize(
        ("path", "environ", "how"),
        [
            ("nope.toml", {}, "given with -c"),
            (["nope.ini"], {}, "given with -c"),
            (None, {"ASYNCMIG_CONFIG": "nope"}, "named by ASYNCMIG_CONFIG"),
            (None, {"ALEMBIC_CONFIG": "nope"}, "named by ALEMBIC_CONFIG"),
        ],
    )
    def test_not_there(self, tmp_path, path, environ, how):
        (tmp_path / "asyncmig.toml").write_text("")
        with pytest.raises(ConfigNotFoundError) as caught:
            load(path, cwd=tmp_path, environ=environ)
        assert f"there is no configuration file {tmp_path}/nope" in str(caught.value)
        assert str(caught.value).endswith(f"({how})")

    @pytest.mark.parametrize("names", [["a.ini", "b.cfg"], ["a.toml", "b.toml"]])
    def test_two_of_a_kind(self, tmp_path, names):
        with pytest.raises(ConfigError, match="are two configuration files of one kind"):
            load(names, cwd=tmp_path, environ={})

    def test_ours_and_an_ini(self, tmp_path):
        """Both given: the ini's keys go first, as with Alembic's pair."""
        (tmp_path / "a.toml").write_text(
            "role = 'a'\nversion_table = 'a'\n[databases.d]\nlock = false"
        )
        (tmp_path / "b.ini").write_text("[alembic]\nversion_table = b\n[e]\nversion_table = e\n")
        settings = load(["a.toml", "b.ini"], cwd=tmp_path, environ={})
        assert (settings.role, settings.version_table) == ("a", "b")
        assert settings.script_location == tmp_path / "migrations"
        assert not load(["a.toml", "b.ini"], name="d", cwd=tmp_path, environ={}).lock
        named = load(["a.toml", "b.ini"], name="e", cwd=tmp_path, environ={})
        assert named.version_table == "e"


@pytest.mark.parametrize("table", ["alembic", "asyncmig"])
def test_safe_rewrites(read, table):
    assert read(HEAD).safe_rewrites is False
    head = HEAD if table == "alembic" else f"{HEAD}[asyncmig]\n"
    assert read(f"{head}safe_rewrites = true\n").safe_rewrites is True
    assert read(f"{head}safe_rewrites = false\n").safe_rewrites is False
    with pytest.raises(ConfigKeyError, match="safe_rewrites must be true or false, not 'maybe'"):
        read(f"{head}safe_rewrites = maybe\n")


def test_lint_and_locks(read):
    settings = read(f"{HEAD}{LINT}")
    assert settings.safe_rewrites is True
    assert settings.wait_for_transactions == 30
    lint = settings.lint
    assert lint.disable == ("trigger", "rename")
    assert lint.enable == ("style", "drop-column")
    assert (lint.start_after, lint.small_table_rows, lint.fail_on) == ("ae10", 500, "error")
    assert lint.severity == {"drop-column": "error"}


def test_lint_without_the_section_above_it(read):
    settings = read(f"[DEFAULT]\nrule = trigger\n{HEAD}[asyncmig.lint]\ndisable = %(rule)s\n")
    assert settings.lint.disable == ("trigger",)
    assert settings.lint.fail_on == "warning"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("disabel = trigger", r"alembic.ini:\d: \[asyncmig.lint\] disabel is not a key of lint"),
        (
            "small_table_rows = many",
            r"small_table_rows must be a whole number, 0 or more, not 'many'",
        ),
        ("fail_on = always", r"fail_on must be one of"),
    ],
)
def test_wrong_lint_settings(read, lines, message):
    with pytest.raises(ConfigKeyError, match=message):
        read(f"{HEAD}[asyncmig.lint]\n{lines}\n")


def test_pyproject_of_alembic(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.alembic]\nscript_location = "db"\nsafe_rewrites = true\n'
    )
    assert load(cwd=tmp_path, environ={}).safe_rewrites is True
