"""``op``: its directives, the operations that they make, and the context of a script."""
