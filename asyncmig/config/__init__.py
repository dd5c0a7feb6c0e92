"""Settings from TOML, ini and the environment, as one frozen value."""
