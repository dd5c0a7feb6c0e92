"""Backfills as text."""
