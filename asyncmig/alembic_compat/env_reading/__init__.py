"""Reading an env.py without running migrations: what it configures, for adopt and for graph commands."""
