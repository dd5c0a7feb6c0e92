"""JSON: one document for each call, on standard output."""

from collections.abc import Mapping

from asyncmig_cli.output.console import Stream

__all__ = ["write_document"]


def write_document(stream: Stream, document: Mapping[str, object]) -> None:
    """Write ``document`` to ``stream``."""
    import json  # not at the top: most calls write no document

    text = json.dumps(document, indent=2, ensure_ascii=not stream.unicode, default=_plain)
    stream.write(f"{text}\n")


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
