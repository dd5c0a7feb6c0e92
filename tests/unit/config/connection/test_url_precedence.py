"""Which URL wins, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncmig.config import Settings, connect_arguments, database_url, load
from asyncmig.config.settings import InvalidUrl
from asyncmig.errors import ConfigKeyError, UrlError

FILE = "postgresql://file"
OURS = {"ASYNCMIG_URL": "postgresql://ours"}
USUAL = {"DATABASE_URL": "postgresql://usual"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "asyncmig.toml").write_text(
        f'url = "{FILE}"\n[databases.own]\nurl = "postgresql://own"\n[databases.none]\n'
    )
    return tmp_path


@pytest.mark.parametrize(
    ("given", "environ", "expected", "source"),
    [
        ("postgresql://given", OURS | USUAL, "given", "--url"),
        (None, OURS | USUAL, "ours", "ASYNCMIG_URL"),
        (None, USUAL, "usual", "DATABASE_URL"),
        (None, {}, "file", "asyncmig.toml, url"),
        (None, {"ASYNCMIG_URL": "", "DATABASE_URL": ""}, "file", "asyncmig.toml, url"),
    ],
)
def test_order(folder, given, environ, expected, source):
    settings = load(url=given, environ=environ, cwd=folder)
    assert settings.url == f"postgresql://{expected}"
    assert settings.url_source.endswith(source)


@pytest.mark.parametrize(
    ("name", "given", "environ", "expected"),
    [
        ("own", "postgresql://given", OURS | USUAL, "given"),
        ("own", None, OURS | USUAL, "ours"),
        ("own", None, USUAL, "own"),
        ("own", None, {}, "own"),
        ("none", None, USUAL, "usual"),
        ("none", None, {}, "file"),
    ],
)
def test_order_with_several_databases(folder, name, given, environ, expected):
    """DATABASE_URL names one database: it must not stand in for another one's own url."""
    settings = load(name=name, url=given, environ=environ, cwd=folder)
    assert settings.url == f"postgresql://{expected}"


def test_a_section_of_an_ini_is_a_database_too(tmp_path):
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = db\nsqlalchemy.url = postgresql://main\n"
        "[other]\nsqlalchemy.url = postgresql://other\n"
    )
    # of a project of Alembic's it is the project that reads DATABASE_URL
    assert load(environ=USUAL, cwd=tmp_path).url == "postgresql://main"
    assert (
        load(environ={"ASYNCMIG_URL": "postgresql://ours"}, cwd=tmp_path).url == "postgresql://ours"
    )
    assert load(environ=USUAL, cwd=tmp_path, name="other").url == "postgresql://other"


def test_a_missing_variable_stops_only_who_needs_the_url(tmp_path):
    (tmp_path / "asyncmig.toml").write_text('\nurl = "${DATABSE_URL}"')
    settings = load(environ={"DATABASE_UR": "x"}, cwd=tmp_path)
    assert settings.valid_url is None
    with pytest.raises(
        ConfigKeyError, match="toml:2: url needs the environment variable"
    ) as caught:
        database_url(settings)
    assert caught.value.fields()["nearest"] == "DATABASE_UR"
    assert caught.value.hint.startswith("did you mean DATABASE_UR? otherwise set DATABSE_URL, or ")
    assert caught.value.hint.endswith("; or set ASYNCMIG_URL")
    assert not isinstance(load(environ=USUAL, cwd=tmp_path).url, InvalidUrl)


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ('url = "postgresql://${USER_}:${PW}@db"', "postgresql://a:b@db"),
        ('url = "postgresql://db/${NAME:-app}"', "postgresql://db/app"),
        ('url = "postgresql://a:$$x@db"', "postgresql://a:$$x@db"),
    ],
)
def test_interpolated(tmp_path, toml, expected):
    (tmp_path / "asyncmig.toml").write_text(toml)
    assert load(environ={"USER_": "a", "PW": "b"}, cwd=tmp_path).url == expected


@pytest.mark.parametrize("value", ["3", "[]", "''"])
def test_no_text(tmp_path, value):
    (tmp_path / "asyncmig.toml").write_text(f"url = {value}")
    with pytest.raises(
        ConfigKeyError, match=r"asyncmig.toml:1: url (must be text|is empty)"
    ) as caught:
        database_url(load(environ={}, cwd=tmp_path))
    assert caught.value.hint.endswith("set ASYNCMIG_URL")


def test_alembics_files_interpolate_the_url_alone(tmp_path):
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = ${HERE}\nsqlalchemy.url = postgresql://${HOST}/app\n"
    )
    settings = load(environ={"HOST": "db"}, cwd=tmp_path)
    assert settings.url == "postgresql://db/app"
    assert settings.script_location == tmp_path / "${HERE}"
    (tmp_path / "alembic.ini").unlink()
    (tmp_path / "pyproject.toml").write_text(
        "[tool.alembic]\nscript_location = '${HERE}'\n'sqlalchemy.url' = 'postgresql://${HOST}'\n"
    )
    settings = load(environ={"HOST": "db"}, cwd=tmp_path)
    assert settings.url == "postgresql://db"
    assert settings.script_location == tmp_path / "${HERE}"


class TestNone:
    def test_said(self):
        with pytest.raises(UrlError, match=r"^no database url$") as caught:
            database_url(Settings())
        assert caught.value.hint.startswith("set ASYNCMIG_URL or DATABASE_URL")

    def test_said_with_the_file(self, tmp_path):
        with pytest.raises(UrlError, match=r"^no database url in /x/asyncmig.toml$"):
            database_url(Settings(config_path=Path("/x/asyncmig.toml")))

    def test_several_databases_are_named(self):
        with pytest.raises(UrlError) as caught:
            database_url(Settings(databases=("a", "b")))
        assert caught.value.hint.startswith("choose a database by its name: a, b; or set")


def test_the_source_is_said():
    with pytest.raises(UrlError, match=r"the database url \(from DATABASE_URL\) is MySQL's"):
        database_url(Settings(url="mysql://x", url_source="DATABASE_URL"))


class TestConnectArguments:
    def test_defaults(self):
        assert connect_arguments(Settings(url="postgresql://a:b@db:1/app")) == {
            "host": "db",
            "port": 1,
            "user": "a",
            "password": "b",
            "database": "app",
            "timeout": 10.0,
            "command_timeout": None,
            "statement_cache_size": 0,
            "server_settings": {"application_name": "asyncmig"},
        }

    def test_the_url_goes_before_the_keys(self):
        found = connect_arguments(
            Settings(
                url="postgresql://db?connect_timeout=3&application_name=url&sslmode=require"
                "&command_timeout=4&statement_cache_size=5",
                connect_timeout=1.0,
                command_timeout=1.0,
                application_name="key",
                sslmode="disable",
            )
        )
        assert found == {
            "host": "db",
            "timeout": 3.0,
            "command_timeout": 4.0,
            "statement_cache_size": 5,
            "ssl": "require",
            "server_settings": {"application_name": "url"},
        }

    def test_zero_is_no_limit(self):
        found = connect_arguments(
            Settings(url="postgresql://db", connect_timeout=0.0, command_timeout=0.0)
        )
        assert (found["timeout"], found["command_timeout"]) == (None, None)
        found = connect_arguments(
            Settings(url="postgresql://db?connect_timeout=0&command_timeout=0", command_timeout=5.0)
        )
        assert (found["timeout"], found["command_timeout"]) == (None, None)

    def test_connect_args_go_before_the_url(self):
        found = connect_arguments(
            Settings(
                url="postgresql://db?connect_timeout=3&application_name=url&options=-cx%3Dy",
                connect_args={
                    "timeout": 9,
                    "host": "other",
                    "server_settings": {"application_name": "args", "jit": "off"},
                },
            )
        )
        assert found["timeout"] == 9
        assert found["host"] == "other"
        assert found["server_settings"] == {
            "application_name": "args",
            "jit": "off",
            "options": "-cx=y",
        }

    def test_certificates(self):
        settings = Settings(
            url="postgresql://db?sslcert=/url.pem",
            sslmode="verify-full",
            sslrootcert=Path("/root.pem"),
            sslcert=Path("/me.pem"),
            sslkey=Path("/me.key"),
        )
        found = connect_arguments(settings)
        assert found["ssl"] == "verify-full"
        dsn = "postgresql://?sslrootcert=%2Froot.pem&sslcert=%2Furl.pem&sslkey=%2Fme.key"
        assert found["dsn"] == dsn

    def test_what_the_session_sets_itself(self):
        """A pooler refuses these at connect."""
        found = connect_arguments(
            Settings(url="postgresql://db", role="r", search_path="s", lock_timeout=1.0)
        )
        assert found["server_settings"] == {"application_name": "asyncmig"}


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 4242"), OSError()])
def test_a_process_whose_user_has_no_name(monkeypatch, error):
    def getuser():
        raise error

    monkeypatch.setattr("getpass.getuser", getuser)
    monkeypatch.delenv("PGUSER", raising=False)
    with pytest.raises(UrlError, match="names no user, and the user of this process has no name"):
        connect_arguments(Settings(url="postgresql://localhost/x"))
    assert connect_arguments(Settings(url="postgresql://app@localhost/x"))["user"] == "app"
