"""What a plan does to a busy database: locks, rewrites and scans, predicted before it runs."""
