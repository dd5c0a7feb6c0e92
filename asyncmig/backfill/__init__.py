"""Backfills: changes of many rows in batches, by one worker or several, continued where they stopped."""
