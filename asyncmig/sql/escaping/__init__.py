"""Characters of SQL that need an escape where it is written into a revision file."""
