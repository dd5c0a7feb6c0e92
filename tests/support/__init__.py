"""Modules that tests of several folders share, beside the fixtures in ``fix_*.py``."""
