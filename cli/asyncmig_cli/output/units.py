"""Durations and counts as text."""

__all__ = ["count", "duration", "large_count", "size"]


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


def large_count(number: int) -> str:
    """``950``, ``12 K``, ``3.4 M``, ``1.2 G``: two digits are enough for an estimate."""
    return _scaled(number, 1000, ("", "K", "M", "G"))


def size(number: int) -> str:
    """``8 kB``, ``12 MB``, ``3.1 GB``, in units of 1024 as PostgreSQL writes them."""
    return _scaled(number, 1024, ("bytes", "kB", "MB", "GB", "TB"))


def _scaled(number: int, base: int, units: tuple[str, ...]) -> str:
    scaled, unit = float(number), 0
    while scaled >= base and unit < len(units) - 1:
        scaled /= base
        unit += 1
    text = f"{scaled:.1f}".removesuffix(".0") if unit and scaled < 10 else f"{scaled:.0f}"
    return f"{text} {units[unit]}".rstrip()
