"""The difference between two catalogs as operations: pure, and the same in both directions."""
