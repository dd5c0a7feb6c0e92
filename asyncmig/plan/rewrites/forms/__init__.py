"""The safe form of each class of operations."""
