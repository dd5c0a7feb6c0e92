"""Catalog values as SQLAlchemy schema items, and rules about them."""
