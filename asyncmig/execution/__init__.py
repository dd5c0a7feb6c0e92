"""Running a plan: transactions, messages, retries, resume."""
