"""How a run is shown while it works, driven by the library's events alone."""
