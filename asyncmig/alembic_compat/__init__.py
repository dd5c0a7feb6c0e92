"""Projects written for Alembic: their imports, their ``env.py``, their use of psycopg2.

- ``imports``: while a script is loaded or runs, ``import alembic`` gives the modules of ``facade``;
- ``env_script``: executes ``env.py``, with engines whose connections are asyncmig's;
- ``env_reading``: reads the configuration in ``env.py`` for commands that use no database;
- ``psycopg2_compat``: connections that accept what psycopg2 accepts.
"""
