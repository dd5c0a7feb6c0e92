"""How each kind of entity is created, dropped and changed: one file a kind."""
