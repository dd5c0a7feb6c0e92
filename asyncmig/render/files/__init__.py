"""Creating and writing revision files."""
