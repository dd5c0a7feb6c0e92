"""The JSON side: one document a call, on standard output."""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import PurePath

from asyncmig_cli.console import Stream

__all__ = ["write_document"]


def write_document(stream: Stream, document: Mapping[str, object]) -> None:
    """Write ``document`` as the only thing on ``stream``."""
    text = json.dumps(document, indent=2, ensure_ascii=not stream.unicode, default=_plain)
    stream.write(f"{text}\n")


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
