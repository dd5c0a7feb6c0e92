"""The timeouts of a comparison, and the errors when one of them is exceeded."""

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
    """Seconds that a comparison waits for a lock, and that one of its statements may take.

    0 means no timeout, None the setting of the server.
    """

    lock_timeout: float | None = None
    statement_timeout: float | None = None

    @classmethod
    def of(cls, settings: Settings) -> ComparisonTimeouts:
        """The timeouts of the settings."""
        return cls(lock_timeout=settings.lock_timeout, statement_timeout=settings.statement_timeout)

    @property
    def sql(self) -> str:
        """SQL that sets them for a transaction; begins with a semicolon, or is empty."""
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
        """The value as text: ``200ms``; called after the transaction that set it has ended."""
        value = self.lock_timeout if name == "lock_timeout" else self.statement_timeout
        if value is not None and not session.caller_transaction:
            return f"{value:g} s"
        return str((await session.fetch(_VALUE, name))[0]["value"])


def is_timeout(error: BaseException) -> bool:
    """True if the server cancelled a statement because of a timeout, or because of a cancel request."""
    return sqlstate_of(error) in _SETTINGS


@asynccontextmanager
async def explain_timeouts(
    session: Session, limits: ComparisonTimeouts, where: str = ""
) -> AsyncIterator[None]:
    """Turn the error of an exceeded timeout into one that names the setting and the object.

    Args:
        session: a session in a transaction, which has ended when an error arrives here.
        limits: the timeouts of that transaction.
        where: `` in scratch`` for another database.

    Raises:
        DatabaseError: a timeout is exceeded. Facts: ``setting``, ``sqlstate`` and ``blockers``.
    """
    try:
        yield
    except (asyncpg.PostgresError, DatabaseError) as error:
        state = sqlstate_of(error)
        if state not in _SETTINGS or getattr(error, "setting", None) or session.closed:
            raise
        try:
            described = await _describe(session, limits, state, _activity(error) + where)
        except (asyncpg.PostgresError, ConnectionLostError):
            described = None  # the connection is lost: raise the original error
        if described is None:
            raise
        raise described from error


def _activity(error: BaseException) -> str:
    subject, part = getattr(error, "subject", None), getattr(error, "part", None)
    if subject is None:
        return "while reading the catalogs"
    return f"while building {subject}, {part}" if part else f"while building {subject}"


async def _describe(
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
            hint="raise the setting statement_timeout, which overrides that of the role or "
            "database; 0 disables it",
            **facts,
        )
    blockers = await exclusive_holders(session)
    held = f"; ACCESS EXCLUSIVE locks: {describe_blockers(blockers)}" if blockers else ""
    return DatabaseError(
        f"the comparison waited longer than lock_timeout ({limit}) for a lock {doing}{held}",
        hint="let that session finish or end it, or raise the setting lock_timeout; 0 waits forever",
        blockers=[str(blocker) for blocker in blockers],
        **facts,
    )
