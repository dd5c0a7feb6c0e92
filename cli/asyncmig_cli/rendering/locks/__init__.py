"""Locks as text: what a plan would take, and what phases took."""
