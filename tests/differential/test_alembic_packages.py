"""The histories inside published packages, through Alembic with psycopg2 and through asyncmig.

Opt-in: ``ASYNCMIG_TEST_DEPTH=quick,packages=all`` downloads their wheels with pip (about 150 MB), or
``packages=argilla-server+dstack`` those named. Scripts that import their own package need it,
and what it imports, in this environment: mlflow and ``dstack[server]`` do.
"""

import anyio.to_thread
import pytest

from benchmarks.histories import HISTORIES, prepare, rows, run, unpack
from fix_database import catalog_dump
from support.depth import depth

CHOSEN = depth().chosen_packages(sorted(HISTORIES))


def there_and_back(package, folder, theirs, ours):
    """Both tools from base to head and back to base; asserts that they do the same."""
    ini = unpack(package, folder)
    for tool, url in (("psycopg2", theirs), ("asyncmig", ours)):
        prepare(HISTORIES[package], url)
        assert run(tool, ini, url, "upgrade", "heads").error is None
    assert catalog_dump(ours) == catalog_dump(theirs)

    ends = [run(tool, ini, url, "downgrade", "base").error is None
            for tool, url in (("psycopg2", theirs), ("asyncmig", ours))]  # fmt: skip
    assert ends[0] == ends[1]
    assert rows(ours) == rows(theirs)
    assert catalog_dump(ours) == catalog_dump(theirs)


if CHOSEN:

    @pytest.mark.slow
    @pytest.mark.timeout(900)
    @pytest.mark.parametrize("package", CHOSEN)
    async def test_a_package_s_history(package, tmp_path, make_database):
        await anyio.to_thread.run_sync(
            there_and_back, package, tmp_path, make_database(), make_database()
        )
