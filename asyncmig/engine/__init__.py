"""The way to PostgreSQL: connections, the runner's lock, version table, journal, executor."""
