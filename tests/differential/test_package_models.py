"""Published packages: what a comparison with their models reports is what pg_dump shows.

Opt-in, ``make test-packages``: ``ASYNCMIG_TEST_DEPTH=quick,packages=all`` installs all of
``packaged_models`` in environments of their own (gigabytes), ``packages=argilla-server+dstack`` those named.
The figures are those of docs/autogenerate.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support.depth import depth
from support.dump_proof import prove
from support.packaged_models import CORRECTIONS, MLFLOW, PACKAGES, PackagedService, PackageError
from support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from fix_database import MakeDatabase
    from support.dump_proof import Proven
    from support.packaged_models import Packaged

PAGE = ROOT / "docs" / "autogenerate.md"
NAMES = depth().chosen_packages(sorted({package.name for package in PACKAGES}))
CHOSEN = [package for package in PACKAGES if package.name in NAMES]


def row(package: Packaged, tables: int, proven: Proven) -> str:
    """The package's line in the documentation."""
    cells = (package, tables, 0, len(proven.differences), len(proven.around))
    return "| " + " | ".join(map(str, cells)) + " |"


if any(package.name == "mlflow" for package in CHOSEN):

    @pytest.mark.slow
    @pytest.mark.timeout(900)
    async def test_models_that_postgresql_refuses(tmp_path: Path, database_url: str) -> None:
        package = next(package for package in PACKAGES if package.models == MLFLOW + CORRECTIONS)
        service = PackagedService(replace(package, models=MLFLOW), tmp_path)
        with pytest.raises(PackageError, match="ProgrammingError"):
            await service.create_all(database_url)
        await service.migrate(database_url)
        with pytest.raises(PackageError) as info:
            await service.check(database_url)
        assert "PostgreSQL rejects the models: table trace_tags, index" in str(info.value)
        assert "index_trace_tags_request_id" in str(info.value)


if CHOSEN:

    @pytest.mark.slow
    @pytest.mark.timeout(1800)
    @pytest.mark.parametrize("package", CHOSEN, ids=str)
    async def test_package(package: Packaged, tmp_path: Path, make_database: MakeDatabase) -> None:
        service = PackagedService(package, tmp_path)
        created, migrated = make_database(), make_database()
        tables = await service.create_all(created)
        await service.command(created, "stamp", "heads")
        await service.migrate(migrated)
        proven = await prove(
            service, created=created, migrated=migrated, make_database=make_database
        )
        for difference in (*proven.differences, *proven.around):
            print(difference)
        for fact in proven.beside:
            print("beside the models:", fact)
        assert row(package, tables, proven) in PAGE.read_text().splitlines()
