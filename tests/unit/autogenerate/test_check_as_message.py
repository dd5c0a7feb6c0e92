"""The test that the guide shows, run by pytest: its output has every difference."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from support.paths import ROOT

GUIDE = ROOT / "docs" / "autogenerate.md"
CONFTEST = """
import pytest
from asyncmig.results import CheckResult, Difference

class Migrator:
    async def check(self):
        return CheckResult(
            differences=tuple(
                Difference(change="add_column", object=f"users.column_{number}", after="TEXT")
                for number in range(40)
            )
        )

@pytest.fixture
def migrator():
    return Migrator()
"""


def test_pytest_shows_all_differences(tmp_path):
    found = re.search(
        r"```python\n(async def test_no_migration_is_missing.*?)```", GUIDE.read_text(), re.DOTALL
    )
    assert found is not None
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_models.py").write_text(found[1])
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "pytest_asyncio.plugin",
        "-o",
        "asyncio_mode=auto",
        "--rootdir",
        str(tmp_path),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    for number in range(40):
        assert f"+ add_column users.column_{number}: TEXT\n" in done.stdout
