"""``deploy``: a backup, the run, and checks before and after it."""
