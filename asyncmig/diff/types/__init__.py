"""Differences of schemas, enum types, domains and sequences."""
