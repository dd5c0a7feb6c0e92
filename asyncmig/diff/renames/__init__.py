"""Renames: candidates, requests, and a catalog after a rename."""
