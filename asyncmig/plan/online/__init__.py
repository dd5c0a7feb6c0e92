"""Column changes online: from a directive and what the catalogs say to phases."""
