"""One batch: its rows, its size, its statement."""
