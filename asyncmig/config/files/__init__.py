"""Configuration files: which count, their tables, interpolation and locations."""
