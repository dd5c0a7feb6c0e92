"""What is known of the tables before a statement runs: from earlier revisions, or from a database."""
