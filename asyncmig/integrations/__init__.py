"""asyncmig in services and workers."""
