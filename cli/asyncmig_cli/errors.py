"""Errors of the command line itself; those of the library are in ``asyncmig.errors``."""

__all__ = ["InterruptedRunError", "UsageError"]


class UsageError(Exception):
    """Arguments or options are wrong or do not go together.

    Args:
        message: what is wrong, one line, lower case.
        hint: what to write instead.
    """

    id = "E0900"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class InterruptedRunError(Exception):
    """A signal ended the run; PostgreSQL rolled back what was not committed.

    Args:
        signal: the number of the signal.
        cause: the error that the cancelled work raised.
        hint: what is left behind, where the caller knows more than the default text says.
    """

    id = "E0901"

    def __init__(
        self, signal: int, cause: BaseException | None = None, *, hint: str | None = None
    ) -> None:
        super().__init__(f"interrupted by {'SIGTERM' if signal == 15 else 'SIGINT'}")
        self.signal = signal
        self.code = 128 + signal
        self.cause = cause
        self.hint = hint
