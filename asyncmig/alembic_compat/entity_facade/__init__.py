"""What ``import alembic_utils`` gives to a script, where that package is not installed.

Entities with the names, modules, arguments and SQL of alembic-utils. Their autogenerate is asyncmig's.
"""
