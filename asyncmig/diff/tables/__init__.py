"""Differences of tables, columns, constraints and indexes."""
