"""Base classes of operations and directives, and SQLAlchemy schema objects for them."""
