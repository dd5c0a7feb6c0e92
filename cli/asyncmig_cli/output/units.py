"""Durations and counts as text."""

__all__ = ["count", "duration"]


def duration(seconds: float | None) -> str:
    """``seconds`` in the unit that fits: ``4 ms``, ``1.25 s``, ``3 m 20 s``, ``2 h 05 m``."""
    if seconds is None:
        return ""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.995:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} m"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 revision``, ``2 revisions``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
