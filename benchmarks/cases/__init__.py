"""The work that is measured, one kind a file."""
