"""Rules that read a plan, and findings: what a plan would do to a busy database. Pure."""
