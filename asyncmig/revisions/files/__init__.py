"""Revision files: listing, metadata without import, import, checksums."""
