"""The keys of configuration files, by subject."""
