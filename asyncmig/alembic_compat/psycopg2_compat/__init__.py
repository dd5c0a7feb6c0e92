"""A SQLAlchemy connection over asyncpg that takes what psycopg2 takes, for scripts written for that.

Values become literals in the text, so that the server infers their types from their places, as it does
for psycopg2. Statements without rows travel as simple queries, several in one text where a script
writes them so. Rows are read to their end at once, so that DDL may follow an open result.
"""
