"""The time limits of a comparison, and what is said where one of them ends it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.database.blockers import exclusive_holders
from asyncmig.database.server_errors import describe_blockers, sqlstate_of
from asyncmig.database.session_settings import milliseconds
from asyncmig.errors import ConnectionLostError, DatabaseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session

__all__ = ["ComparisonTimeouts", "explain_timeouts", "is_timeout"]

_LOCK = "55P03"
_SETTINGS = {_LOCK: "lock_timeout", "57014": "statement_timeout"}
_VALUE = "SELECT pg_catalog.current_setting($1) AS value"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonTimeouts:
    """Seconds that a comparison may wait for a lock, and a statement of it take.

    0 is no limit, None leaves the server's.
    """

    lock_timeout: float | None = None
    statement_timeout: float | None = None

    @classmethod
    def of(cls, settings: Settings) -> ComparisonTimeouts:
        """Those of a run."""
        return cls(lock_timeout=settings.lock_timeout, statement_timeout=settings.statement_timeout)

    @property
    def sql(self) -> str:
        """What sets them for a transaction; it begins with a semicolon, or is empty."""
        given = {
            "lock_timeout": self.lock_timeout,
            "statement_timeout": self.statement_timeout,
        }
        return "".join(
            f"; SET LOCAL {name} = {milliseconds(value)}"
            for name, value in given.items()
            if value is not None
        )

    async def exceeded(self, session: Session, name: str) -> str:
        """The limit in words: ``200ms``. Asked when the transaction that set it is over."""
        value = self.lock_timeout if name == "lock_timeout" else self.statement_timeout
        if value is not None and not session.caller_transaction:
            return f"{value:g} s"
        return str((await session.fetch(_VALUE, name))[0]["value"])


def is_timeout(error: BaseException) -> bool:
    """True for what the server stopped because it took too long, or because somebody asked for it."""
    return sqlstate_of(error) in _SETTINGS


@asynccontextmanager
async def explain_timeouts(
    session: Session, limits: ComparisonTimeouts, where: str = ""
) -> AsyncIterator[None]:
    """Say of what ran into a limit what it waited for, and which setting it was.

    Args:
        session: in a transaction that is over when an error comes here.
        limits: of that transaction.
        where: it is another database: `` in scratch``.

    Raises:
        DatabaseError: a limit was reached; its facts have ``setting``, ``sqlstate`` and ``blockers``.
    """
    try:
        yield
    except (asyncpg.PostgresError, DatabaseError) as error:
        state = sqlstate_of(error)
        if state not in _SETTINGS or getattr(error, "setting", None) or session.closed:
            raise
        try:
            told = await _told(session, limits, state, _doing(error) + where)
        except (asyncpg.PostgresError, ConnectionLostError):
            told = None  # nobody can be asked; the server's own words have to do
        if told is None:
            raise
        raise told from error


def _doing(error: BaseException) -> str:
    subject, part = getattr(error, "subject", None), getattr(error, "part", None)
    if subject is None:
        return "while it read the catalogs"
    return f"while it built {subject}, {part}" if part else f"while it built {subject}"


async def _told(
    session: Session, limits: ComparisonTimeouts, state: str, doing: str
) -> DatabaseError | None:
    setting = _SETTINGS[state]
    limit = await limits.exceeded(session, setting)
    facts = {"setting": setting, "sqlstate": state}
    if state != _LOCK:
        if limit == "0":
            return DatabaseError(
                f"the comparison was cancelled {doing}", hint="run it again", **facts
            )
        return DatabaseError(
            f"a statement of the comparison took longer than statement_timeout ({limit}), or was "
            f"cancelled, {doing}",
            hint="raise the setting statement_timeout: it goes before the limit of the role or "
            "database, and 0 is no limit",
            **facts,
        )
    blockers = await exclusive_holders(session)
    held = f"; ACCESS EXCLUSIVE locks have {describe_blockers(blockers)}" if blockers else ""
    return DatabaseError(
        f"the comparison waited longer than lock_timeout ({limit}) for a lock {doing}{held}",
        hint="let that session finish or end it, or raise the setting lock_timeout; 0 waits as long as "
        "it takes",
        blockers=[str(blocker) for blocker in blockers],
        **facts,
    )
