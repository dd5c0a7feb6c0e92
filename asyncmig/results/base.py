"""``Result``, the root of all results."""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = ["Result"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The root of all results."""

    def to_dict(self) -> dict[str, object]:
        """The result as plain data, ready for JSON."""
        return asdict(self)
