"""What a database is: frozen values, read with a few set-based queries."""
