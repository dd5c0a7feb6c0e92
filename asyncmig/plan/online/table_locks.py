"""Locks on several tables at once, for which no transaction of the application is cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.quoting import text_array

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["lock_tables"]

_LOCK = """\
DO $asyncmig$
DECLARE
    allowed text := pg_catalog.current_setting('lock_timeout');
    attempt int := 1;
    name text;
BEGIN
    PERFORM pg_catalog.set_config('lock_timeout', (setting::int + 500)::text, true)
    FROM pg_catalog.pg_settings AS s WHERE s.name = 'deadlock_timeout';
    BEGIN
        FOREACH name IN ARRAY {tables} LOOP
            IF pg_catalog.has_table_privilege(name, 'UPDATE, DELETE, TRUNCATE') THEN
                EXECUTE 'LOCK TABLE ' || name || ' IN SHARE UPDATE EXCLUSIVE MODE';
            END IF;
        END LOOP;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        NULL;
    END;
    PERFORM pg_catalog.set_config('lock_timeout', '100ms', true);
    LOOP
        BEGIN
            FOREACH name IN ARRAY {tables} LOOP
                IF pg_catalog.has_table_privilege(name, 'UPDATE, DELETE, TRUNCATE') THEN
                    EXECUTE 'LOCK TABLE ' || name || ' IN {mode} MODE';
                END IF;
            END LOOP;
            EXIT;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            IF attempt >= 40 THEN
                RAISE;
            END IF;
            attempt := attempt + 1;
        END;
        PERFORM pg_catalog.pg_sleep(0.02 + 0.1 * pg_catalog.random());
    END LOOP;
    PERFORM pg_catalog.set_config('lock_timeout', allowed, true);
END
$asyncmig$"""


def lock_tables(tables: Iterable[str], mode: str) -> str:
    """A statement that locks all of the tables, or none.

    A transaction of the application may hold a lock on one of them and wait for another. The wait for each
    table is therefore shorter than ``deadlock_timeout``: when it is over, all locks are released (by the end
    of the subtransaction), and after a pause it is tried again. So the session that waits in a circle
    and gives up is always this one.

    PostgreSQL cancels an autovacuum of the table for a session that has waited for ``deadlock_timeout``,
    which those waits never reach. So each table is first locked against vacuums, which hinders neither reads
    nor writes, with a wait that is a little longer than that.

    Args:
        tables: names as SQL, those that are referred to first.
        mode: of the lock.
    """
    return _LOCK.format(tables=text_array(dict.fromkeys(tables)), mode=mode)
