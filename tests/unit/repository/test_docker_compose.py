"""docker-compose.yml: what it promises, without an engine."""

from __future__ import annotations

import tomllib

import pytest
import yaml

from asyncmig.config.connection.url import parse_url
from support.paths import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
SERVERS = {name: service for name, service in SERVICES.items() if "postgres:" in service["image"]}


def test_a_server_for_every_supported_version_apart_from_the_example():
    versions = {
        name for name, service in SERVERS.items() if service.get("profiles") == ["versions"]
    }
    assert versions == {f"postgres{major}" for major in range(14, 19)}
    for name in versions:
        assert SERVICES[name]["image"].startswith(f"postgres:{name.removeprefix('postgres')}")
    assert set(SERVICES) - versions == {"postgres", "migrate", "service"}


@pytest.mark.parametrize("name", SERVERS)
def test_servers_say_when_they_are_ready_and_hold_their_data_where_they_are_told(name):
    server = SERVERS[name]
    assert "--host=127.0.0.1" in server["healthcheck"]["test"]
    mounts = [mount.split(":")[-1] for mount in server.get("volumes", server.get("tmpfs"))]
    assert any(server["environment"]["PGDATA"].startswith(f"{mount}/") for mount in mounts)


def test_only_the_own_machine_reaches_what_is_published():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 6
    assert len({port.split(":")[1] for port in published}) == 6
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_service_waits_for_a_migration_that_waits_for_the_server():
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["migrate"]["command"] == ["asyncmig", "upgrade"]
    assert "restart" not in SERVICES["migrate"]
    assert SERVICES["service"]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"}
    }


def test_both_reach_the_database_that_the_server_makes():
    made = SERVICES["postgres"]["environment"]
    for name in ("migrate", "service"):
        url = parse_url(SERVICES[name]["environment"]["DATABASE_URL"])
        assert [host.name for host in url.hosts] == ["postgres"]
        assert url.password == made["POSTGRES_PASSWORD"]
        assert url.database == made["POSTGRES_DB"]


def test_what_the_image_runs_and_copies_is_there():
    recipe = SERVICES["service"]["build"]["dockerfile_inline"]
    folder = ROOT / recipe.split("WORKDIR /src/")[1].split()[0]
    factory = next(part for part in SERVICES["service"]["command"] if ":" in part)
    module, function = factory.split(":")
    source = (folder / (module.replace(".", "/") + ".py")).read_text()
    assert f"def {function}(" in source
    assert "asyncmig" in tomllib.loads((folder / "pyproject.toml").read_text())["tool"]
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"]
    assert {"asyncmig", "cli", "examples", "pyproject.toml", "constraints.txt"} <= set(kept)
    assert all((ROOT / path).exists() for path in kept)


def test_migrations_of_the_service_are_left_to_the_job():
    assert SERVICES["service"]["environment"]["BOXOFFICE_MIGRATIONS"] == "check"
