"""Connections, locks, settings and server errors: PostgreSQL in general."""
