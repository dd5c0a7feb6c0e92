"""Durations, as numbers of seconds or in PostgreSQL's notation."""

from __future__ import annotations

import math
import re

__all__ = ["parse_duration"]

_WRITTEN = r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(us|ms|s|min|h|d)?\s*"
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(value: object) -> float:
    """A duration in seconds.

    Args:
        value: a number of seconds, or text such as ``"5s"``, ``"200ms"``, ``"1min"``, with the
            units of PostgreSQL's settings: us, ms, s, min, h, d. Text without a unit is seconds.

    Raises:
        ValueError: it is neither, or negative.

    Example:
        >>> parse_duration("1min"), parse_duration(0.5)
        (60.0, 0.5)
    """
    if isinstance(value, str):
        match = re.fullmatch(_WRITTEN, value)
        if match is None:
            raise ValueError(value)
        # Rounded to PostgreSQL's finest unit: 200 * 1e-3 is not 0.2.
        return round(float(match[1]) * _SECONDS[match[2] or "s"], 6)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)  # noqa: TRY004  # one error for all that is not a duration
    if value < 0 or not math.isfinite(value):
        raise ValueError(value)
    return float(value)
