"""The version table and the journal: what has been applied."""
