"""Projects written for Alembic: their imports, their ``env.py``, their habits of the driver.

Three things make such a project run unchanged, each useful by itself:

- ``imports``: while a script is loaded or runs, ``alembic`` is the package ``facade``;
- ``env_file``: what an ``env.py`` configures becomes settings of ours;
- ``lenient``: a connection that takes what psycopg2 takes.
"""
