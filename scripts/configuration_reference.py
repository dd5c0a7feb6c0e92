"""Brings the tables of keys in docs/configuration.md up to date."""

from pathlib import Path

from asyncmig.config.reference import with_reference

DOCUMENT = Path(__file__).parent.parent / "docs" / "configuration.md"

if __name__ == "__main__":
    DOCUMENT.write_text(with_reference(DOCUMENT.read_text("utf-8")), "utf-8")
