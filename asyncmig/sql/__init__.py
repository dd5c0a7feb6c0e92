"""SQL text: splitting a script into statements, and knowing what cannot run in a transaction."""
