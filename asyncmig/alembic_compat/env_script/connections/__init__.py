"""Engines and connections of an env.py that is executed, on connections of asyncpg."""
