"""Backfills as text: the definition of one, and its statement in a SQL revision."""
