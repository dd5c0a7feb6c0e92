"""What a statement does, as typed values: one for each object, and for each action of ALTER TABLE."""
