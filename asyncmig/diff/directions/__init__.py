"""The operations of upgrade and of downgrade."""
