"""New projects: ``asyncmig init``."""
