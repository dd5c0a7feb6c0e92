"""Executing a project's ``env.py``: a thread for the file, engines for it, and its connection for the runner.

See ``docs/env-execution.md`` for the shape and the reasons.
"""
