"""docs/alembic.md says of everything in the installed Alembic where it is in asyncmig."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from support.paths import ROOT

SCRIPT = ROOT / "scripts" / "alembic_table.py"


@pytest.fixture(scope="module")
def table():
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("alembic_table", SCRIPT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_of_alembic_is_forgotten(table) -> None:
    assert [row for row in table.rows() if row.place is None] == []
    assert table.stale() == []


def test_the_list_is_read_from_alembic(table) -> None:
    kinds = Counter(row.kind for row in table.rows())
    names = {(row.kind, row.name) for row in table.rows()}
    assert kinds["command"] >= 15
    assert kinds["option"] >= 35
    assert kinds["op"] >= 25
    assert kinds["configure"] >= 25
    assert kinds["key"] >= 20
    assert {
        ("option", "stamp --purge"),
        ("op", "create_exclude_constraint"),
        ("batch", "create_exclude_constraint"),
        ("configure", "transaction_per_migration"),
        ("key", "sqlalchemy.url"),
        ("key", "recursive_version_locations"),
    } <= names


def test_what_is_missing_is_told(table, monkeypatch, capsys) -> None:
    monkeypatch.setitem(table.PLACES, "configure", {})
    assert table.main() == 1
    assert "configure dialect_opts" in capsys.readouterr().err


def test_the_page_is_up_to_date() -> None:
    subprocess.run([sys.executable, str(SCRIPT), "--check"], check=True, timeout=60)
