"""Passes that remove from a comparison what must not differ."""
