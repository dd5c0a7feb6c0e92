"""PostgreSQL URLs: what is read, what asyncpg and SQLAlchemy are given, what is refused."""

from __future__ import annotations

import asyncpg.connect_utils
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.engine import make_url

from asyncmig.config.connection.url import DatabaseUrl, Host, parse_url
from asyncmig.errors import UrlError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://", {}),
        ("postgres://db", {"host": "db"}),
        ("postgresql://db/", {"host": "db"}),
        ("  postgresql://db/app \n", {"host": "db", "database": "app"}),
        ("POSTGRESQL://db/app", {"host": "db", "database": "app"}),
        ("postgresql+asyncpg://app@db:6432/app",
         {"host": "db", "port": 6432, "user": "app", "database": "app"}),
        ("postgresql+psycopg2://a:b@db/app",
         {"host": "db", "user": "a", "password": "b", "database": "app"}),
        ("postgresql+psycopg://db/app", {"host": "db", "database": "app"}),
        ("postgresql+pg8000://db/app", {"host": "db", "database": "app"}),
        ("postgresql://a:@db/app", {"host": "db", "user": "a", "password": "", "database": "app"}),
        ("postgresql://:pw@db", {"host": "db", "password": "pw"}),
        ("postgresql://a%40b:p%3Aq%2Fr%40@db/my%20app",
         {"host": "db", "user": "a@b", "password": "p:q/r@", "database": "my app"}),
        ("postgresql://a:p@ss@db/app",
         {"host": "db", "user": "a", "password": "p@ss", "database": "app"}),
        ("postgresql://a:p#s$s@db/app",
         {"host": "db", "user": "a", "password": "p#s$s", "database": "app"}),
        ("postgresql://[::1]:5433/app", {"host": "::1", "port": 5433, "database": "app"}),
        ("postgresql://[fe80::1%25eth0]/app", {"host": "fe80::1%eth0", "database": "app"}),
        ("postgresql://:5433/app", {"port": 5433, "database": "app"}),
        ("postgresql:///app?host=/var/run/postgresql",
         {"host": "/var/run/postgresql", "database": "app"}),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/app",
         {"host": "/var/run/postgresql", "database": "app"}),
        ("postgresql:///app?host=/tmp&port=5433", {"host": "/tmp", "port": 5433, "database": "app"}),
        ("postgresql://a@:5433/app?host=/tmp",
         {"host": "/tmp", "port": 5433, "user": "a", "database": "app"}),
        ("postgresql://one,two/app", {"host": ["one", "two"], "database": "app"}),
        ("postgresql://one:1,two:2/app",
         {"host": ["one", "two"], "port": [1, 2], "database": "app"}),
        ("postgresql://one,two:2/app",
         {"host": ["one", "two"], "port": [5432, 2], "database": "app"}),
        ("postgresql://[::1],[::2]:9/app",
         {"host": ["::1", "::2"], "port": [5432, 9], "database": "app"}),
        ("postgresql:///app?host=one:1&host=two:2",
         {"host": ["one", "two"], "port": [1, 2], "database": "app"}),
        ("postgresql:///app?host=one,two&port=7",
         {"host": ["one", "two"], "port": [7, 7], "database": "app"}),
        ("postgresql://one,:7/app",
         {"host": ["one", "localhost"], "port": [5432, 7], "database": "app"}),
        ("postgresql://db/app?user=a&password=b&dbname=other",
         {"host": "db", "user": "a", "password": "b", "database": "other"}),
        ("postgresql://db/app?database=other", {"host": "db", "database": "other"}),
        ("postgresql:///app?hostaddr=10.0.0.1", {"host": "10.0.0.1", "database": "app"}),
        ("postgresql://db/app?", {"host": "db", "database": "app"}),
        ("postgresql://db/app?user=&", {"host": "db", "database": "app"}),
    ],
)  # fmt: skip
def test_address(text, expected):
    assert parse_url(text).to_asyncpg() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host=db dbname=app", {"host": "db", "database": "app"}),
        ("host = db  port=5433 user=a", {"host": "db", "port": 5433, "user": "a"}),
        (r"host=db password='it''s'", None),
        (r"host=db password='it\'s a \\ pass'", {"host": "db", "password": r"it's a \ pass"}),
        (r"host=db password=a\ b", {"host": "db", "password": "a b"}),
        ("host=db password=''", {"host": "db"}),
        ("host=::1 dbname='my app'", {"host": "::1", "database": "my app"}),
        ("host=one,two port=1,2", {"host": ["one", "two"], "port": [1, 2]}),
        ("host=/tmp sslmode=disable", {"host": "/tmp", "ssl": "disable"}),
        ("host=db nonsense", None),
        ("host=db password='open", None),
    ],
)
def test_keyword_form(text, expected):
    if expected is None:
        with pytest.raises(UrlError, match="cannot be read as host=") as caught:
            parse_url(text)
        assert "quotes" in caught.value.hint
    else:
        assert parse_url(text).to_asyncpg() == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sslmode=require", {"ssl": "require"}),
        ("ssl=verify-full", {"ssl": "verify-full"}),
        ("ssl=false", {"ssl": "disable"}),
        ("ssl=0", {"ssl": "disable"}),
        ("connect_timeout=3", {"timeout": 3.0}),
        ("connect_timeout=0", {"timeout": None}),
        ("timeout=2.5", {"timeout": 2.5}),
        ("command_timeout=30", {"command_timeout": 30.0}),
        ("statement_cache_size=0", {"statement_cache_size": 0}),
        ("prepared_statement_cache_size=0", {"statement_cache_size": 0}),
        ("prepared_statement_cache_size=0&statement_cache_size=7", {"statement_cache_size": 7}),
        ("max_cached_statement_lifetime=9", {"max_cached_statement_lifetime": 9}),
        ("target_session_attrs=primary", {"target_session_attrs": "primary"}),
        ("passfile=/p", {"passfile": "/p"}),
        ("application_name=a+b", {"server_settings": {"application_name": "a b"}}),
        ("fallback_application_name=b", {"server_settings": {"application_name": "b"}}),
        ("application_name=a&fallback_application_name=b",
         {"server_settings": {"application_name": "a"}}),
        ("options=-csearch_path%3Dx", {"server_settings": {"options": "-csearch_path=x"}}),
        ("search_path=x&work_mem=4MB",
         {"server_settings": {"search_path": "x", "work_mem": "4MB"}}),
        ("sslrootcert=/a b.pem", {"dsn": "postgresql://?sslrootcert=%2Fa+b.pem"}),
        ("sslmode=verify-ca&sslrootcert=/c", {"ssl": "verify-ca",
                                              "dsn": "postgresql://?sslrootcert=%2Fc"}),
        ("service=main", {"dsn": "postgresql://?service=main"}),
        ("channel_binding=prefer&keepalives_idle=5&pool_size=3", {}),
    ],
)  # fmt: skip
def test_arguments(query, expected):
    found = parse_url(f"postgresql://db?{query}").to_asyncpg()
    assert found == {"host": "db", **expected}


def test_ignored_arguments_are_named():
    url = parse_url("postgresql://db?channel_binding=disable&application_name=a&pgbouncer=true")
    assert url.ignored == ("channel_binding", "pgbouncer")
    assert dict(url.arguments) == {"application_name": "a"}


SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        (f"jdbc:postgresql://db/app?password={SECRET}", "is written for JDBC"),
        (f"app:{SECRET}@db/app", "has no 'postgresql://' in front"),
        (f"db/app?password={SECRET}", "has no 'postgresql://' in front"),
        (f"//app:{SECRET}@db", "has no 'postgresql://' in front"),
        (f"driver://app:{SECRET}@db/x", "template's placeholder"),
        (f"mysql://app:{SECRET}@db/x", "is MySQL's"),
        (f"mysql+aiomysql://app:{SECRET}@db/x", "is MySQL's"),
        (f"mariadb+pymysql://app:{SECRET}@db/x", "is MariaDB's"),
        ("sqlite:///app.db", "is SQLite's"),
        ("sqlite+aiosqlite://", "is SQLite's"),
        (f"oracle+oracledb://app:{SECRET}@db", "is Oracle's"),
        (f"mssql+pyodbc://app:{SECRET}@db", "is Microsoft SQL Server's"),
        (f"cockroachdb://app:{SECRET}@db", "is CockroachDB's"),
        (f"postgrseql://app:{SECRET}@db", "unknown scheme 'postgrseql'"),
        (f"postgresql://app:{SECRET}/x@db/app", "'@' after the host"),
        (f"postgresql://app:{SECRET}?x@db/app", "'@' after the host"),
        (f"postgresql://app:x@{SECRET}/@db/app", "'@' after the host"),
        (f"postgresql://app:{SECRET}/app", "port that is not a number"),
        (f"postgresql://app:1:{SECRET}/app", "several colons"),
        ("postgresql://db:0/app", "port that is not a number"),
        ("postgresql://db:65536/app", "port that is not a number"),
        ("postgresql://db:٣/app", "port that is not a number"),
        ("postgresql://one:1,two:x/app", "port that is not a number"),
        ("host=a\0", "zero byte"),
        ("host='a b'", "character in it that no host's name has"),
        ("postgresql://%2520%40/app", "character in it that no host's name has"),
        ("postgresql:///app?host=one,two,three&port=1,2", "has 3 hosts and 2 ports"),
        ("postgresql://[::1/app", "closing bracket"),
        ("postgresql://[::1]x/app", "closing bracket"),
        (f"postgresql://app:{SECRET}%@db/app", "percent sign that encodes nothing"),
        (f"postgresql://app:{SECRET}%zz@db/app", "percent sign that encodes nothing"),
        (f"postgresql://app:{SECRET}%ff@db/app", "not UTF-8"),
        (f"postgresql://app:{SECRET}%00@db/app", "zero byte"),
        (f"postgresql://db/app?{SECRET}", "argument without '='"),
        (f"postgresql://db/app?sslmode={SECRET}", "'sslmode' with an unknown value"),
        ("postgresql://db/app?ssl=true", "'ssl' with an unknown value"),
        ("postgresql://db/app?sslmode=off", "'sslmode' with an unknown value"),
        (f"postgresql://db/app?target_session_attrs={SECRET}", "'target_session_attrs'"),
        (f"postgresql://db/app?connect_timeout={SECRET}", "is not a number of seconds"),
        ("postgresql://db/app?connect_timeout=-1", "is not a number of seconds"),
        ("postgresql://db/app?connect_timeout=nan", "is not a number of seconds"),
        ("postgresql://db/app?connect_timeout=inf", "is not a number of seconds"),
        ("postgresql://db/app?statement_cache_size=1.5", "is not a whole number"),
        ("postgresql://db/app?schema=public", "'schema', which PostgreSQL does not know"),
        ("jdbc:x", "is written for JDBC"),
        ("postgresql://db/app?currentSchema=x", "'currentSchema'"),
        ("postgresql://db/app?sslaccept=strict", "'sslaccept'"),
    ],
)
def test_refused(text, message):
    with pytest.raises(UrlError) as caught:
        parse_url(text, source="DATABASE_URL")
    error = caught.value
    assert message in str(error)
    assert str(error).startswith("the database url (from DATABASE_URL) ")
    assert error.hint
    assert error.fields() == {"source": "DATABASE_URL"}
    shown = f"{error}{error.hint}{error!r}{error.fields()}"
    assert SECRET not in shown


def test_message_without_a_source():
    with pytest.raises(UrlError, match=r"^the database url is empty$"):
        parse_url("")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://", "postgresql://"),
        ("postgres://a:pw@db:1/app", "postgresql://a:***@db:1/app"),
        ("postgres://a:@db", "postgresql://a:***@db"),
        ("postgres://a@db", "postgresql://a@db"),
        ("postgres://:pw@db", "postgresql://:***@db"),
        ("postgres://db?password=pw&sslpassword=x&sslmode=require",
         "postgresql://:***@db?sslpassword=***&sslmode=require"),
        ("postgres:///app?host=/tmp&port=1", "postgresql://%2Ftmp:1/app"),
        ("postgres://[::1]:1,b/app?passfile=/x", "postgresql://[::1]:1,b/app?passfile=***"),
        ("postgres://:1/app", "postgresql://:1/app"),
        ("postgres://[fe80::1%25eth0]/app", "postgresql://[fe80::1%25eth0]/app"),
    ],
)  # fmt: skip
def test_redacted(text, shown):
    url = parse_url(text)
    assert url.redacted() == shown
    assert str(url) == shown
    assert "pw" not in repr(url)


def test_repr_has_no_secret():
    url = parse_url(f"postgresql://a:{SECRET}@db/app?sslpassword={SECRET}")
    assert SECRET not in repr(url)
    assert "'a'" in repr(url)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://",
        "postgresql://db",
        "postgresql://a:p%40%2F%3A%25%2B@db:6432/my%20%2Fapp",
        "postgresql://a@[::1]:5433/app",
        "postgresql://:5433/app",
        "postgresql:///app?host=/tmp",
        "postgresql://a:b@%2Ftmp:5433/app",
        "postgresql://a:b@one:1,two/app?target_session_attrs=any",
        "postgresql://[::1],[::2]/app",
        "postgresql://db/app?sslmode=require&application_name=x y&options=-cwork_mem%3D4MB",
        "postgresql://db?sslrootcert=/c.pem&sslmode=verify-full",
        "postgresql://db/app?connect_timeout=3&statement_cache_size=0&command_timeout=9",
        "postgresql://db/app?prepared_statement_cache_size=0",
    ],
)
def test_sqlalchemy_connects_as_asyncpg_does(text):
    """What SQLAlchemy makes of our URL is what we give to asyncpg ourselves."""
    url = parse_url(text)
    arguments = dialect().create_connect_args(make_url(url.to_sqlalchemy()))[1]
    arguments |= url.sqlalchemy_connect_args()
    ours = url.to_asyncpg()
    # SQLAlchemy keeps the size of its own cache to itself.
    if "prepared_statement_cache_size" in arguments:
        arguments["statement_cache_size"] = arguments.pop("prepared_statement_cache_size")
    assert _as_asyncpg_reads(arguments) == _as_asyncpg_reads(ours)


def _as_asyncpg_reads(arguments):
    plain = dict.fromkeys(
        ("dsn", "host", "port", "user", "password", "passfile", "database", "ssl", "service",
         "servicefile", "direct_tls", "server_settings", "target_session_attrs", "krbsrvname",
         "gsslib")
    )  # fmt: skip
    rest = {name: value for name, value in arguments.items() if name not in plain}
    given = plain | {name: value for name, value in arguments.items() if name in plain}
    if given["dsn"] and "sslrootcert" in given["dsn"]:
        # Reading it would open the file.
        return arguments.get("ssl"), "sslrootcert=%2Fc.pem" in given["dsn"]
    addresses, parameters = asyncpg.connect_utils._parse_connect_dsn_and_args(**given)
    said = {
        name: getattr(parameters, name)
        for name in ("user", "password", "database", "sslmode", "target_session_attrs")
    }
    return addresses, said, parameters.server_settings or {}, rest


@given(
    user=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
    password=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    database=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
)
@example(user="a:b", password="a@b/c?d#e%f+g h", database="a/b?c%d")
def test_any_login_survives(user, password, database):
    url = DatabaseUrl(user=user, password=password, hosts=(Host("db", 1),), database=database)
    assert parse_url(url.to_sqlalchemy()) == url
    sqlalchemy = make_url(url.to_sqlalchemy())
    assert (sqlalchemy.username, sqlalchemy.password) == (user, password)
    arguments = dialect().create_connect_args(sqlalchemy)[1] | url.sqlalchemy_connect_args()
    assert arguments["database"] == database


@given(st.text())
@example("postgresql://%@")
@example("postgresql://[]")
@example("postgresql://a:b@[::1]:/x")
def test_any_text_is_read_or_refused(text):
    for prefix in ("", "postgresql://", "host="):
        try:
            url = parse_url(prefix + text)
        except UrlError:
            continue
        url.to_asyncpg()
        url.to_sqlalchemy()
        assert parse_url(url.redacted()).hosts == url.hosts


def test_defaults_do_not_override():
    url = parse_url("postgresql://db?sslmode=require")
    changed = url.with_defaults({"sslmode": "disable", "sslcert": "/c"})
    assert dict(changed.arguments) == {"sslmode": "require", "sslcert": "/c"}
    assert dict(url.arguments) == {"sslmode": "require"}


def test_hosts():
    assert str(Host("db")) == "db"
    assert str(Host("::1", 5)) == "[::1]:5"
    assert Host("/tmp").is_socket
    assert not Host("db").is_socket
