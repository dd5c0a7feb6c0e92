"""Which settings of the session a statement changes."""

from __future__ import annotations

import pytest

from asyncmig.sql.changed_settings import changed_settings


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SET search_path TO app, public", {"search_path"}),
        ("set session Lock_Timeout = '1s'", {"lock_timeout"}),
        ("SET my . level = 1", {"my.level"}),
        ('SET "search_path" = app', {"search_path"}),
        ("SET TIME ZONE 'UTC'", {"timezone"}),
        ("SET NAMES 'UTF8'", {"client_encoding"}),
        ("SET SCHEMA 'app'", {"search_path"}),
        ("/* as */ SET ROLE app", {"role"}),
        ("RESET ROLE", {"role"}),
        ("SET SESSION AUTHORIZATION app", {"session_authorization"}),
        ("RESET SESSION AUTHORIZATION", {"session_authorization"}),
        ("RESET search_path", {"search_path"}),
        ("RESET ALL", {"all"}),
        (
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            {
                "default_transaction_isolation",
                "default_transaction_read_only",
                "default_transaction_deferrable",
            },
        ),
        ("SELECT pg_catalog.set_config('search_path', '', false)", {"search_path"}),
        ("SELECT set_config('a.b', '1', true), SET_CONFIG('c.d', '2', false)", {"a.b", "c.d"}),
        ("SET LOCAL search_path TO app", set()),
        ("SET TRANSACTION READ ONLY", set()),
        ("SET transaction_isolation TO 'serializable'", set()),
        ("SET CONSTRAINTS ALL DEFERRED", set()),
        ("UPDATE t SET a = 1", set()),
        ("ALTER TABLE t SET (fillfactor = 70)", set()),
        ("SELECT 'set_config(''a'', '''', false)'", set()),
        ("SET", set()),
        ("SET 'work_mem' = 1", set()),
        ("", set()),
    ],
)
def test_changed_settings(sql, names):
    assert changed_settings(sql) == names


def test_a_setting_with_several_dots():
    assert changed_settings("SET SESSION a.b.c.d = 1") == {"a.b.c.d"}
    assert changed_settings("RESET a.b.c") == {"a.b.c"}
