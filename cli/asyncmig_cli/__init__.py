"""The command line of asyncmig: a thin typer application over ``asyncmig.Migrator``."""
