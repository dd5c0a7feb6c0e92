"""Each parameter of libpq is honoured, asks for nothing, or is refused by name."""

from __future__ import annotations

import pytest

from asyncmig.config.connection.connect_arguments import (
    connect_arguments,
    resolve_url,
    resolved_url,
)
from asyncmig.config.connection.libpq import PARAMETERS
from asyncmig.config.connection.url import parse_url
from asyncmig.config.settings import Settings
from asyncmig.errors import UrlError

REFUSED = [row for row in PARAMETERS if row.harmless is not None and "*" not in row.harmless]
STRICT = {
    "require_auth": "scram-sha-256",
    "channel_binding": "require",
    "gssencmode": "require",
    "replication": "database",
    "sslcertmode": "require",
    "sslsni": "0",
    "min_protocol_version": "3.2",
    "max_protocol_version": "3.1",
    "gssdelegation": "1",
}


def test_no_parameter_twice():
    names = [row.name for row in PARAMETERS]
    variables = [row.variable for row in PARAMETERS if row.variable]
    assert len(set(names)) == len(names)
    assert len(set(variables)) == len(variables)


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name)
@pytest.mark.parametrize("by", ["url", "service", "environment"])
def test_what_cannot_be_honoured_is_refused_by_name(row, by, tmp_path):
    value = STRICT.get(row.name, "something")
    environ = {"PGSERVICEFILE": str(tmp_path / "services")}
    text = "postgresql://db"
    if by == "url":
        text += f"?{row.name}={value}"
    elif by == "service":
        (tmp_path / "services").write_text(f"[s]\n{row.name}={value}\n")
        environ["PGSERVICE"] = "s"
    elif row.variable:
        environ[row.variable] = value
    else:
        return
    with pytest.raises(UrlError, match=f"asks for {row.name}") as caught:
        resolve_url(parse_url(text), environ=environ)
    assert caught.value.hint.startswith("remove it")


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name)
def test_values_that_ask_for_nothing(row):
    for value in row.harmless - {""}:
        url = parse_url(f"postgresql://db?{row.name}={value}")
        assert url.to_asyncpg() == {"host": "db"}
        assert url.ignored == (row.name,)


@pytest.mark.parametrize("name", ["scram_client_key", "oauth_client_secret"])
def test_a_secret_is_not_repeated(name):
    with pytest.raises(UrlError) as caught:
        parse_url(f"postgresql://db?{name}=hunter2")
    assert "hunter2" not in str(caught.value)


def test_host_and_address():
    with pytest.raises(UrlError, match="has host and hostaddr"):
        parse_url("postgresql://db/app?hostaddr=10.0.0.1")
    with pytest.raises(UrlError, match=r"PGHOSTADDR is 10\.0\.0\.1"):
        resolve_url(parse_url("postgresql://db"), environ={"PGHOSTADDR": "10.0.0.1"})
    url = resolve_url(parse_url("postgresql:///app"), environ={"PGHOSTADDR": "10.0.0.1"})
    assert url.to_asyncpg() == {"host": "10.0.0.1", "database": "app"}


def test_requiressl():
    assert parse_url("postgresql://db?requiressl=1").to_asyncpg()["ssl"] == "require"
    assert parse_url("postgresql://db?requiressl=0").to_asyncpg() == {"host": "db"}
    both = parse_url("postgresql://db?requiressl=1&sslmode=verify-full")
    assert both.to_asyncpg()["ssl"] == "verify-full"


def test_layers(tmp_path):
    """The URL goes before the service, the service before the environment."""
    (tmp_path / "services").write_text(
        "[s]\nhost=service\nuser=service\nport=7\nsslmode=require\napplication_name=service\n"
    )
    environ = {
        "PGSERVICEFILE": str(tmp_path / "services"),
        "PGHOST": "environment",
        "PGPORT": "8",
        "PGUSER": "environment",
        "PGPASSWORD": "environment",
        "PGDATABASE": "environment",
        "PGSSLMODE": "disable",
        "PGAPPNAME": "environment",
        "PGTZ": "UTC",
        "PGCONNECT_TIMEOUT": "3",
    }
    text = "postgresql://url@/?service=s"
    assert resolve_url(parse_url(text), environ=environ).to_asyncpg() == {
        "host": "service",
        "port": 7,
        "user": "url",
        "password": "environment",
        "database": "environment",
        "ssl": "require",
        "timeout": 3.0,
        "server_settings": {"application_name": "service", "TimeZone": "UTC"},
    }
    assert resolve_url(parse_url("postgresql://db"), environ=environ).to_asyncpg() == {
        "host": "db",
        "port": 8,
        "user": "environment",
        "password": "environment",
        "database": "environment",
        "ssl": "disable",
        "timeout": 3.0,
        "server_settings": {"application_name": "environment", "TimeZone": "UTC"},
    }


def test_a_port_alone_takes_the_host_of_the_environment():
    url = resolve_url(parse_url("postgresql://:5433/app"), environ={"PGHOST": "db"})
    assert url.to_asyncpg() == {"host": "db", "port": 5433, "database": "app"}


def test_settings_go_before_the_environment():
    environ = {"PGAPPNAME": "environment", "PGCONNECT_TIMEOUT": "3"}
    settings = Settings(url="postgresql://db", application_name="mine", connect_timeout=4.0)
    found = connect_arguments(settings, resolved_url(settings, environ))
    assert (found["timeout"], found["server_settings"]) == (4.0, {"application_name": "mine"})
    settings = Settings(url="postgresql://db")
    found = connect_arguments(settings, resolved_url(settings, environ))
    assert (found["timeout"], found["server_settings"]) == (
        3.0,
        {"application_name": "environment"},
    )


def test_hosts_are_shuffled():
    settings = Settings(url="postgresql://a,b,c/app?load_balance_hosts=random")
    orders = {tuple(connect_arguments(settings)["host"]) for _ in range(200)}
    assert len(orders) == 6
    with pytest.raises(UrlError, match="load_balance_hosts"):
        parse_url("postgresql://a,b?load_balance_hosts=always")


def test_options_of_the_socket():
    url = parse_url("postgresql://db?keepalives_idle=5&keepalives=1&tcp_user_timeout=0")
    assert url.socket_options() == {"keepalives_idle": 5, "keepalives": 1, "tcp_user_timeout": 0}
    assert url.to_asyncpg() == {"host": "db"}
    with pytest.raises(UrlError, match="keepalives_idle"):
        parse_url("postgresql://db?keepalives_idle=soon")
