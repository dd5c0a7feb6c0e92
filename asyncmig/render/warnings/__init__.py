"""Comments in generated scripts that warn a reviewer."""
