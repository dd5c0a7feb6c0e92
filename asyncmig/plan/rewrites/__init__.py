"""Safe rewrites: phases that do the work of a directive without a strong lock during a scan."""
