"""Models built in scratch schemas, so that PostgreSQL prints their catalog."""
