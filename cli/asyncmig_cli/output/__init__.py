"""The two output streams, and the formats written to them."""
