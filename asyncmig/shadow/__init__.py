"""The shadow: models are built in scratch schemas, so that PostgreSQL prints their catalog."""
