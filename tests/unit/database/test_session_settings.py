"""asyncmig.database.session_settings: what a script has changed is restored before the next one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from asyncmig.config.settings import Settings
from asyncmig.database.session_settings import restore_settings

OF_RUN = {
    "lock_timeout": "100",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "standard_conforming_strings": "on",
}
"""What a run sets with a lock timeout of 5 seconds and no statement timeout, before PostgreSQL 17."""


def set_config(name: str, value: str) -> str:
    return f"SELECT pg_catalog.set_config('{name}', '{value}', false)"


def restored(*changed: str, disposable: bool = True, version: int = 16, **settings) -> list[str]:
    session = SimpleNamespace(disposable=disposable, server_version=version)
    known = {"script_location": "migrations", "lock_timeout": 5.0, "statement_timeout": None}
    return restore_settings(session, Settings(**known | settings), frozenset(changed))


def test_nothing_was_changed() -> None:
    assert restored() == []


def test_a_setting_of_the_run_has_its_value_again() -> None:
    assert restored("lock_timeout") == [set_config("lock_timeout", "100")]
    assert restored("search_path", search_path="app, public") == [
        set_config("search_path", "app, public")
    ]


def test_another_setting_is_reset() -> None:
    assert restored("work_mem", "app.User") == ['RESET app."User"', "RESET work_mem"]
    assert restored("search_path") == ["RESET search_path"]


@pytest.mark.parametrize("changed", ["role", "session_authorization"])
def test_a_role_is_left(changed: str) -> None:
    assert restored(changed) == ["RESET SESSION AUTHORIZATION", "RESET ROLE"]
    assert restored(changed, role="Owner") == [
        "RESET SESSION AUTHORIZATION",
        "RESET ROLE",
        'SET ROLE "Owner"',
    ]


def test_the_role_that_logged_in_restores_before_the_role_of_the_run_is_set() -> None:
    assert restored("role", "work_mem", role="owner") == [
        "RESET SESSION AUTHORIZATION",
        "RESET ROLE",
        "RESET work_mem",
        "SET ROLE owner",
    ]


@pytest.mark.parametrize("version", [16, 17])
def test_after_reset_all_the_run_has_all_its_settings_again(version: int) -> None:
    wanted = OF_RUN | ({"transaction_timeout": "0"} if version >= 17 else {})
    assert restored("all", "work_mem", version=version, role="owner") == [
        "RESET SESSION AUTHORIZATION",
        "RESET ROLE",
        *(set_config(name, value) for name, value in sorted(wanted.items())),
        "SET ROLE owner",
    ]


def test_a_connection_that_was_handed_over_keeps_what_is_its_owners() -> None:
    assert restored("work_mem", disposable=False) == []
