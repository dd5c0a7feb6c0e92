"""One call of the command: its arguments, its event loop, and how it ends."""
