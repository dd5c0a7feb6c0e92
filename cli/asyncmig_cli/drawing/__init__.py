"""Text pictures, without colour or terminal: pure functions from values to lines."""
