"""Templates of revision files."""
