"""What every test may use. The fixtures live in ``fix_*.py``, one file a subject."""

pytest_plugins = ["fix_server", "fix_database", "fix_project"]
