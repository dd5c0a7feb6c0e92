"""Running scripts: which of their phases are queued or open, and the connections that they read from."""
